/** Cross-entropy over a vocabulary, without ever writing a one-hot. */
import { axesEqual, elements, shapesEqual, shapeText } from '../graph/axis.ts'
import { apply, axisIndex, inCall, shapeProblem, type Tensor } from '../graph/tensor.ts'
import { where } from './binary.ts'
import { defineOp, expectDtype } from './define.ts'
import { unsqueeze } from './shape.ts'

type Attributes = { ignore: number; smoothing: number }

/** Labels with 0 where they are ignored, and which those are. */
const kept = (labels: Tensor, ignore: number) => {
  const valid = labels.equal(ignore).not()
  return { valid, safe: where(valid, labels, 0) }
}

/**
 * Per row of logits [n, v] and labels [n]: −ln softmax(logits)[label], 0 where the label is ignored; and the probabilities.
 * With smoothing ε the target is (1 − ε) at the label and ε/v everywhere (Szegedy et al. 2016, §7).
 * ln Σ eˣ is taken as max x − ln max p: the largest probability is never small, so nothing is lost.
 */
export const crossEntropyOp = defineOp<Attributes>({
  name: 'crossEntropy',
  body: ([logits, labels], { ignore, smoothing }) => {
    expectDtype(labels!, 'int32')
    if (logits!.rank !== 2 || labels!.rank !== 1 || !axesEqual(logits!.shape[0]!, labels!.shape[0]!))
      shapeProblem('expected logits [n, v] and labels [n]')
    const { valid, safe } = kept(labels!, ignore)
    const p = logits!.softmax()
    const logSumExp = logits!.max(-1).sub(p.max(-1).log())
    const atLabel = logits!.takeAlong(unsqueeze(safe, -1), -1).reshape(labels!.shape)
    const target = smoothing ? atLabel.mul(1 - smoothing).add(logits!.mean(-1).mul(smoothing)) : atLabel
    return [where(valid, logSumExp.sub(target), 0), p]
  },
  // ∂loss/∂logits = p − (1 − ε)·[label] − ε/v on the rows that count; ∂p is softmax's.
  vjp: ([dLoss, dP], [logits, labels], [, p], { ignore, smoothing }) => {
    const { valid, safe } = kept(labels!, ignore)
    const parts: Tensor[] = []
    if (dLoss) {
      const weight = unsqueeze(where(valid, dLoss, 0), -1)
      const spread = smoothing ? p!.sub(smoothing / (logits!.shape[1] as number)) : p!
      parts.push(spread.mul(weight).scatterAdd(unsqueeze(safe, -1), weight.mul(smoothing - 1), -1))
    }
    if (dP) {
      const weighted = dP.mul(p!)
      parts.push(weighted.sub(p!.mul(weighted.sum(-1, { keep: true }))))
    }
    return [parts.reduce((a, b) => a.add(b)), undefined]
  },
})

/**
 * Mean cross-entropy of logits […, v] against labels […] (int32) over the labels that are not `ignore`.
 * As in PyTorch it is NaN when every label is ignored.
 */
export const crossEntropy = (logits: Tensor, labels: Tensor, options: Partial<Attributes> = {}): Tensor =>
  inCall('crossEntropy', [logits, labels], () => {
    const { ignore = -100, smoothing = 0 } = options
    if (!shapesEqual(logits.shape.slice(0, -1), labels.shape))
      shapeProblem(`labels must have the shape ${shapeText(logits.shape.slice(0, -1))}`)
    const rows = elements(labels.shape)
    const flat = labels.reshape([rows])
    const classes = logits.shape[axisIndex(-1, logits.rank)]!
    const [losses] = apply(crossEntropyOp, [logits.reshape([rows, classes]), flat], { ignore, smoothing })
    return losses!.sum().div(flat.equal(ignore).not().cast(logits.dtype).sum())
  })

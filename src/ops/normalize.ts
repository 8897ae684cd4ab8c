/** Softmax, log-softmax, layer norm, RMS norm. */
import { axesEqual } from '../graph/axis.ts'
import { apply, apply1, axisIndex, shapeProblem, type Tensor } from '../graph/tensor.ts'
import { isFloat } from '../tensor/dtype.ts'
import { Value } from '../tensor/value.ts'
import { defineOp } from './define.ts'

/** Calls f with each lane of an axis and stores what it returns. */
function eachLane(x: Value, axis: number, f: (lane: Float64Array) => Float64Array): Value {
  const out = new Value(x.shape, x.dtype)
  const [length, stride] = [x.shape[axis]!, x.strides()[axis]!]
  const lane = new Float64Array(length)
  for (let p = 0; p < x.data.length; p++) {
    if (Math.floor(p / stride) % length !== 0) continue
    for (let i = 0; i < length; i++) lane[i] = x.data[p + i * stride]!
    const y = f(lane)
    for (let i = 0; i < length; i++) out.data[p + i * stride] = y[i]!
  }
  return out
}

const logSumExp = (lane: Float64Array): number => {
  const top = lane.reduce((a, b) => Math.max(a, b), -Infinity)
  return top + Math.log(lane.reduce((sum, v) => sum + Math.exp(v - top), 0))
}
const floats = (x: Tensor) => (isFloat(x.dtype) ? x : shapeProblem(`expected floats, got ${x.dtype}`))

/** e^x / Σ e^x along an axis. Derivative: p·(dy − Σ dy·p). */
export const softmaxOp = defineOp<{ axis: number }>({
  name: 'softmax',
  shape: ([x]) => floats(x!),
  vjp: ([dy], _, [p], { axis }) => {
    const weighted = dy!.mul(p!)
    return [weighted.sub(p!.mul(weighted.sum(axis, { keep: true })))]
  },
  evaluate: ([x], { axis }) =>
    eachLane(x!, axis, (lane) => {
      const total = logSumExp(lane)
      return lane.map((v) => Math.exp(v - total))
    }),
  onnx: (onnx, [x], { attributes: { axis } }) => onnx.node('Softmax', [x!], { axis }),
})
export const softmax = (x: Tensor, axis = -1): Tensor => apply1(softmaxOp, [x], { axis: axisIndex(axis, x.rank) })

/** x − ln Σ e^x along an axis. Derivative: dy − softmax(x)·Σ dy. */
export const logSoftmaxOp = defineOp<{ axis: number }>({
  name: 'logSoftmax',
  shape: ([x]) => floats(x!),
  vjp: ([dy], _, [y], { axis }) => [dy!.sub(y!.exp().mul(dy!.sum(axis, { keep: true })))],
  evaluate: ([x], { axis }) =>
    eachLane(x!, axis, (lane) => {
      const total = logSumExp(lane)
      return lane.map((v) => v - total)
    }),
  onnx: (onnx, [x], { attributes: { axis } }) => onnx.node('LogSoftmax', [x!], { axis }),
})
export const logSoftmax = (x: Tensor, axis = -1): Tensor => apply1(logSoftmaxOp, [x], { axis: axisIndex(axis, x.rank) })

/**
 * Layer normalization over the last axis (Ba et al. 2016): (x − mean)/√(variance + ε)·weight + bias.
 * Outputs the result, the mean and the inverse deviation; the derivative reuses the last two.
 */
export const layerNormOp = defineOp<{ epsilon: number }>({
  name: 'layerNorm',
  body: ([x, weight, bias], { epsilon }) => {
    for (const w of [weight!, bias!])
      if (w.rank !== 1 || !axesEqual(w.shape[0]!, x!.shape.at(-1)!))
        shapeProblem('weight and bias must be as wide as the last axis')
    const mean = x!.mean(-1, { keep: true })
    const centered = x!.sub(mean)
    const inverse = centered.mul(centered).mean(-1, { keep: true }).add(epsilon).sqrt().reciprocal()
    return [centered.mul(inverse).mul(weight!).add(bias!), mean, inverse]
  },
  // With x̂ = (x − mean)·inverse and g = dy·weight: dx = inverse·(g − mean(g) − x̂·mean(g·x̂)).
  // mean and inverse have derivatives of their own (second order): 1/n and −inverse²·x̂/n.
  vjp: ([dy, dMean, dInverse], [x, weight], [, mean, inverse]) => {
    const normalized = x!.sub(mean!).mul(inverse!)
    const width = x!.shape.at(-1) as number
    const second = [dMean?.div(width), dInverse?.mul(inverse!).mul(inverse!).neg().mul(normalized).div(width)].filter(
      (d) => d !== undefined,
    )
    if (!dy) return [second.reduce((a, b) => a.add(b)), undefined, undefined]
    const g = dy.mul(weight!)
    const projected = normalized.mul(g.mul(normalized).mean(-1, { keep: true }))
    const dx = g
      .sub(g.mean(-1, { keep: true }))
      .sub(projected)
      .mul(inverse!)
    return [second.reduce((a, b) => a.add(b), dx), dy.mul(normalized), dy]
  },
  onnx: (onnx, inputs, { attributes: { epsilon } }) =>
    onnx.nodes('LayerNormalization', inputs, 3, { axis: -1, epsilon: { float: epsilon } }),
})
export const layerNorm = (x: Tensor, weight: Tensor, bias: Tensor, epsilon = 1e-5): Tensor =>
  apply(layerNormOp, [x, weight, bias], { epsilon })[0]!

/** Root-mean-square normalization over the last axis (Zhang and Sennrich 2019): x/√(mean(x²) + ε)·weight. */
export const rmsNormOp = defineOp<{ epsilon: number }>({
  name: 'rmsNorm',
  body: ([x, weight], { epsilon }) =>
    x!.mul(x!.mul(x!).mean(-1, { keep: true }).add(epsilon).sqrt().reciprocal()).mul(weight!),
})
export const rmsNorm = (x: Tensor, weight: Tensor, epsilon = 1e-6): Tensor =>
  apply1(rmsNormOp, [x, weight], { epsilon })

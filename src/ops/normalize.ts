/** Softmax, log-softmax, layer norm, RMS norm. */
import { axesEqual, shapeText } from '../graph/axis.ts'
import { apply, apply1, axisIndex, inCall, shapeProblem, type Tensor } from '../graph/tensor.ts'
import { Value } from '../tensor/value.ts'
import { defineOp, floats, sameType } from './define.ts'
import { full } from './shape.ts'

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

/** A lane less its largest element, and the sum of its exponentials: apart, so that equal elements share evenly however large they are. */
function centered(lane: Float64Array): { lane: Float64Array; total: number } {
  const top = lane.reduce((a, b) => Math.max(a, b), -Infinity)
  const moved = lane.map((v) => v - top)
  return { lane: moved, total: moved.reduce((sum, v) => sum + Math.exp(v), 0) }
}

/** e^x / Σ e^x along an axis. Derivative: p·(dy − Σ dy·p). */
export const softmaxOp = defineOp<{ axis: number }>({
  name: 'softmax',
  shape: sameType(floats),
  vjp: ([dy], _, [p], { axis }) => {
    const weighted = dy!.mul(p!)
    return [weighted.sub(p!.mul(weighted.sum(axis, { keep: true })))]
  },
  evaluate: ([x], { axis }) =>
    eachLane(x!, axis, (values) => {
      const { lane, total } = centered(values)
      return lane.map((v) => Math.exp(v) / total)
    }),
  onnx: (onnx, [x], { attributes: { axis } }) => onnx.node('Softmax', [x!], { axis }),
})
export const softmax = (x: Tensor, axis = -1): Tensor => apply1(softmaxOp, [x], { axis: axisIndex(axis, x.rank) })

/** x − ln Σ e^x along an axis. Derivative: dy − softmax(x)·Σ dy. */
export const logSoftmaxOp = defineOp<{ axis: number }>({
  name: 'logSoftmax',
  shape: sameType(floats),
  vjp: ([dy], _, [y], { axis }) => [dy!.sub(y!.exp().mul(dy!.sum(axis, { keep: true })))],
  evaluate: ([x], { axis }) =>
    eachLane(x!, axis, (values) => {
      const { lane, total } = centered(values)
      return lane.map((v) => v - Math.log(total))
    }),
  onnx: (onnx, [x], { attributes: { axis } }) => onnx.node('LogSoftmax', [x!], { axis }),
})
export const logSoftmax = (x: Tensor, axis = -1): Tensor => apply1(logSoftmaxOp, [x], { axis: axisIndex(axis, x.rank) })

/** Throws unless each weight is a vector as long as the last axis. */
const expectWidth = (x: Tensor, ...weights: readonly Tensor[]) => {
  const width = x.shape[axisIndex(-1, x.rank)]!
  for (const { shape } of weights)
    if (shape.length !== 1 || !axesEqual(shape[0]!, width))
      shapeProblem(`axis -1 has ${width} elements, a weight has the shape ${shapeText(shape)}`)
}

/**
 * Layer normalization over the last axis (Ba et al. 2016): (x − mean)/√(variance + ε)·weight + bias.
 * Outputs the result, the mean and the inverse deviation; the derivative reuses the last two.
 */
export const layerNormOp = defineOp<{ epsilon: number }>({
  name: 'layerNorm',
  body: ([x, weight, bias], { epsilon }) => {
    expectWidth(x!, weight!, bias!)
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
/** Layer normalization; without a weight it is 1, without a bias 0. */
export const layerNorm = (x: Tensor, weight?: Tensor, bias?: Tensor, epsilon = 1e-5): Tensor =>
  inCall('layerNorm', [x], () => {
    const width = x.shape[axisIndex(-1, x.rank)]!
    const [w, b] = [weight ?? full([width], 1, x.dtype), bias ?? full([width], 0, x.dtype)]
    return apply(layerNormOp, [x, w, b], { epsilon })[0]!
  })

/**
 * Root-mean-square normalization over the last axis (Zhang and Sennrich 2019): x/√(mean(x²) + ε)·weight.
 * Outputs the result and the inverse root, which the derivative reuses.
 */
export const rmsNormOp = defineOp<{ epsilon: number }>({
  name: 'rmsNorm',
  body: ([x, weight], { epsilon }) => {
    expectWidth(x!, weight!)
    const inverse = x!.mul(x!).mean(-1, { keep: true }).add(epsilon).sqrt().reciprocal()
    return [x!.mul(inverse).mul(weight!), inverse]
  },
  // With x̂ = x·inverse and g = dy·weight: dx = inverse·(g − x̂·mean(g·x̂)). The inverse's own derivative is −inverse²·x̂/n.
  vjp: ([dy, dInverse], [x, weight], [, inverse]) => {
    const normalized = x!.mul(inverse!)
    const width = x!.shape.at(-1) as number
    const second = dInverse?.mul(inverse!).mul(inverse!).neg().mul(normalized).div(width)
    if (!dy) return [second, undefined]
    const g = dy.mul(weight!)
    const dx = g.sub(normalized.mul(g.mul(normalized).mean(-1, { keep: true }))).mul(inverse!)
    return [second ? dx.add(second) : dx, dy.mul(normalized)]
  },
  // ORT has it in the standard domain under this name, ahead of the standard's own RMSNormalization.
  onnx: (onnx, inputs, { attributes: { epsilon } }) => {
    if (!onnx.capabilities.contrib) return undefined
    return onnx.nodes('SimplifiedLayerNormalization', inputs, 2, { axis: -1, epsilon: { float: epsilon } })
  },
})
export const rmsNorm = (x: Tensor, weight: Tensor, epsilon = 1e-6): Tensor =>
  apply(rmsNormOp, [x, weight], { epsilon })[0]!

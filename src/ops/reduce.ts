/** Reductions along axes, and what runs along one axis: cumulative sums, top-k, argmax. */
import type { Axis, Shape } from '../graph/axis.ts'
import type { Op, TensorType } from '../graph/op.ts'
import { apply, apply1, axisIndex, shapeProblem, type Tensor } from '../graph/tensor.ts'
import { broadcastStrides, Value, walk } from '../tensor/value.ts'
import { defineOp } from './define.ts'
import { full } from './shape.ts'

type ReduceAttributes = { axes: readonly number[]; keep: boolean }

const reducedShape = (shape: Shape, { axes, keep }: ReduceAttributes): Axis[] =>
  shape.flatMap((axis, i) => (axes.includes(i) ? (keep ? [1] : []) : [axis]))

/** Runs `f` over every element with the accumulator of its group; `start` is the accumulator's first value. */
function reduce(x: Value, axes: readonly number[], start: number, f: (sum: number, v: number) => number): Float64Array {
  const kept = x.shape.map((length, i) => (axes.includes(i) ? 1 : length))
  const out = new Value(kept, x.dtype)
  out.data.fill(start)
  walk(x.shape, [broadcastStrides(kept, x.shape)], (position, [at]) => {
    out.data[at!] = f(out.data[at!]!, x.data[position]!)
  })
  return out.data
}

/** Puts reduced axes back as axes of length 1, so that the tensor broadcasts against what was reduced. */
const restore = (y: Tensor, x: Tensor, { axes, keep }: ReduceAttributes): Tensor =>
  keep ? y : y.reshape(x.shape.map((axis, i) => (axes.includes(i) ? 1 : axis)))

const reduction = (
  name: string,
  onnxName: string,
  evaluate: (x: Value, axes: readonly number[]) => Float64Array,
  vjp: (dy: Tensor, x: Tensor, y: Tensor, attributes: ReduceAttributes) => Tensor,
): Op =>
  defineOp<ReduceAttributes>({
    name,
    shape: ([x], attributes): TensorType => ({ shape: reducedShape(x!.shape, attributes), dtype: x!.dtype }),
    vjp: ([dy], [x], [y], attributes) => [
      vjp(restore(dy!, x!, attributes), x!, restore(y!, x!, attributes), attributes),
    ],
    evaluate: ([x], { axes }, [out]) => new Value(out!.shape, out!.dtype, evaluate(x!, axes)),
    onnx: (onnx, [x], { attributes: { axes, keep } }) =>
      onnx.node(onnxName, [x!, onnx.constant('int64', [axes.length], axes)], { keepdims: Number(keep) }),
  })

/** Ties share the derivative evenly. */
const shareAmongEqual = (dy: Tensor, x: Tensor, y: Tensor, { axes }: ReduceAttributes) => {
  const equal = x.equal(y).cast(x.dtype)
  return equal.mul(dy.div(equal.sum(axes, { keep: true })))
}
const count = (x: Value, axes: readonly number[]) => axes.reduce((n, axis) => n * x.shape[axis]!, 1)

export const sum = reduction(
  'sum',
  'ReduceSum',
  (x, axes) => reduce(x, axes, 0, (a, b) => a + b),
  (dy, x) => dy.broadcastTo(x.shape),
)
export const mean = reduction(
  'mean',
  'ReduceMean',
  (x, axes) => reduce(x, axes, 0, (a, b) => a + b).map((v) => v / count(x, axes)),
  // Σ over the axes of ones/n: dividing by a summed tensor of ones serves symbolic lengths too
  (dy, x, _, { axes }) => dy.div(ones(x).sum(axes, { keep: true })).broadcastTo(x.shape),
)
export const max = reduction('max', 'ReduceMax', (x, axes) => reduce(x, axes, -Infinity, Math.max), shareAmongEqual)
export const min = reduction('min', 'ReduceMin', (x, axes) => reduce(x, axes, Infinity, Math.min), shareAmongEqual)

const ones = (x: Tensor) => full(x.shape, 1, x.dtype)

/** Sum of what came before and including each place (or, `reverse`, of what comes after). */
export const cumsumOp = defineOp<{ axis: number; reverse: boolean }>({
  name: 'cumsum',
  shape: ([x]) => x!,
  vjp: ([dy], _, __, { axis, reverse }) => [dy!.cumsum(axis, { reverse: !reverse })],
  evaluate: ([x], { axis, reverse }) => {
    const out = x!.map((v) => v)
    const [length, stride] = [x!.shape[axis]!, x!.strides()[axis]!]
    for (let p = 0; p < out.data.length; p++) {
      const at = reverse ? out.data.length - 1 - p : p
      const i = Math.floor(at / stride) % length
      const before = reverse ? (i < length - 1 ? out.data[at + stride]! : 0) : i > 0 ? out.data[at - stride]! : 0
      out.data[at] = out.data[at]! + before
    }
    return out
  },
  onnx: (onnx, [x], { attributes: { axis, reverse } }) =>
    onnx.node('CumSum', [x!, onnx.scalar('int64', axis)], { reverse: Number(reverse) }),
})

/** Positions of each lane of `axis`, sorted by falling value; equal values keep their order. */
function* lanes(x: Value, axis: number): Generator<{ base: number; stride: number; order: number[] }> {
  const [length, stride] = [x.shape[axis]!, x.strides()[axis]!]
  for (let p = 0; p < x.data.length; p++) {
    if (Math.floor(p / stride) % length !== 0) continue
    const order = Array.from({ length }, (_, i) => i)
    order.sort((i, j) => x.data[p + j * stride]! - x.data[p + i * stride]! || i - j)
    yield { base: p, stride, order }
  }
}

/** The k largest along the last axis, falling, and their positions (int32); of equal values the first. */
export const topKOp = defineOp<{ k: number }>({
  name: 'topK',
  shape: ([x], { k }) => {
    const last = x!.shape[axisIndex(-1, x!.rank)]!
    if (!Number.isInteger(k) || k < 1 || (typeof last === 'number' && k > last))
      shapeProblem(`k = ${k} of ${last} values`)
    const shape = [...x!.shape.slice(0, -1), k]
    return [
      { shape, dtype: x!.dtype },
      { shape, dtype: 'int32' },
    ]
  },
  vjp: ([dy], [x], [, positions]) => [dy && full(x!.shape, 0, x!.dtype).scatterAdd(positions!, dy, -1)],
  evaluate: ([x], { k }, [values, positions]) => {
    const [v, p] = [new Value(values!.shape, values!.dtype), new Value(positions!.shape, 'int32')]
    let at = 0
    for (const { base, stride, order } of lanes(x!, x!.shape.length - 1))
      for (const i of order.slice(0, k)) {
        v.data[at] = x!.data[base + i * stride]!
        p.data[at++] = i
      }
    return [v, p]
  },
  onnx: (onnx, [x], { attributes: { k } }) => {
    const [values, positions] = onnx.nodes('TopK', [x!, onnx.constant('int64', [1], [k])], 2, { axis: -1 })
    return [values!, onnx.node('Cast', [positions!], { to: 'int32' })]
  },
})

/** Position of the largest value along an axis (int32), the first of equals. */
export const argmaxOp = defineOp<{ axis: number; keep: boolean }>({
  name: 'argmax',
  shape: ([x], { axis, keep }) => ({ shape: reducedShape(x!.shape, { axes: [axis], keep }), dtype: 'int32' }),
  vjp: 'none',
  evaluate: ([x], { axis }, [out]) => {
    const positions = new Value(out!.shape, 'int32')
    let at = 0
    for (const { order } of lanes(x!, axis)) positions.data[at++] = order[0]!
    return positions
  },
  onnx: (onnx, [x], { attributes: { axis, keep } }) =>
    onnx.node('Cast', [onnx.node('ArgMax', [x!], { axis, keepdims: Number(keep) })], { to: 'int32' }),
})

/** Axes given as one number, several, or none for all. */
export function reduceBy(op: Op, x: Tensor, axes: number | readonly number[] | undefined, keep: boolean): Tensor {
  const list =
    axes === undefined
      ? x.shape.map((_, i) => i)
      : (typeof axes === 'number' ? [axes] : axes).map((a) => axisIndex(a, x.rank))
  return list.length === 0 ? x : apply1(op, [x], { axes: [...list].sort((a, b) => a - b), keep })
}

export const topK = (x: Tensor, k: number): { values: Tensor; positions: Tensor } => {
  const [values, positions] = apply(topKOp, [x], { k })
  return { values: values!, positions: positions! }
}

/** Reductions along axes, and what runs along one axis: cumulative sums, top-k, argmax. */
import { type Axis, elements, type Shape } from '../graph/axis.ts'
import type { Op, TensorType } from '../graph/op.ts'
import { apply, apply1, axisIndex, shapeProblem, type Tensor } from '../graph/tensor.ts'
import type { DType } from '../tensor/dtype.ts'
import { broadcastStrides, Value, walk } from '../tensor/value.ts'
import { defineOp, expectDtype, floats, numbers, sameType } from './define.ts'
import { full } from './shape.ts'

type ReduceAttributes = { axes: readonly number[]; keep: boolean }

const reducedShape = (shape: Shape, { axes, keep }: ReduceAttributes): Axis[] =>
  shape.flatMap((axis, i) => (axes.includes(i) ? (keep ? [1] : []) : [axis]))

type Fold = {
  start: number
  step: (result: number, v: number) => number
  end?: (result: number, count: number) => number
}

/** Folds the elements of each group into one. */
function reduce(x: Value, { axes, keep }: ReduceAttributes, { start, step, end }: Fold): Value {
  const groups = reducedShape(x.shape, { axes, keep: true }) as number[]
  const out = new Value(groups, x.dtype)
  out.data.fill(start)
  walk(x.shape, [broadcastStrides(groups, x.shape)], (position, [at]) => {
    out.data[at!] = step(out.data[at!]!, x.data[position]!)
  })
  const count = axes.reduce((n, axis) => n * x.shape[axis]!, 1)
  const ended = end ? out.map((v) => end(v, count)) : out
  return ended.reshape(reducedShape(x.shape, { axes, keep }) as number[])
}

/** Puts reduced axes back as axes of length 1, so that the tensor broadcasts against what was reduced. */
const restore = (y: Tensor, x: Tensor, { axes, keep }: ReduceAttributes): Tensor =>
  keep ? y : y.reshape(x.shape.map((axis, i) => (axes.includes(i) ? 1 : axis)))

const reduction = (
  name: string,
  onnxName: string,
  allowed: readonly DType[],
  fold: Fold,
  vjp: (dy: Tensor, x: Tensor, y: Tensor, attributes: ReduceAttributes) => Tensor,
): Op =>
  defineOp<ReduceAttributes>({
    name,
    shape: ([x], attributes): TensorType => {
      expectDtype(x!, ...allowed)
      // The fold over nothing: a sum has one, an extreme has not.
      if (!Number.isFinite(fold.start)) expectElements(x!, attributes.axes)
      return { shape: reducedShape(x!.shape, attributes), dtype: x!.dtype }
    },
    vjp: ([dy], [x], [y], attributes) => [
      vjp(restore(dy!, x!, attributes), x!, restore(y!, x!, attributes), attributes),
    ],
    evaluate: ([x], attributes) => reduce(x!, attributes, fold),
    onnx: (onnx, [x], { attributes: { axes, keep } }) =>
      onnx.node(onnxName, [x!, onnx.constant('int64', [axes.length], axes)], { keepdims: Number(keep) }),
  })

/** Ties share the derivative evenly. */
const shareAmongEqual = (dy: Tensor, x: Tensor, y: Tensor, { axes }: ReduceAttributes) => {
  const equal = x.equal(y).cast(x.dtype)
  return equal.mul(dy.div(equal.sum(axes, { keep: true })))
}
const expectElements = (x: Tensor, axes: readonly number[]) => {
  for (const axis of axes)
    if (x.shape[axis] === 0) shapeProblem(`axis ${axis} has 0 elements, none of them the extreme`)
}
const adding = { start: 0, step: (a: number, b: number) => a + b }

export const sum = reduction('sum', 'ReduceSum', numbers, adding, (dy, x) => dy.broadcastTo(x.shape))
export const mean = reduction(
  'mean',
  'ReduceMean',
  floats,
  { ...adding, end: (total, count) => total / count },
  // Σ over the axes of ones/n: dividing by a summed tensor of ones serves symbolic lengths too
  (dy, x, _, { axes }) => dy.div(ones(x).sum(axes, { keep: true })).broadcastTo(x.shape),
)
/** The largest; ties share the derivative evenly. */
export const max = reduction('max', 'ReduceMax', numbers, { start: -Infinity, step: Math.max }, shareAmongEqual)
/** The smallest; ties share the derivative evenly. */
export const min = reduction('min', 'ReduceMin', numbers, { start: Infinity, step: Math.min }, shareAmongEqual)

const ones = (x: Tensor) => full(x.shape, 1, x.dtype)

/** Sum of what came before and including each place (or, `reverse`, of what comes after). */
export const cumsumOp = defineOp<{ axis: number; reverse: boolean }>({
  name: 'cumsum',
  shape: sameType(numbers),
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
    expectDtype(x!, ...numbers)
    const last = x!.shape[axisIndex(-1, x!.rank)]!
    if (!Number.isInteger(k) || k < 1 || (typeof last === 'number' && k > last))
      shapeProblem(`axis -1 has ${last} elements, k is ${k}`)
    const shape = [...x!.shape.slice(0, -1), k]
    return [
      { shape, dtype: x!.dtype },
      { shape, dtype: 'int32' },
    ]
  },
  vjp: ([dy], [x], [, positions]) => [dy && full(x!.shape, 0, x!.dtype).scatterAdd(positions!, dy, -1)],
  evaluate: ([x], { k }) => {
    const shape = [...x!.shape.slice(0, -1), k]
    const [v, p] = [new Value(shape, x!.dtype), new Value(shape, 'int32')]
    let at = 0
    for (const { base, stride, order } of lanes(x!, x!.shape.length - 1))
      for (const i of order.slice(0, k)) {
        v.data[at] = x!.data[base + i * stride]!
        p.data[at++] = i
      }
    return [v, p]
  },
  onnx: (onnx, [x], { outputs, attributes: { k } }) => {
    // ORT's TopK ends the process where there are no lanes.
    if (elements(outputs[0]!.shape) === 0)
      return outputs.map(({ dtype, shape }) => onnx.constant(dtype, shape as readonly number[], []))
    const [values, positions] = onnx.nodes('TopK', [x!, onnx.constant('int64', [1], [k])], 2, { axis: -1 })
    return [values!, onnx.node('Cast', [positions!], { to: 'int32' })]
  },
})

/** Position of the largest value along an axis (int32), the first of equals. */
export const argmaxOp = defineOp<{ axis: number; keep: boolean }>({
  name: 'argmax',
  shape: ([x], { axis, keep }) => {
    expectDtype(x!, ...floats, 'int32')
    expectElements(x!, [axis])
    return { shape: reducedShape(x!.shape, { axes: [axis], keep }), dtype: 'int32' }
  },
  vjp: 'none',
  evaluate: ([x], { axis, keep }) => {
    const positions = new Value(reducedShape(x!.shape, { axes: [axis], keep }) as number[], 'int32')
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

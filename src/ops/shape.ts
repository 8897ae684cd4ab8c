/** Ops that move elements without computing: reshape, transpose, broadcast, slice, split, concat, pad, shift, flip. */
import {
  type Axis,
  axesEqual,
  divideAxes,
  elements,
  type Shape,
  shapesEqual,
  shapeText,
  staticShape,
} from '../graph/axis.ts'
import { apply, apply1, axisIndex, inCall, shapeProblem, type Tensor } from '../graph/tensor.ts'
import type { DType } from '../tensor/dtype.ts'
import { broadcastStrides, stridesOf, Value, walk } from '../tensor/value.ts'
import { broadcastShape, defineOp } from './define.ts'
import { constant } from './leaves.ts'

/** Copies the elements that `strides` and `offset` select. */
function gatherStrided(x: Value, shape: readonly number[], strides: readonly number[], offset = 0): Value {
  const out = new Value(shape, x.dtype)
  walk(shape, [strides], (position, [at]) => {
    out.data[position] = x.data[at! + offset]!
  })
  return out
}

export const reshapeOp = defineOp<{ to: Shape }>({
  name: 'reshape',
  shape: ([x], { to }) => {
    if (!axesEqual(elements(x!.shape), elements(to)))
      shapeProblem(`${shapeText(x!.shape)} has ${elements(x!.shape)} elements, ${shapeText(to)} has ${elements(to)}`)
    return { shape: to, dtype: x!.dtype }
  },
  vjp: ([dy], [x]) => [dy!.reshape(x!.shape)],
  evaluate: ([x], _, [out]) => x!.reshape(out!.shape),
  onnx: (onnx, [x], { inputs, attributes: { to } }) => onnx.reshape(x!, inputs[0]!.shape, to),
})

/** The same elements under another shape; one axis may be −1. */
export function reshape(x: Tensor, to: Shape): Tensor {
  const open = to.indexOf(-1)
  const known = to.filter((axis) => axis !== -1)
  const rest = open < 0 ? 1 : divideAxes(elements(x.shape), elements(known))
  const shape = open < 0 ? to : to.map((axis, i) => (i === open ? (rest ?? -1) : axis))
  return shapesEqual(shape, x.shape) ? x : apply1(reshapeOp, [x], { to: shape })
}

export const transposeOp = defineOp<{ order: readonly number[] }>({
  name: 'transpose',
  shape: ([x], { order }) => {
    if (order.length !== x!.rank || new Set(order).size !== x!.rank || order.some((a) => !(a >= 0 && a < x!.rank)))
      shapeProblem(`[${order}] is not an order of ${x!.rank} axes`)
    return { shape: order.map((a) => x!.shape[a]!), dtype: x!.dtype }
  },
  vjp: ([dy], _, __, { order }) => [dy!.transpose(order.map((_, i) => order.indexOf(i)))],
  evaluate: ([x], { order }) => {
    const strides = x!.strides()
    return gatherStrided(
      x!,
      order.map((a) => x!.shape[a]!),
      order.map((a) => strides[a]!),
    )
  },
  onnx: (onnx, [x], { attributes: { order } }) => onnx.node('Transpose', [x!], { perm: [...order] }),
})

/** Axes in another order; without one, the last two change places. */
export function transpose(x: Tensor, order?: readonly number[]): Tensor {
  const axes = order ?? [...x.shape.keys()].map((i) => (i < x.rank - 2 ? i : 2 * x.rank - 3 - i))
  return axes.every((a, i) => a === i) && axes.length === x.rank ? x : apply1(transposeOp, [x], { order: axes })
}

export const broadcastToOp = defineOp<{ to: Shape }>({
  name: 'broadcastTo',
  shape: ([x], { to }) => {
    if (!shapesEqual(broadcastShape(x!.shape, to), to))
      shapeProblem(`${shapeText(x!.shape)} does not broadcast to ${shapeText(to)}`)
    return { shape: to, dtype: x!.dtype }
  },
  vjp: ([dy]) => [dy], // the walk sums it back
  evaluate: ([x], _, [out]) => gatherStrided(x!, out!.shape, broadcastStrides(x!.shape, out!.shape)),
  onnx: (onnx, [x], { attributes: { to } }) => onnx.node('Expand', [x!, onnx.shape(to)]),
})

export const broadcastTo = (x: Tensor, to: Shape): Tensor =>
  shapesEqual(x.shape, to) ? x : apply1(broadcastToOp, [x], { to })

/** One number everywhere. */
export const full = (shape: Shape, value: number, dtype: DType = 'float32'): Tensor =>
  broadcastTo(constant(value, [], dtype), shape)

export const sliceOp = defineOp<{ axis: number; start: number; end: number }>({
  name: 'slice',
  shape: ([x], { axis, start, end }) => {
    const length = x!.shape[axis]!
    if (!(start >= 0 && end >= start) || (typeof length === 'number' && end > length))
      shapeProblem(`axis ${axis} has ${length} elements, [${start}, ${end}) is not within them`)
    return { shape: x!.shape.map((a, i) => (i === axis ? end - start : a)), dtype: x!.dtype }
  },
  vjp: ([dy], [x], _, { axis, start, end }) => {
    const length = staticShape([x!.shape[axis]!], 'the derivative of slice')[0]!
    return [dy!.pad(axis, start, length - end)]
  },
  evaluate: ([x], { axis, start, end }) =>
    gatherStrided(x!, x!.shape.with(axis, end - start), x!.strides(), start * x!.strides()[axis]!),
  onnx: (onnx, [x], { attributes: { axis, start, end } }) =>
    onnx.node('Slice', [x!, ...[start, end, axis].map((v) => onnx.constant('int64', [1], [v]))]),
})

/** Elements [start, end) of an axis; negative ends count from the end of an axis of known length. */
export function slice(x: Tensor, axis: number, start: number, end?: number): Tensor {
  const at = axisIndex(axis, x.rank)
  const length = x.shape[at]!
  if (start === 0 && end === undefined) return x
  const fromEnd = (v: number) => (v < 0 ? v + staticShape([length], 'slice from the end')[0]! : v)
  const stop = end === undefined ? staticShape([length], 'slice to the end')[0]! : fromEnd(end)
  return apply1(sliceOp, [x], { axis: at, start: fromEnd(start), end: stop })
}

export const splitOp = defineOp<{ axis: number; sizes: readonly number[] }>({
  name: 'split',
  shape: ([x], { axis, sizes }) => {
    const total = sizes.reduce((a, b) => a + b, 0)
    if (x!.shape[axis] !== total)
      shapeProblem(`axis ${axis} has ${x!.shape[axis]} elements, the sizes ${sizes.join(' + ')} make ${total}`)
    return sizes.map((size) => ({ shape: x!.shape.map((a, i) => (i === axis ? size : a)), dtype: x!.dtype }))
  },
  vjp: (dys, _, ys, { axis }) => [
    concat(
      dys.map((dy, i) => dy ?? full(ys[i]!.shape, 0, ys[i]!.dtype)),
      axis,
    ),
  ],
  evaluate: ([x], { axis, sizes }) => {
    const strides = x!.strides()
    let start = 0
    return sizes.map((size) => {
      const part = gatherStrided(x!, x!.shape.with(axis, size), strides, start * strides[axis]!)
      start += size
      return part
    })
  },
  onnx: (onnx, [x], { attributes: { axis, sizes } }) =>
    onnx.nodes('Split', [x!, onnx.constant('int64', [sizes.length], sizes)], sizes.length, { axis }),
})

/** Consecutive pieces of an axis. */
export function split(x: Tensor, axis: number, sizes: readonly number[]): Tensor[] {
  const at = axisIndex(axis, x.rank)
  return sizes.length === 1 && x.shape[at] === sizes[0] ? [x] : [...apply(splitOp, [x], { axis: at, sizes })]
}

/** The `count` tensors along an axis (the first unless said), without that axis. */
export function unstack(x: Tensor, count: number, axis = 0): Tensor[] {
  const at = axisIndex(axis, x.rank)
  const without = x.shape.filter((_, i) => i !== at)
  return split(x, at, Array<number>(count).fill(1)).map((part) => part.reshape(without))
}

export const concatOp = defineOp<{ axis: number }>({
  name: 'concat',
  shape: (inputs, { axis }) => {
    const first = inputs[0]!
    for (const x of inputs) {
      if (x.dtype !== first.dtype || x.rank !== first.rank)
        shapeProblem(`expected ${first.dtype} of rank ${first.rank}, got ${x.dtype} of rank ${x.rank}`)
      const other = x.shape.findIndex((a, i) => i !== axis && !axesEqual(a, first.shape[i]!))
      if (other >= 0) shapeProblem(`axis ${other} has the lengths ${first.shape[other]} and ${x.shape[other]}`)
    }
    const lengths = staticShape(
      inputs.map((x) => x.shape[axis]!),
      'concat',
    )
    const total = lengths.reduce((a, b) => a + b, 0)
    return { shape: first.shape.map((a, i) => (i === axis ? total : a)), dtype: first.dtype }
  },
  vjp: ([dy], inputs, _, { axis }) =>
    dy!.split(
      axis,
      inputs.map((x) => x.shape[axis] as number),
    ),
  evaluate: (inputs, { axis }) => {
    const total = inputs.reduce((n, x) => n + x.shape[axis]!, 0)
    const y = new Value(inputs[0]!.shape.with(axis, total), inputs[0]!.dtype)
    const strides = stridesOf(y.shape)
    let start = 0
    for (const x of inputs) {
      walk(x.shape, [strides], (position, [at]) => {
        y.data[at! + start * strides[axis]!] = x.data[position]!
      })
      start += x.shape[axis]!
    }
    return y
  },
  onnx: (onnx, inputs, { attributes: { axis } }) => onnx.node('Concat', inputs, { axis }),
})

/** Tensors one after another along an axis. */
export const concat = (tensors: readonly Tensor[], axis: number): Tensor =>
  inCall('concat', tensors, () => {
    const [first = shapeProblem('expected one tensor or more'), ...rest] = tensors
    const at = axisIndex(axis, first.rank)
    return rest.length === 0 ? first : apply1(concatOp, tensors, { axis: at })
  })

/** Tensors side by side along a new axis. */
export const stack = (tensors: readonly Tensor[], axis = 0): Tensor =>
  inCall('stack', tensors, () => {
    const [first = shapeProblem('expected one tensor or more')] = tensors
    const at = axisIndex(axis, first.rank + 1)
    return concat(
      tensors.map((x) => x.reshape([...x.shape.slice(0, at), 1, ...x.shape.slice(at)])),
      at,
    )
  })

export const padOp = defineOp<{ axis: number; before: number; after: number; value: number }>({
  name: 'pad',
  shape: ([x], { axis, before, after }) => {
    if (!(before >= 0 && after >= 0)) shapeProblem(`axis ${axis} cannot get ${before} and ${after} elements more`)
    const [length] = staticShape([x!.shape[axis]!], 'pad')
    return { shape: x!.shape.map((a, i) => (i === axis ? length! + before + after : a)), dtype: x!.dtype }
  },
  vjp: ([dy], [x], _, { axis, before }) => [dy!.slice(axis, before, before + (x!.shape[axis] as number))],
  evaluate: ([x], { axis, before, after, value }) => {
    const y = Value.generate(x!.shape.with(axis, before + x!.shape[axis]! + after), x!.dtype, () => value)
    const strides = stridesOf(y.shape)
    walk(x!.shape, [strides], (position, [at]) => {
      y.data[at! + before * strides[axis]!] = x!.data[position]!
    })
    return y
  },
  onnx: (onnx, [x], { inputs, attributes: { axis, before, after, value } }) => {
    const dtype = inputs[0]!.dtype
    return onnx.node('Pad', [
      x!,
      onnx.constant('int64', [2], [before, after]),
      onnx.scalar(dtype, value),
      onnx.constant('int64', [1], [axis]),
    ])
  },
})

/** A value before and after an axis of known length. */
export const pad = (x: Tensor, axis: number, before: number, after: number, value = 0): Tensor =>
  before === 0 && after === 0 ? x : apply1(padOp, [x], { axis: axisIndex(axis, x.rank), before, after, value })

export const shiftOp = defineOp<{ axis: number; by: number; fill: number }>({
  name: 'shift',
  shape: ([x], { axis, by }) => {
    const length = x!.shape[axis]!
    if (typeof length === 'number' && Math.abs(by) > length)
      shapeProblem(`axis ${axis} has ${length} elements, a shift by ${by} leaves none`)
    return x!
  },
  vjp: ([dy], _, __, { axis, by }) => [dy!.shift(axis, -by)],
  evaluate: ([x], { axis, by, fill }) => {
    const [length, stride] = [x!.shape[axis]!, x!.strides()[axis]!]
    return Value.generate(x!.shape, x!.dtype, (position) => {
      const from = (Math.floor(position / stride) % length) - by
      return from >= 0 && from < length ? x!.data[position - by * stride]! : fill
    })
  },
  onnx: (onnx, [x], { inputs, attributes: { axis, by, fill } }) => {
    // Pad on one side and cut on the other: negative pads cut.
    const dtype = inputs[0]!.dtype
    return onnx.node('Pad', [
      x!,
      onnx.constant('int64', [2], [by, -by]),
      onnx.scalar(dtype, fill),
      onnx.constant('int64', [1], [axis]),
    ])
  },
})

/** y[i] = x[i − by] along an axis, `fill` where nothing moves in; the length stays. */
export const shift = (x: Tensor, axis: number, by: number, fill = 0): Tensor =>
  by === 0 ? x : apply1(shiftOp, [x], { axis: axisIndex(axis, x.rank), by, fill })

export const flipOp = defineOp<{ axis: number }>({
  name: 'flip',
  shape: ([x]) => x!,
  vjp: ([dy], _, __, { axis }) => [dy!.flip(axis)],
  evaluate: ([x], { axis }) => {
    const strides = x!.strides()
    const reversed = strides.map((s, i) => (i === axis ? -s : s))
    return gatherStrided(x!, x!.shape, reversed, (x!.shape[axis]! - 1) * strides[axis]!)
  },
  onnx: (onnx, [x], { attributes: { axis } }) =>
    onnx.node('Slice', [x!, ...[-1, -(2 ** 31), axis, -1].map((v) => onnx.constant('int64', [1], [v]))]),
})

/** An axis in reverse. */
export const flip = (x: Tensor, axis: number): Tensor => apply1(flipOp, [x], { axis: axisIndex(axis, x.rank) })

/** Axes of length 1 put in, one after another, for broadcasting. */
export const unsqueeze = (x: Tensor, ...axes: number[]): Tensor => {
  const shape: Axis[] = [...x.shape]
  for (const axis of axes) shape.splice(axisIndex(axis, shape.length + 1), 0, 1)
  return x.reshape(shape)
}

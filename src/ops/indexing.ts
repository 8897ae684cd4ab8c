/** Ops that read and write at positions: gather, scatter, caches. Positions are int32. */

import { failure } from '../base/errors.ts'
import { type Axis, axesEqual, elements, type Shape, shapeText } from '../graph/axis.ts'
import { apply1, axisIndex, shapeProblem, type Tensor } from '../graph/tensor.ts'
import { sizeOf } from '../tensor/array.ts'
import { stridesOf, Value } from '../tensor/value.ts'
import { defineOp, expectDtype, numbers } from './define.ts'
import { arange } from './leaves.ts'
import { full } from './shape.ts'

const inRange = (index: number, length: number): number => {
  if (!(index >= 0 && index < length))
    throw failure('INDEX_RANGE', `Index ${index} is outside an axis of ${length} elements.`)
  return index
}

/** Rows of a table: [n, …rest] and positions [p…] → [p…, …rest] (an embedding look-up). */
export const gatherOp = defineOp({
  name: 'gather',
  shape: ([x, positions]) => {
    expectDtype(positions!, 'int32')
    if (x!.rank === 0) shapeProblem('a scalar has no rows')
    return { shape: [...positions!.shape, ...x!.shape.slice(1)], dtype: x!.dtype }
  },
  vjp: ([dy], [x, positions]) => [scatterRows(positions!, dy!, x!.shape[0]!), undefined],
  evaluate: ([x, positions]) => {
    const rest = x!.shape.slice(1)
    const row = sizeOf(rest)
    return Value.generate([...positions!.shape, ...rest], x!.dtype, (p) => {
      const at = inRange(positions!.data[Math.floor(p / row)]!, x!.shape[0]!)
      return x!.data[at * row + (p % row)]!
    })
  },
  onnx: (onnx, inputs) => onnx.node('Gather', inputs, { axis: 0 }),
})
export const gather = (x: Tensor, positions: Tensor): Tensor => apply1(gatherOp, [x, positions])

/** Tables so small that a product with one-hot rows is the fastest way to add to them. */
const isFew = (rows: Axis): rows is number => typeof rows === 'number' && rows <= 256

/** The reverse of `gather`: a table of `rows` zeros to which every row of the update is added at its position. */
export const scatterRowsOp = defineOp<{ rows: Axis }>({
  name: 'scatterRows',
  shape: ([positions, update], { rows }) => {
    expectDtype(positions!, 'int32')
    expectDtype(update!, ...numbers)
    const head = update!.shape.slice(0, positions!.rank)
    if (head.length !== positions!.rank || head.some((a, i) => !axesEqual(a, positions!.shape[i]!)))
      shapeProblem(
        `an update of shape ${shapeText(update!.shape)} has no row for each position of ${shapeText(positions!.shape)}`,
      )
    return { shape: [rows, ...update!.shape.slice(positions!.rank)], dtype: update!.dtype }
  },
  vjp: ([dy], [positions]) => [undefined, gather(dy!, positions!)],
  onto: (base, [positions, update], { rows }) => {
    if (isFew(rows)) return undefined
    const flat = [elements(positions!.shape), elements(update!.shape.slice(positions!.rank))]
    const table = base.reshape([rows, flat[1]!])
    return table
      .scatterAdd(positions!.reshape([flat[0]!, 1]).broadcastTo(flat), update!.reshape(flat), 0)
      .reshape(base.shape)
  },
  evaluate: ([positions, update], _, [out]) => {
    const y = new Value(out!.shape, out!.dtype)
    const row = sizeOf(out!.shape.slice(1))
    for (let p = 0; p < update!.data.length; p++)
      y.data[inRange(positions!.data[Math.floor(p / row)]!, out!.shape[0]!) * row + (p % row)]! += update!.data[p]!
    return y
  },
  onnx: (onnx, [positions, update], node) => {
    const { rows } = node.attributes
    const [p, u] = node.inputs as [Tensor, Tensor]
    const rest = u.shape.slice(p.rank)
    const flat = [elements(p.shape), elements(rest)] as const
    const column = onnx.reshape(positions!, p.shape, [flat[0], 1])
    const table = onnx.reshape(update!, u.shape, flat)
    const shape = [rows, flat[1]]
    // Never ScatterND with add: with repeated rows its sums are wrong on several threads.
    if (isFew(rows) && u.dtype === 'float32' && onnx.capabilities.contrib) {
      const numbers = onnx.constant(
        'int32',
        [1, rows],
        Array.from({ length: rows }, (_, i) => i),
      )
      const hot = onnx.node('Cast', [onnx.node('Equal', [column, numbers])], { to: 'float32' })
      const product = onnx.node('FusedMatMul', [hot, table], { transA: 1 }, { domain: 'com.microsoft' })
      return onnx.reshape(product, shape, [rows, ...rest])
    }
    const zeros = onnx.node('Expand', [onnx.scalar(u.dtype, 0), onnx.shape(shape)])
    const index = onnx.node('Expand', [column, onnx.shape(flat)])
    const sums = onnx.node('ScatterElements', [zeros, index, table], { axis: 0, reduction: 'add' })
    return onnx.reshape(sums, shape, [rows, ...rest])
  },
})
export const scatterRows = (positions: Tensor, update: Tensor, rows: Axis): Tensor =>
  apply1(scatterRowsOp, [positions, update], { rows })

/** Offset in `x` of every element of `positions`, whose entries replace the coordinate on `axis`. */
function* along(shape: readonly number[], positions: Value, axis: number): Generator<[at: number, from: number]> {
  const strides = stridesOf(shape)
  const own = positions.strides()
  for (let p = 0; p < positions.data.length; p++) {
    let at = inRange(positions.data[p]!, shape[axis]!) * strides[axis]!
    for (let a = 0; a < shape.length; a++)
      if (a !== axis) at += (Math.floor(p / own[a]!) % positions.shape[a]!) * strides[a]!
    yield [at, p]
  }
}
/** Throws unless two shapes agree on every axis, or on every axis but one. */
const sameBut = (axis: number | undefined, x: Shape, other: Shape) => {
  if (x.length !== other.length) shapeProblem(`the ranks are ${x.length} and ${other.length}`)
  const bad = x.findIndex((a, i) => i !== axis && !axesEqual(a, other[i]!))
  if (bad >= 0) shapeProblem(`axis ${bad} has the lengths ${x[bad]} and ${other[bad]}`)
}
const sameDtype = (x: Tensor, update: Tensor) => {
  if (x.dtype !== update.dtype) shapeProblem(`the update is ${update.dtype}, what it goes into is ${x.dtype}`)
}

/** One element per position along an axis: y[…, i, …] = x[…, positions[…, i, …], …]. */
export const takeAlongOp = defineOp<{ axis: number }>({
  name: 'takeAlong',
  shape: ([x, positions], { axis }) => {
    expectDtype(positions!, 'int32')
    sameBut(axis, x!.shape, positions!.shape)
    return { shape: positions!.shape, dtype: x!.dtype }
  },
  vjp: ([dy], [x, positions], _, { axis }) => [
    full(x!.shape, 0, x!.dtype).scatterAdd(positions!, dy!, axis),
    undefined,
  ],
  evaluate: ([x, positions], { axis }, [out]) => {
    const y = new Value(out!.shape, out!.dtype)
    for (const [at, p] of along(x!.shape, positions!, axis)) y.data[p] = x!.data[at]!
    return y
  },
  onnx: (onnx, inputs, { attributes: { axis } }) => onnx.node('GatherElements', inputs, { axis }),
})
export const takeAlong = (x: Tensor, positions: Tensor, axis: number): Tensor =>
  apply1(takeAlongOp, [x, positions], { axis: axisIndex(axis, x.rank) })

/** x with every update added at its position along an axis; repeated positions add up. */
export const scatterAddOp = defineOp<{ axis: number }>({
  name: 'scatterAdd',
  shape: ([x, positions, update], { axis }) => {
    expectDtype(positions!, 'int32')
    sameBut(axis, x!.shape, positions!.shape)
    expectDtype(x!, ...numbers)
    sameDtype(x!, update!)
    sameBut(undefined, positions!.shape, update!.shape)
    return x!
  },
  vjp: ([dy], [, positions], _, { axis }) => [dy, undefined, dy!.takeAlong(positions!, axis)],
  evaluate: ([x, positions, update], { axis }) => {
    const y = x!.map((v) => v)
    for (const [at, p] of along(x!.shape, positions!, axis)) y.data[at]! += update!.data[p]!
    return y
  },
  onnx: (onnx, inputs, { attributes: { axis } }) => onnx.node('ScatterElements', inputs, { axis, reduction: 'add' }),
})
export const scatterAdd = (x: Tensor, positions: Tensor, update: Tensor, axis: number): Tensor =>
  apply1(scatterAddOp, [x, positions, update], { axis: axisIndex(axis, x.rank) })

/**
 * A cache [b, h, s, d] with the new rows [b, h, t, d] written from each row's start [b] on. Beyond the end is an error.
 * Runtimes may write in place when the caller gives one buffer as input and output.
 */
export const writeRowsOp = defineOp({
  name: 'writeRows',
  shape: ([cache, rows, starts]) => {
    expectDtype(starts!, 'int32')
    sameDtype(cache!, rows!)
    if (cache!.rank !== 4) shapeProblem(`expected a cache [b, h, s, d], got the rank ${cache!.rank}`)
    sameBut(2, cache!.shape, rows!.shape)
    sameBut(undefined, cache!.shape.slice(0, 1), starts!.shape)
    const [slots, count] = [cache!.shape[2]!, rows!.shape[2]!]
    if (typeof slots === 'number' && typeof count === 'number' && count > slots)
      shapeProblem(`axis 2 has ${slots} elements, ${count} are to be written`)
    return cache!
  },
  // What was overwritten had no effect; what was written shows where it lies now.
  vjp: ([dy], [, rows, starts]) => {
    const [b, , t] = rows!.shape as [Axis, Axis, Axis]
    const places = starts!.reshape([b, 1, 1, 1]).add(arange(t).reshape([1, 1, t, 1]))
    const zeros = full(rows!.shape, 0, rows!.dtype)
    return [writeRows(dy!, zeros, starts!), dy!.takeAlong(places.broadcastTo(rows!.shape), 2), undefined]
  },
  evaluate: ([cache, rows, starts]) => {
    const y = cache!.map((v) => v)
    const [, h, s, d] = cache!.shape as [number, number, number, number]
    const t = rows!.shape[2]!
    for (let p = 0; p < rows!.data.length; p++) {
      const [b, head, i, c] = [Math.floor(p / (h * t * d)), Math.floor(p / (t * d)) % h, Math.floor(p / d) % t, p % d]
      y.data[((b * h + head) * s + inRange(starts!.data[b]! + i, s)) * d + c] = rows!.data[p]!
    }
    return y
  },
  onnx: (onnx, [cache, rows, starts], node) => {
    const shape = node.inputs[1]!.shape
    const [b, , t] = shape as [Axis, Axis, Axis]
    const end = onnx.node('Cast', [onnx.node('Squeeze', [onnx.shape([t])])], { to: 'int32' })
    const steps = onnx.reshape(
      onnx.node('Range', [onnx.scalar('int32', 0), end, onnx.scalar('int32', 1)]),
      [t],
      [1, 1, t, 1],
    )
    const at = onnx.node('Add', [onnx.reshape(starts!, [b], [b, 1, 1, 1]), steps])
    return onnx.node('ScatterElements', [cache!, onnx.node('Expand', [at, onnx.shape(shape)]), rows!], { axis: 2 })
  },
})
export const writeRows = (cache: Tensor, rows: Tensor, starts: Tensor): Tensor =>
  apply1(writeRowsOp, [cache, rows, starts])

/** Value: what the reference evaluator computes with. Every element is a float64, whatever the dtype says. */
import { fromNumbers, type NdArray, sizeOf, toNumbers } from './array.ts'
import type { DType } from './dtype.ts'

export class Value {
  readonly shape: readonly number[]
  readonly dtype: DType
  readonly data: Float64Array
  constructor(shape: readonly number[], dtype: DType, data: Float64Array = new Float64Array(sizeOf(shape))) {
    this.shape = shape
    this.dtype = dtype
    this.data = data
  }
  /** f of every element, same shape and dtype (or the dtype given). */
  map(f: (x: number) => number, dtype: DType = this.dtype): Value {
    return new Value(this.shape, dtype, this.data.map(f))
  }
  /** A value of this shape with f(position) everywhere. */
  static generate(shape: readonly number[], dtype: DType, f: (position: number) => number): Value {
    const out = new Value(shape, dtype)
    for (let i = 0; i < out.data.length; i++) out.data[i] = f(i)
    return out
  }
  /** The same elements under another shape. */
  reshape(shape: readonly number[]): Value {
    return new Value(shape, this.dtype, this.data)
  }
  /** Row-major strides; axes of length 1 keep theirs. */
  strides(): number[] {
    return stridesOf(this.shape)
  }
  static from(array: NdArray): Value {
    return new Value(array.shape, array.dtype, toNumbers(array))
  }
  toArray(dtype: DType = this.dtype): NdArray {
    return { dtype, shape: this.shape, data: fromNumbers(dtype, this.data) }
  }
}

/** Row-major strides of a shape, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride
    stride *= shape[i]!
  }
  return strides
}

/** Strides for reading `shape` as if it had the broadcast shape `to`: 0 where an axis is repeated. */
export function broadcastStrides(shape: readonly number[], to: readonly number[]): number[] {
  const own = stridesOf(shape)
  const offset = to.length - shape.length
  return to.map((_, i) => (i < offset || shape[i - offset] === 1 ? 0 : own[i - offset]!))
}

/** Calls `visit(output position, input positions)` for every index of `shape`, each input read with its own strides. */
export function walk(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (position: number, offsets: number[]) => void,
): void {
  const total = sizeOf(shape)
  const index = new Array<number>(shape.length).fill(0)
  const offsets = new Array<number>(strides.length).fill(0)
  for (let position = 0; position < total; position++) {
    visit(position, offsets)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++
      for (let k = 0; k < strides.length; k++) offsets[k]! += strides[k]![axis]!
      if (index[axis]! < shape[axis]!) break
      for (let k = 0; k < strides.length; k++) offsets[k]! -= strides[k]![axis]! * shape[axis]!
      index[axis] = 0
    }
  }
}

/** NdArray: numbers at rest, a typed array with a shape, row-major. */
import { failure } from '../base/errors.ts'
import { arrayOf, type DType, type TypedArray } from './dtype.ts'
import { narrow, widen } from './half.ts'

export type NdArray = { readonly dtype: DType; readonly shape: readonly number[]; readonly data: TypedArray }

/** Number of elements of a shape (1 for a scalar). */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, axis) => n * axis, 1)

/** An array of zeros. */
export const zeros = (dtype: DType, shape: readonly number[]): NdArray => ({
  dtype,
  shape,
  data: new arrayOf[dtype](sizeOf(shape)),
})

/** Wraps a typed array; its length must equal the product of the shape. */
export function ndarray(dtype: DType, shape: readonly number[], data: TypedArray): NdArray {
  if (data.length !== sizeOf(shape))
    throw failure('SHAPE_MISMATCH', `${data.length} values do not fill the shape [${shape}]`)
  return { dtype, shape, data }
}

/** Nested arrays of numbers or booleans → NdArray; ragged nesting is an error. */
export function fromNested(values: unknown, dtype: DType): NdArray {
  const shape: number[] = []
  for (let v = values; Array.isArray(v); v = v[0]) shape.push(v.length)
  const flat: number[] = []
  const walk = (v: unknown, depth: number): void => {
    if (!Array.isArray(v)) {
      if (depth !== shape.length) throw failure('SHAPE_MISMATCH', `Ragged array: expected the shape [${shape}]`)
      flat.push(Number(v))
      return
    }
    if (v.length !== shape[depth])
      throw failure('SHAPE_MISMATCH', `Ragged array: ${v.length} items on axis ${depth}, expected ${shape[depth]}`)
    for (const item of v) walk(item, depth + 1)
  }
  walk(values, 0)
  return { dtype, shape, data: fromNumbers(dtype, flat) }
}

/** Numbers → the typed array of a dtype (int64 through BigInt, half precision by way of float32). */
export function fromNumbers(dtype: DType, values: ArrayLike<number>): TypedArray {
  if (dtype === 'int64') return BigInt64Array.from(values, (v) => BigInt(v))
  if (dtype === 'float16' || dtype === 'bfloat16') return narrow(Float32Array.from(values), dtype)
  const out = new arrayOf[dtype](values.length) as Float64Array
  for (let i = 0; i < values.length; i++) out[i] = values[i]!
  return out
}

/** Any stored integers or floats as numbers. int64 beyond 2⁵³ loses precision. */
export function toNumbers({ dtype, data }: NdArray): Float64Array {
  if (dtype === 'float16' || dtype === 'bfloat16') return Float64Array.from(widen(data as Uint16Array, dtype))
  return data instanceof BigInt64Array ? Float64Array.from(data, Number) : Float64Array.from(data as Float64Array)
}

/**
 * Half precision: float16 (IEEE 754 binary16) and bfloat16 (the upper half of a float32), stored as their 16 bits.
 * Narrowing rounds to nearest, ties to even, as hardware and PyTorch do; widening is exact.
 */
import { failure } from '../base/errors.ts'
import type { NdArray } from './array.ts'

export type HalfType = 'float16' | 'bfloat16'

/** float16 bits → float32 bits. Infinities, NaN payloads, signed zeros and subnormals are kept. */
function float16ToBits(half: number): number {
  const sign = (half & 0x8000) << 16
  const exponent = (half >>> 10) & 0x1f
  let mantissa = half & 0x3ff
  if (exponent === 0x1f) return (sign | 0x7f800000 | (mantissa << 13)) >>> 0
  if (exponent > 0) return (sign | ((exponent + 112) << 23) | (mantissa << 13)) >>> 0
  if (mantissa === 0) return sign >>> 0
  // A subnormal, mantissa · 2⁻²⁴: shift until the leading one is where float32 implies it.
  let shifted = 113
  while ((mantissa & 0x400) === 0) {
    mantissa <<= 1
    shifted--
  }
  return (sign | (shifted << 23) | ((mantissa & 0x3ff) << 13)) >>> 0
}

/** float32 bits → float16 bits. */
function bitsToFloat16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7c00 | ((magnitude >>> 13) & 0x3ff || 0x200)
  // From 65520 on (halfway between the largest float16 and what would follow it) everything is infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  // Half of the smallest subnormal, 2⁻²⁵, is a tie that goes to zero.
  if (magnitude <= 0x33000000) return sign
  if (magnitude >= 0x38800000) return sign | roundShift(magnitude - 0x38000000, 13)
  const mantissa = (magnitude & 0x7fffff) | 0x800000
  return sign | roundShift(mantissa, 126 - (magnitude >>> 23))
}

/** float32 bits → bfloat16 bits. */
const bitsToBfloat16 = (bits: number): number =>
  (bits & 0x7fffffff) > 0x7f800000
    ? (bits >>> 16) | ((bits >>> 16) & 0x7f ? 0 : 0x40)
    : roundShift(bits & 0x7fffffff, 16) | ((bits >>> 16) & 0x8000)

/** n / 2^shift, rounded to nearest, ties to even. A carry out of the mantissa rightly raises the exponent. */
const roundShift = (n: number, shift: number): number => (n + (1 << (shift - 1)) - 1 + ((n >>> shift) & 1)) >>> shift

let wideFloat16: Uint32Array | undefined

/** The float32 bits of all 65,536 float16 values. */
const float16Table = (): Uint32Array =>
  (wideFloat16 ??= Uint32Array.from({ length: 1 << 16 }, (_, half) => float16ToBits(half)))

/** Half precision bits → float32 values, exactly. Bits are copied as integers, so the payloads of NaNs survive. */
export function widen(half: Uint16Array, type: HalfType, out = new Float32Array(half.length)): Float32Array {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length)
  if (type === 'float16') {
    const table = float16Table()
    for (let i = 0; i < half.length; i++) bits[i] = table[half[i]!]!
  } else for (let i = 0; i < half.length; i++) bits[i] = half[i]! << 16
  return out
}

/** float32 values → half precision bits, rounded to nearest even; too large becomes infinity. Narrowing what was widened is the identity. */
export function narrow(values: Float32Array, type: HalfType, out = new Uint16Array(values.length)): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const convert = type === 'float16' ? bitsToFloat16 : bitsToBfloat16
  for (let i = 0; i < bits.length; i++) out[i] = convert(bits[i]!)
  return out
}

/** A float array of any precision as float32 (float64 is rounded). Other dtypes are an error. */
export function toFloat32(array: NdArray): NdArray {
  const { dtype, shape, data } = array
  if (dtype === 'float32') return array
  if (dtype === 'float64') return { dtype: 'float32', shape, data: Float32Array.from(data as Float64Array) }
  if (dtype === 'float16' || dtype === 'bfloat16')
    return { dtype: 'float32', shape, data: widen(data as Uint16Array, dtype) }
  throw failure('DTYPE_MISMATCH', `Expected an array of floats, got ${dtype} [${shape}].`)
}

/** A float array as float16 or bfloat16, rounded by way of float32 as PyTorch does. Other dtypes are an error. */
export function toHalf(array: NdArray, type: HalfType): NdArray {
  if (array.dtype === type) return array
  const { shape, data } = toFloat32(array)
  return { dtype: type, shape, data: narrow(data as Float32Array, type) }
}

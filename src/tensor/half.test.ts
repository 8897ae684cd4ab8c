import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromNested, ndarray } from './array.ts'
import { type HalfType, narrow, toFloat32, toHalf, widen } from './half.ts'

const all = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits)

/** The meaning of a format, from its definition: sign, exponent bits, mantissa bits. */
function meaning(bits: number, exponentBits: number, mantissaBits: number): number {
  const sign = bits >>> 15 ? -1 : 1
  const exponent = (bits >>> mantissaBits) & (2 ** exponentBits - 1)
  const mantissa = bits & (2 ** mantissaBits - 1)
  const bias = 2 ** (exponentBits - 1) - 1
  if (exponent === 2 ** exponentBits - 1) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits)
  return sign * (1 + mantissa / 2 ** mantissaBits) * 2 ** (exponent - bias)
}

const formats: [HalfType, exponent: number, mantissa: number][] = [
  ['float16', 5, 10],
  ['bfloat16', 8, 7],
]
const one = (value: number, type: HalfType): number => narrow(Float32Array.of(value), type)[0]!

describe.each(formats)('%s', (type, exponentBits, mantissaBits) => {
  const wide = widen(all, type)
  const infinity = (2 ** exponentBits - 1) << mantissaBits

  test('all 65,536 patterns have the value of the definition', () => {
    for (const bits of all)
      if (!Object.is(wide[bits], meaning(bits, exponentBits, mantissaBits))) expect.fail(`0x${bits.toString(16)}`)
  })

  test('all 65,536 patterns survive widening and narrowing, NaN payloads included', () => {
    expect(narrow(wide, type)).toEqual(all)
  })

  test('between neighbors the nearer one is taken, and the even one of two equally near', () => {
    const nearby = new Float32Array(1)
    const bits = new Uint32Array(nearby.buffer)
    for (let low = 0; low < infinity; low++) {
      // What follows the largest finite number would be 2^(bias + 1), the value that rounds like one.
      const a = wide[low]!
      const b = low + 1 === infinity ? 2 ** (2 ** (exponentBits - 1)) : wide[low + 1]!
      const even = low % 2 === 0 ? low : low + 1
      nearby[0] = a / 2 + b / 2
      const tie = bits[0]!
      if (one(nearby[0]!, type) !== even) expect.fail(`tie above 0x${low.toString(16)}`)
      bits[0] = tie - 1
      if (one(nearby[0]!, type) !== low) expect.fail(`below the tie above 0x${low.toString(16)}`)
      bits[0] = tie + 1
      if (one(nearby[0]!, type) !== low + 1) expect.fail(`above the tie above 0x${low.toString(16)}`)
    }
  })

  test('any float32: the sign is kept, the result is nearest, order is kept', () => {
    const float = fc.float({ noNaN: true })
    fc.assert(
      fc.property(float, float, (x, y) => {
        const a = one(x, type)
        expect(a >>> 15).toBe(Object.is(x, -0) || x < 0 ? 1 : 0)
        expect(one(-x, type)).toBe(a ^ 0x8000)
        const error = Math.abs(wide[a]! - x)
        if (Number.isFinite(wide[a]!))
          for (const other of [a - 1, a + 1])
            if (other >>> 15 === a >>> 15) expect(Math.abs(wide[other & 0xffff]! - x)).toBeGreaterThanOrEqual(error)
        if (x <= y) expect(wide[a]!).toBeLessThanOrEqual(wide[one(y, type)]!)
      }),
    )
  })

  test('NaNs never become infinities', () => {
    const bits = Uint32Array.of(0x7f800001, 0xff800001, 0x7fc00000, 0xffffffff, 0x7f80ffff)
    for (const half of narrow(new Float32Array(bits.buffer), type)) expect(half & 0x7fff).toBeGreaterThan(infinity)
  })
})

test('published values', () => {
  // IEEE 754-2008: largest finite float16 65504, smallest normal 2^-14, smallest subnormal 2^-24.
  const values = [0, -0, 1, -2, 65504, 65519.996, 65520, 2 ** -14, 2 ** -24, 2 ** -25, 1 / 3, Number.NEGATIVE_INFINITY]
  const expected = [0, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x7bff, 0x7c00, 0x0400, 0x0001, 0, 0x3555, 0xfc00]
  expect([...narrow(Float32Array.from(values), 'float16')]).toEqual(expected)
  expect([...narrow(Float32Array.of(1, -2, Math.PI, 3.4e38), 'bfloat16')]).toEqual([0x3f80, 0xc000, 0x4049, 0x7f80])
})

test('arrays keep their shape; what is no float is refused', () => {
  const array = fromNested([[1, 2.5, -3]], 'float32')
  const half = toHalf(array, 'float16')
  expect(half).toEqual(ndarray('float16', [1, 3], Uint16Array.of(0x3c00, 0x4100, 0xc200)))
  expect(toFloat32(half)).toEqual(array)
  expect(toFloat32(fromNested([[1, 2.5, -3]], 'float64'))).toEqual(array)
  expect(toHalf(half, 'bfloat16').data).toEqual(Uint16Array.of(0x3f80, 0x4020, 0xc040))
  expect(toFloat32(array)).toBe(array)
  expect(() => toFloat32(fromNested([1], 'int32'))).toThrow('Expected an array of floats, got int32 [1]')
})

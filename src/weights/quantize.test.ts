import { describe, expect, it } from 'vitest'
import { RandomStream } from '../base/random.ts'
import { blockLength, type WeightBits } from '../ops/quantized.ts'
import type { NdArray } from '../tensor/array.ts'
import { dequantize, quantize } from './quantize.ts'

const random = (rows: number, columns: number): NdArray => {
  const stream = new RandomStream({ seed: 3, purpose: 'test', site: rows })
  const data = Float32Array.from({ length: rows * columns }, () => stream.uniform() - 0.5)
  return { dtype: 'float32', shape: [rows, columns], data }
}
const transposed = ({ shape: [rows, columns], data }: NdArray): NdArray => ({
  dtype: 'float32',
  shape: [columns!, rows!],
  data: (data as Float32Array).map((_, i) => data[(i % rows!) * columns! + Math.floor(i / rows!)] as number),
})

const sizes: [rows: number, inner: number][] = [
  [3, 64],
  [70, 32],
  [65, 40],
  [1, 1],
  [130, 97],
]

describe.each<WeightBits>([8, 4])('a matrix in %i bits', (bits) => {
  it.each(sizes)('of %i rows of %i weights comes back within half a step', async (rows, inner) => {
    const matrix = random(rows, inner)
    const codes = await quantize(matrix, true, bits)
    const back = dequantize(codes, inner, true, bits)
    expect(back.shape).toEqual(matrix.shape)
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < inner; i++) {
        const start = row * inner + Math.floor(i / blockLength) * blockLength
        const block = matrix.data.slice(start, Math.min(start + blockLength, (row + 1) * inner)) as Float32Array
        const largest = Math.max(...block.map(Math.abs))
        // 4 bits have no code for what lies opposite to the largest, and their scale is fitted.
        const bound = bits === 8 ? largest / 254 : largest / 4
        const at = row * inner + i
        expect(Math.abs((back.data[at] as number) - (matrix.data[at] as number))).toBeLessThanOrEqual(bound * 1.0001)
      }
  })

  it.each(sizes)('of %i rows of %i weights is the same whichever way it lies', async (rows, inner) => {
    const matrix = random(rows, inner)
    const [one, other] = [await quantize(matrix, true, bits), await quantize(transposed(matrix), false, bits)]
    expect(other).toEqual(one)
    expect(dequantize(other, inner, false, bits)).toEqual(transposed(dequantize(one, inner, true, bits)))
  })

  it('holds zeros, and what its codes can say, exactly', async () => {
    const zeros: NdArray = { dtype: 'float32', shape: [2, 32], data: new Float32Array(64) }
    expect(dequantize(await quantize(zeros, true, bits), 32, true, bits)).toEqual(zeros)
    const codes = Float32Array.from({ length: 32 }, (_, i) =>
      i === 0 ? -(2 ** (bits - 1)) + (bits === 8 ? 1 : 0) : (i % 7) - 3,
    )
    const whole: NdArray = { dtype: 'float32', shape: [1, 32], data: codes.map((code) => code / 64) }
    const back = dequantize(await quantize(whole, true, bits), 32, true, bits)
    for (const [i, x] of (back.data as Float32Array).entries()) expect(x).toBeCloseTo(whole.data[i] as number, 7)
  })
})

it('4 bits have a scale of least squares: no other makes the error smaller', async () => {
  const matrix = random(1, 32)
  const { codes, scales } = await quantize(matrix, true, 4)
  const error = (factor: number) => {
    const scaled = { ...scales, data: (scales.data as Float32Array).map((scale) => scale * factor) }
    const back = dequantize({ codes, scales: scaled }, 32, true, 4)
    return (back.data as Float32Array).reduce((sum, x, i) => sum + (x - (matrix.data[i] as number)) ** 2, 0)
  }
  for (const factor of [0.95, 0.99, 1.01, 1.05]) expect(error(factor)).toBeGreaterThan(error(1))
})

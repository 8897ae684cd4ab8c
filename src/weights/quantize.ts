/** Matrices of weights in 8 or 4 bits and back. */
import { giveWay } from '../base/event-loop.ts'
import { blockLength, blocksIn, codeAt, type WeightBits } from '../ops/quantized.ts'
import type { NdArray } from '../tensor/array.ts'

/** `codes` [rows, blocks, bytes] and `scales` [rows, blocks]: a weight is its code, less 128 or 8, times its block's scale. */
export type Codes = { readonly codes: NdArray; readonly scales: NdArray }

/** Values between turns of the event loop: about a millisecond. */
const slice = 1 << 18

/** Shape of the codes of a matrix [rows, inner]. */
export const codesShape = (rows: number, inner: number, bits: WeightBits): [number, number, number] => [
  rows,
  blocksIn(inner),
  (blockLength * bits) / 8,
]

/**
 * A matrix, [rows, inner] if `turned`, else [inner, rows], of finite float32. The scale of a block of 8-bit codes makes its largest
 * weight ±127; with 4 bits the largest becomes −8, and the scale is then the one with the least squared error for the codes found.
 */
export async function quantize({ shape, data }: NdArray, turned: boolean, bits: WeightBits): Promise<Codes> {
  const [rows, inner] = (turned ? shape : [shape[1], shape[0]]) as [number, number]
  const [, blocks, bytes] = codesShape(rows, inner, bits)
  const values = data as Float32Array
  const codes = new Uint8Array(rows * blocks * bytes)
  const scales = new Float32Array(rows * blocks)
  const [acrossRows, alongRow] = turned ? [inner, 1] : [1, rows]
  // Neighbors in memory are visited one after another: rows of a block where rows lie together, else blocks of a row.
  const lane = turned ? 1 : Math.min(rows, 256)
  const encode = bits === 8 ? encode8 : encode4
  let done = 0
  for (let first = 0; first < rows; first += lane)
    for (let b = 0; b < blocks; b++) {
      const start = b * blockLength
      const count = Math.min(blockLength, inner - start)
      for (let row = first; row < Math.min(rows, first + lane); row++) {
        const at = row * blocks + b
        scales[at] = encode(values, row * acrossRows + start * alongRow, alongRow, count, codes, at * bytes)
        done += count
      }
      if (done >= slice) {
        done = 0
        await giveWay()
      }
    }
  return {
    codes: { dtype: 'uint8', shape: [rows, blocks, bytes], data: codes },
    scales: { dtype: 'float32', shape: [rows, blocks], data: scales },
  }
}

type Encode = (values: Float32Array, from: number, step: number, count: number, codes: Uint8Array, to: number) => number

/** One block of 8-bit codes; returns its scale. What lies beyond the matrix is 0. */
const encode8: Encode = (values, from, step, count, codes, to) => {
  let largest = 0
  for (let p = 0; p < count; p++) largest = Math.max(largest, Math.abs(values[from + p * step]!))
  const inverse = largest === 0 ? 0 : 127 / largest
  for (let p = 0; p < count; p++) codes[to + p] = Math.round(values[from + p * step]! * inverse) + 128
  codes.fill(128, to + count, to + blockLength)
  return largest / 127
}

/** One block of 4-bit codes, two a byte; returns its scale. */
const encode4: Encode = (values, from, step, count, codes, to) => {
  let extreme = 0
  for (let p = 0; p < count; p++) {
    const value = values[from + p * step]!
    if (Math.abs(value) > Math.abs(extreme)) extreme = value
  }
  const inverse = extreme === 0 ? 0 : -8 / extreme
  let [products, squares] = [0, 0]
  for (let p = 0; p < blockLength; p++) {
    let code = 0
    if (p < count) {
      const value = values[from + p * step]!
      code = Math.min(7, Math.round(value * inverse))
      products += value * code
      squares += code * code
    }
    if (p & 1) codes[to + (p >> 1)]! |= (code + 8) << 4
    else codes[to + (p >> 1)] = code + 8
  }
  return squares === 0 ? 0 : products / squares
}

/** The matrix that codes stand for, [rows, inner] if `turned`, else [inner, rows]. */
export function dequantize({ codes, scales }: Codes, inner: number, turned: boolean, bits: WeightBits): NdArray {
  const [rows, blocks] = codes.shape as [number, number]
  const data = new Float32Array(rows * inner)
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < inner; i++) {
      const block = row * blocks + Math.floor(i / blockLength)
      const value = codeAt(codes.data as Uint8Array, block, i % blockLength, bits) * (scales.data[block] as number)
      data[turned ? row * inner + i : i * rows + row] = value
    }
  return { dtype: 'float32', shape: turned ? [rows, inner] : [inner, rows], data }
}

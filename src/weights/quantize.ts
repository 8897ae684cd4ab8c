/** Matrices of weights in 8 or 4 bits and back. */
import { turns } from '../base/event-loop.ts'
import { blockLength, blocksIn, codeAt, type WeightBits } from '../ops/quantized.ts'
import type { NdArray } from '../tensor/array.ts'

/** `codes` [rows, blocks, bytes] and `scales` [rows, blocks]: a weight is its code, less 128 or 8, times its block's scale. */
export type Codes = { readonly codes: NdArray; readonly scales: NdArray }

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
  const codes = new Uint8Array(rows * blocks * bytes)
  const scales = new Float32Array(rows * blocks)
  const encode = bits === 8 ? encode8 : encode4
  // Blocks of neighboring rows are made together: in a matrix that is not turned, their weights are neighbors in memory.
  const tile = new Float32Array(blockLength * lanes)
  const takeTurns = turns()
  for (let first = 0; first < rows; first += lanes)
    for (let b = 0; b < blocks; b++) {
      await takeTurns()
      const width = Math.min(lanes, rows - first)
      const count = Math.min(blockLength, inner - b * blockLength)
      copyTile(data as Float32Array, turned, rows, inner, first, width, b * blockLength, count, tile)
      encode(tile, width, codes, scales, first * blocks + b, blocks)
    }
  return {
    codes: { dtype: 'uint8', shape: [rows, blocks, bytes], data: codes },
    scales: { dtype: 'float32', shape: [rows, blocks], data: scales },
  }
}

/** Rows whose blocks are made together: their codes and weights fit the fastest cache. */
const lanes = 64

/** Weights of one block of some rows as [32, lanes]; 0 beyond the matrix. */
function copyTile(
  from: Float32Array,
  turned: boolean,
  rows: number,
  inner: number,
  first: number,
  width: number,
  start: number,
  count: number,
  tile: Float32Array,
): void {
  if (count < blockLength) tile.fill(0)
  if (!turned) {
    for (let p = 0; p < count; p++) {
      const at = (start + p) * rows + first
      for (let lane = 0; lane < width; lane++) tile[p * lanes + lane] = from[at + lane]!
    }
    return
  }
  for (let lane = 0; lane < width; lane++) {
    const at = (first + lane) * inner + start
    for (let p = 0; p < count; p++) tile[p * lanes + lane] = from[at + p]!
  }
}

/** Codes and scales of a tile's blocks, the first of which is block `at`; those of the next row are `blocks` further on. */
type Encode = (
  tile: Float32Array,
  width: number,
  codes: Uint8Array,
  scales: Float32Array,
  at: number,
  blocks: number,
) => void

const encode8: Encode = (tile, width, codes, scales, at, blocks) => {
  for (let lane = 0; lane < width; lane++) {
    let largest = 0
    for (let i = lane; i < tile.length; i += lanes) {
      const size = Math.abs(tile[i]!)
      if (size > largest) largest = size
    }
    const block = at + lane * blocks
    const inverse = largest === 0 ? 0 : 127 / largest
    scales[block] = largest / 127
    let to = block * blockLength
    // Adding a half and dropping the fraction rounds what is positive.
    for (let i = lane; i < tile.length; i += lanes) codes[to++] = (tile[i]! * inverse + 128.5) | 0
  }
}

const encode4: Encode = (tile, width, codes, scales, at, blocks) => {
  for (let lane = 0; lane < width; lane++) {
    let extreme = 0
    for (let i = lane; i < tile.length; i += lanes) {
      const value = tile[i]!
      if (Math.abs(value) > Math.abs(extreme)) extreme = value
    }
    const block = at + lane * blocks
    const inverse = extreme === 0 ? 0 : -8 / extreme
    let [products, squares] = [0, 0]
    let to = block * (blockLength >> 1)
    for (let i = lane; i < tile.length; i += 2 * lanes) {
      const [low, high] = [tile[i]!, tile[i + lanes]!]
      const a = Math.min(15, (low * inverse + 8.5) | 0)
      const b = Math.min(15, (high * inverse + 8.5) | 0)
      products += low * (a - 8) + high * (b - 8)
      squares += (a - 8) * (a - 8) + (b - 8) * (b - 8)
      codes[to++] = a | (b << 4)
    }
    scales[block] = squares === 0 ? 0 : products / squares
  }
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

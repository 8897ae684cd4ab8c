/** Looking for NaN and infinity in weights where they lie, without room for a whole tensor. */
import { type OpenFile, openFile } from '../base/files.ts'
import type { Program } from '../graph/program.ts'
import { arrayOf, bytesOf, type DType } from '../tensor/dtype.ts'
import { countNonFinite, type Damage, findNonFinite } from './non-finite.ts'

/** Bytes of a file that are looked at together: few calls, and they stay in the cache until they are counted. */
const pieceBytes = 1 << 20

async function countInFile(open: OpenFile, dtype: DType, offset: number, length: number): Promise<number> {
  const piece = new Uint8Array(Math.min(length, pieceBytes))
  let count = 0
  for (let at = 0; at < length; at += pieceBytes) {
    const part = await open.read(offset + at, piece.subarray(0, Math.min(pieceBytes, length - at)))
    const items = part.length / bytesOf(dtype)
    count += countNonFinite({ dtype, shape: [items], data: new arrayOf[dtype](part.buffer, 0, items) })
  }
  return count
}

/** The parameters that hold NaN or infinity. Each file is opened once; values that lie in none are read. */
export async function scanWeights(constants: Program['constants']): Promise<Damage> {
  const files = new Map<string, OpenFile>()
  try {
    return await findNonFinite(constants, {
      async count(source) {
        const { dtype, location } = source
        if (!location) return countNonFinite(await source.read())
        const { path, offset, length } = location
        if (!files.has(path)) files.set(path, await openFile(path))
        return await countInFile(files.get(path)!, dtype, offset, length)
      },
    })
  } finally {
    for (const file of files.values()) await file.close()
  }
}

/** Bytes of all values of a model's constants, as they are stored. */
export const storedBytes = (constants: Program['constants']): number => {
  let bytes = 0
  for (const { tensor, source } of constants.values())
    bytes += tensor.shape.reduce<number>((n, axis) => n * (axis as number), bytesOf(source.dtype))
  return bytes
}

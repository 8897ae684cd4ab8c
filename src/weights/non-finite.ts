/** Finding NaN and infinity in weights: the format allows them, a trained model hardly ever means them. */
import { nonfinite, PellucidError } from '../base/errors.ts'
import { type OpenFile, openFile } from '../base/files.ts'
import type { ConstantSource, Program } from '../graph/program.ts'
import type { NdArray } from '../tensor/array.ts'
import { arrayOf, bytesOf, type DType, isFloat } from '../tensor/dtype.ts'

/** The bits of the exponent in a word of 32 bits, all of which are set in NaN and infinity, and the lowest of them. */
const exponents = {
  float32: [0x7f800000, 0x00800000],
  float16: [0x7c007c00, 0x04000400],
  bfloat16: [0x7f807f80, 0x00800080],
} as const

/**
 * Whether floats of one or two to a word are all finite. Adding its lowest bit to an exponent carries into the sign if all of it is
 * set, and nowhere else; the signs of all words are gathered without a branch, in four places so that none waits for another.
 */
function allFinite(words: Int32Array, [exponent, lowest]: readonly [number, number]): boolean {
  let [a, b, c, d] = [0, 0, 0, 0]
  const whole = words.length & ~3
  for (let i = 0; i < whole; i += 4) {
    a |= ((words[i]! & exponent) + lowest) | 0
    b |= ((words[i + 1]! & exponent) + lowest) | 0
    c |= ((words[i + 2]! & exponent) + lowest) | 0
    d |= ((words[i + 3]! & exponent) + lowest) | 0
  }
  for (let i = whole; i < words.length; i++) a |= ((words[i]! & exponent) + lowest) | 0
  return ((a | b | c | d) & (exponent + lowest)) === 0
}

/** How many elements of a float array are NaN or infinite once they are float32, as models compute; 0 for other element types. */
export function countNonFinite({ dtype, data }: NdArray): number {
  if (dtype === 'float64')
    return (data as Float64Array).reduce((count, value) => count + (Number.isFinite(Math.fround(value)) ? 0 : 1), 0)
  if (dtype !== 'float32' && dtype !== 'float16' && dtype !== 'bfloat16') return 0
  const { buffer, byteOffset, byteLength } = data
  if (byteOffset % 4 === 0 && byteLength % 4 === 0) {
    if (allFinite(new Int32Array(buffer, byteOffset, byteLength / 4), exponents[dtype])) return 0
  }
  const bits = dtype === 'float32' ? new Uint32Array(buffer, byteOffset, data.length) : (data as Uint16Array)
  const exponent = exponents[dtype][0] & (dtype === 'float32' ? -1 : 0xffff)
  let count = 0
  for (let i = 0; i < bits.length; i++) count += (bits[i]! & exponent) === exponent ? 1 : 0
  return count
}

/** Parameters that hold NaN or infinity, with how many; in the model's order. */
export type Damage = ReadonlyMap<string, number>

type Sources = Iterable<readonly [name: string, { readonly source: ConstantSource }]>

/** Bytes of a file that are looked at together: few calls, and they stay in the cache until they are counted. */
const pieceBytes = 1 << 20

/** Counts in the place of a file where a tensor lies, without room for the whole of it. */
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

/** Looks through the values of parameters, a piece in memory at a time; at most until `limit` damaged ones are found. */
export async function findNonFinite(constants: Sources, limit = Number.POSITIVE_INFINITY): Promise<Damage> {
  const found = new Map<string, number>()
  const files = new Map<string, OpenFile>()
  try {
    for (const [name, { source }] of constants) {
      const { dtype, location } = source
      if (!isFloat(dtype)) continue
      if (location && !files.has(location.path)) files.set(location.path, await openFile(location.path))
      const count = location
        ? await countInFile(files.get(location.path)!, dtype, location.offset, location.length)
        : countNonFinite(await source.read())
      if (count > 0) found.set(name, count)
      if (found.size >= limit) break
    }
  } finally {
    for (const file of files.values()) await file.close()
  }
  return found
}

/** Bytes of all values of a model's constants, as they are stored. */
export const storedBytes = (constants: Program['constants']): number => {
  let bytes = 0
  for (const { tensor, source } of constants.values())
    bytes += tensor.shape.reduce<number>((n, axis) => n * (axis as number), bytesOf(source.dtype))
  return bytes
}

/** `3 values are NaN or infinite, in 2 of its tensors, first transformer.wte.weight`. */
export function describeDamage(damage: Damage): string {
  const values = [...damage.values()].reduce((sum, count) => sum + count, 0)
  const [first] = damage.keys()
  return `${values} ${values === 1 ? 'value is' : 'values are'} NaN or infinite, in ${damage.size} of its tensors, first ${first}`
}

/**
 * What to throw in place of an error of a model's work: where results were not numbers because weights are not, the message names
 * the first such tensor. Any other error comes back as it is.
 */
export async function withDamage(error: unknown, constants: Program['constants']): Promise<unknown> {
  if (!(error instanceof PellucidError) || error.kind !== 'nonfinite') return error
  const [damaged] = await findNonFinite(constants, 1)
  if (!damaged) return error
  const [name, count] = damaged
  const [what] = error.message.split('\n')
  return nonfinite(error.code, `${what}\nThe weight ${name} holds ${count} NaN or infinite: load an undamaged copy.`)
}

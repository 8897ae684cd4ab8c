/** Finding NaN and infinity in weights: the format allows them, a trained model hardly ever means them. */
import { nonfinite, PellucidError } from '../base/errors.ts'
import type { ConstantSource, Program } from '../graph/program.ts'
import type { NdArray } from '../tensor/array.ts'
import { isFloat } from '../tensor/dtype.ts'

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

/** Counts in all values of a parameter, which are held in memory meanwhile. */
const countInMemory = async (source: ConstantSource): Promise<number> => countNonFinite(await source.read())

/**
 * Looks through the values of parameters, one after the other, at most until `limit` damaged ones are found. `count` counts in one;
 * for weights that lie in files see scan.ts.
 */
export async function findNonFinite(
  constants: Sources,
  { limit = Number.POSITIVE_INFINITY, count = countInMemory } = {},
): Promise<Damage> {
  const found = new Map<string, number>()
  for (const [name, { source }] of constants) {
    const damaged = isFloat(source.dtype) ? await count(source) : 0
    if (damaged > 0) found.set(name, damaged)
    if (found.size >= limit) break
  }
  return found
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
  const [damaged] = await findNonFinite(constants, { limit: 1 })
  if (!damaged) return error
  const [name, count] = damaged
  const [what] = error.message.split('\n')
  return nonfinite(error.code, `${what}\nThe weight ${name} holds ${count} NaN or infinite: load an undamaged copy.`)
}

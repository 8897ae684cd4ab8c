/** Finding NaN and infinity in weights: the format allows them, a trained model hardly ever means them. */
import { nonfinite, PellucidError } from '../base/errors.ts'
import type { ConstantSource, Program } from '../graph/program.ts'
import type { NdArray } from '../tensor/array.ts'
import { bytesOf, isFloat } from '../tensor/dtype.ts'

/** By dtype, the bits of the exponent, all of which are set in NaN and infinity. */
const exponents = { float32: 0x7f800000, float16: 0x7c00, bfloat16: 0x7f80 } as const

/** How many elements of a float array are NaN or infinite once they are float32, as models compute; 0 for other element types. */
export function countNonFinite({ dtype, data }: NdArray): number {
  let count = 0
  if (dtype === 'float64')
    for (const value of data as Float64Array) count += Number.isFinite(Math.fround(value)) ? 0 : 1
  else if (dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16') {
    // Bits are several times faster to look at than values.
    const bits =
      dtype === 'float32' ? new Uint32Array(data.buffer, data.byteOffset, data.length) : (data as Uint16Array)
    const exponent = exponents[dtype]
    for (let i = 0; i < bits.length; i++) count += (bits[i]! & exponent) === exponent ? 1 : 0
  }
  return count
}

/** Parameters that hold NaN or infinity, with how many; in the model's order. */
export type Damage = ReadonlyMap<string, number>

type Sources = Iterable<readonly [name: string, { readonly source: ConstantSource }]>

/** Looks through the values of parameters, one tensor in memory at a time; at most until `limit` damaged ones are found. */
export async function findNonFinite(constants: Sources, limit = Number.POSITIVE_INFINITY): Promise<Damage> {
  const found = new Map<string, number>()
  for (const [name, { source }] of constants) {
    const count = isFloat(source.dtype) ? countNonFinite(await source.read()) : 0
    if (count > 0) found.set(name, count)
    if (found.size >= limit) break
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

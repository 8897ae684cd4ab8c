/** Finding NaN and infinity in weights: the format allows them, a trained model hardly ever means them. */
import type { NdArray } from '../tensor/array.ts'
import type { Safetensors } from './safetensors.ts'

/** How many elements of a float array are NaN or infinite; 0 for other element types. */
export function countNonFinite({ dtype, data }: NdArray): number {
  let count = 0
  if (dtype === 'float64') for (const value of data as Float64Array) count += Number.isFinite(value) ? 0 : 1
  else if (dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16') {
    // Not finite means that all bits of the exponent are set. Bits are several times faster to look at than values.
    const bits =
      dtype === 'float32' ? new Uint32Array(data.buffer, data.byteOffset, data.length) : (data as Uint16Array)
    const exponent = dtype === 'float32' ? 0x7f800000 : dtype === 'float16' ? 0x7c00 : 0x7f80
    for (let i = 0; i < bits.length; i++) count += (bits[i]! & exponent) === exponent ? 1 : 0
  }
  return count
}

/** The tensors that hold NaN or infinity, with how many. Reads all weights, one tensor in memory at a time. */
export async function findNonFinite({
  entries,
  read,
}: Pick<Safetensors, 'entries' | 'read'>): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const { name, dtype } of entries.values()) {
    const count = dtype ? countNonFinite(await read(name)) : 0
    if (count > 0) found.set(name, count)
  }
  return found
}

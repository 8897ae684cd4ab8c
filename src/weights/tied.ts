/** Tied parameters that are stored twice: whether the second copy says something else than the first. */
import { withFile } from '../base/files.ts'
import { show } from '../base/json.ts'
import type { Safetensors } from './safetensors.ts'
import type { Entry } from './safetensors-header.ts'

const chunkBytes = 1 << 20
/** Copies that differ do so early; the rest of very large equal ones is taken on trust, so that opening a model stays quick. */
const comparedBytes = 16 * chunkBytes

/** Whether two tensors hold the same, as far as they are compared. */
async function same(a: Entry, b: Entry): Promise<boolean> {
  if (a.stored !== b.stored || String(a.shape) !== String(b.shape)) return false
  if (a.file === undefined || b.file === undefined) return true
  const length = Math.min(a.byteLength, comparedBytes)
  return await withFile(a.file, (first) =>
    withFile(b.file!, async (second) => {
      const [left, right] = [new Uint8Array(chunkBytes), new Uint8Array(chunkBytes)]
      for (let at = 0; at < length; at += chunkBytes) {
        const part = Math.min(chunkBytes, length - at)
        const x = await first.read(a.offset + at, left.subarray(0, part))
        const y = await second.read(b.offset + at, right.subarray(0, part))
        for (let i = 0; i < part; i++) if (x[i] !== y[i]) return false
      }
      return true
    }),
  )
}

/** A warning for each copy that differs from what the model takes. `pairs`: the copy's stored name, then the one that is used. */
export async function tiedWarnings(
  pairs: Iterable<readonly [copy: string, used: string]>,
  { entries }: Pick<Safetensors, 'entries'>,
  place: string,
): Promise<string[]> {
  const warnings: string[] = []
  for (const [copy, used] of pairs)
    if (!(await same(entries.get(copy)!, entries.get(used)!)))
      warnings.push(`${place}: ${show(copy)} differs from ${show(used)}, to which it is tied; ${show(used)} is used.`)
  return warnings
}

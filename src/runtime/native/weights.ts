/** Where a model's constants come from besides the model itself: byte ranges of files, and arrays used where they lie. */
import { fs, path } from '../../base/files.ts'
import { created, nativeApi } from './api.ts'
import type { NamedArray } from './binding.ts'
import { nativeLibrary, type Pointer } from './library.ts'

/** A folder for the session, and the name to write into the model as an external initializer's location. */
export type WeightsPlace = { readonly folder: string; readonly name: string }

/**
 * Where a weights file really lies. ONNX Runtime refuses links that leave the folder, as in the Hugging Face cache, so both
 * halves are those of the file behind the link. Any offset works, also one that is not a multiple of the element's size.
 */
export function weightsPlace(file: string): WeightsPlace {
  const real = fs().realpathSync(file)
  return { folder: path().dirname(real), name: path().basename(real) }
}

/**
 * What to write into a model as the location of an initializer that is passed to `createNativeSession` as an array. ONNX Runtime
 * wants external data to lie in a file that exists, though it does not open it; its own library always does. Beside initializers
 * read from `weightsFolder`, name a file of that folder instead.
 */
export const memoryPlace = (): WeightsPlace => weightsPlace(nativeLibrary().file)

type Packed = { readonly container: bigint; sessions: number }
const packed = new WeakMap<readonly NamedArray[], Packed>()

/**
 * The place for packed copies of a list of initializers, for one more session that uses the list; null if there are none.
 * Packed copies are as large as the weights, so sessions over the same weights should not each have theirs.
 */
export function sharePacked(initializers: readonly NamedArray[] | undefined): Pointer {
  if (!initializers?.length) return null
  const found = packed.get(initializers)
  const entry = found ?? { container: created((out) => nativeApi().CreatePrepackedWeightsContainer(out)), sessions: 0 }
  entry.sessions++
  packed.set(initializers, entry)
  return entry.container
}

/** Frees the packed copies with the last session that used them. */
export function unsharePacked(initializers: readonly NamedArray[] | undefined): void {
  const entry = initializers && packed.get(initializers)
  if (!entry || --entry.sessions > 0) return
  packed.delete(initializers)
  nativeApi().ReleasePrepackedWeightsContainer(entry.container)
}

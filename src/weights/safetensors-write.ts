/**
 * Writing safetensors, byte for byte as Python's safetensors 0.8 does: tensors sorted by element type (widest first), then by
 * name; a compact header, padded with spaces so that the data begins at a multiple of 8.
 */

import type { Sink } from '../base/atomic.ts'
import { writeFile } from '../base/atomic.ts'
import { failure, usageError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { type NdArray, sizeOf } from '../tensor/array.ts'
import { bytesOf, type DType } from '../tensor/dtype.ts'
import { describeArray } from '../tensor/print.ts'
import { type StoredType, storedTypes } from './safetensors-header.ts'

/** A tensor to be written: held in memory, or read when its turn comes. */
export type TensorSource =
  | NdArray
  | { readonly dtype: DType; readonly shape: readonly number[]; read(): Promise<NdArray> }

export type Metadata = Readonly<Record<string, string>>

/** Our element types in the format's spelling. */
const storedOf = Object.fromEntries(
  Object.entries(storedTypes).flatMap(([stored, { dtype }]) => (dtype ? [[dtype, stored]] : [])),
) as Record<DType, StoredType>

const ranks = Object.keys(storedTypes)
const rankOf = (dtype: DType): number => ranks.indexOf(storedOf[dtype])

export const byteLengthOf = ({ dtype, shape }: Pick<NdArray, 'dtype' | 'shape'>): number =>
  sizeOf(shape) * bytesOf(dtype)

/** Order of code points, which is that of UTF-8 bytes; JavaScript's own is that of UTF-16 units and differs above U+D7FF. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  let i = 0
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i++
  if (i === length) return a.length - b.length
  // Surrogates stand for code points beyond all others, so they are moved above the rest.
  const rank = (unit: number) => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)
  return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i))
}

/** Where everything goes: the bytes before the data, the tensors in their order, and the size of the whole file. */
function layout<T extends TensorSource>(tensors: ReadonlyMap<string, T>, metadata?: Metadata) {
  const ordered = [...tensors].sort(
    ([nameA, a], [nameB, b]) => rankOf(b.dtype) - rankOf(a.dtype) || compareText(nameA, nameB),
  )
  const fields: string[] = []
  if (metadata) {
    const sorted = Object.entries(metadata).sort(([a], [b]) => compareText(a, b))
    const pairs = sorted.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
    fields.push(`"__metadata__":{${pairs.join(',')}}`)
  }
  let end = 0
  for (const [name, tensor] of ordered) {
    if (name === '__metadata__' || /\p{Surrogate}/u.test(name))
      throw usageError('ST_BAD_NAME', `A tensor cannot be named ${show(name)} in a safetensors file.`)
    const begin = end
    end += byteLengthOf(tensor)
    const shape = tensor.shape.join(',')
    fields.push(
      `${JSON.stringify(name)}:{"dtype":"${storedOf[tensor.dtype]}","shape":[${shape}],"data_offsets":[${begin},${end}]}`,
    )
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`)
  const head = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20)
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - 8), true)
  head.set(json, 8)
  return { head, ordered, size: head.length + end }
}

/** The bytes of an array, which must be what was announced. */
function bytesOfArray(array: NdArray, name: string, announced: TensorSource): Uint8Array {
  const { data } = array
  if (describeArray(array) !== describeArray(announced) || data.byteLength !== byteLengthOf(array))
    throw failure(
      'SHAPE_MISMATCH',
      `Tensor ${show(name)} was announced as ${describeArray(announced)}, got ${describeArray(array)} of ${data.byteLength} bytes.`,
    )
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/** The bytes of a whole file. */
export function encodeSafetensors(tensors: ReadonlyMap<string, NdArray>, metadata?: Metadata): Uint8Array<ArrayBuffer> {
  const { head, ordered, size } = layout(tensors, metadata)
  const bytes = new Uint8Array(size)
  bytes.set(head)
  let at = head.length
  for (const [name, array] of ordered) {
    bytes.set(bytesOfArray(array, name, array), at)
    at += array.data.byteLength
  }
  return bytes
}

/** What `prepareFile` and `writeFile` need to write a safetensors file tensor by tensor, one in memory at a time. */
export function safetensorsWriter(tensors: ReadonlyMap<string, TensorSource>, metadata?: Metadata) {
  const { head, ordered, size } = layout(tensors, metadata)
  const fill = async (sink: Sink): Promise<void> => {
    await sink.write(head)
    for (const [name, source] of ordered)
      await sink.write(bytesOfArray('read' in source ? await source.read() : source, name, source))
  }
  return { fill, size }
}

/**
 * Writes a file, all or nothing (see base/atomic.ts). A source may read from the very file that is being replaced: the old one
 * stays until the new one is complete.
 */
export async function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, TensorSource>,
  metadata?: Metadata,
): Promise<void> {
  const { fill, size } = safetensorsWriter(tensors, metadata)
  await writeFile(file, fill, size)
}

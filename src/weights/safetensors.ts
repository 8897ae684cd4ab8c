/** Reading safetensors: a file tensor by tensor, never the whole of it, or bytes that are in memory already. */
import { fileError } from '../base/errors.ts'
import { allocate, explained, fs, identityOf, withFile } from '../base/files.ts'
import { impostorBytes } from '../base/impostors.ts'
import { show } from '../base/json.ts'
import type { NdArray } from '../tensor/array.ts'
import { arrayOf, bytesOf } from '../tensor/dtype.ts'
import {
  type Entry,
  headerLength,
  parseSafetensorsHeader,
  type SafetensorsHeader,
  storedTypes,
} from './safetensors-header.ts'

/** Named tensors, listed at once and read when asked for. */
export type Safetensors = SafetensorsHeader & {
  /** One tensor, in memory of its own. Throws `ST_NO_TENSOR`, `ST_UNSUPPORTED_DTYPE`, `FILE_CHANGED`. */
  read(name: string): Promise<NdArray>
  /** The bytes of one tensor as they are stored, for any element type, into memory of the caller's if given. */
  readBytes<T extends Uint8Array = Uint8Array<ArrayBuffer>>(name: string, into?: T): Promise<T>
  /** Throws `FILE_CHANGED` where the bytes may no longer be those that were opened. */
  unchanged(): Promise<void>
}

/** The entry of a name, or an error that says what is there. */
export function entryOf(entries: ReadonlyMap<string, Entry>, name: string, file: string): Entry {
  const entry = entries.get(name)
  if (entry) return entry
  const some = [...entries.keys()].slice(0, 3).map(show).join(', ')
  throw fileError('ST_NO_TENSOR', `${file}: has no tensor ${show(name)}; it holds ${entries.size}: ${some || 'none'} …`)
}

/**
 * Stored bytes (little-endian, as every platform of ours) as an array that shares their memory where alignment allows.
 * Booleans other than 0 and 1 are allowed by the format; here they all become 1.
 */
function toArray({ name, stored, dtype, shape }: Entry, bytes: Uint8Array, file: string): NdArray {
  if (!dtype) {
    const supported = Object.entries(storedTypes).flatMap(([type, ours]) => (ours.dtype ? [type] : []))
    throw fileError(
      'ST_UNSUPPORTED_DTYPE',
      `${file}: tensor ${show(name)} has dtype ${stored}, which is not supported.\nSupported: ${supported.join(' ')}.`,
    )
  }
  if (dtype === 'bool' && bytes.some((byte) => byte > 1)) bytes = bytes.map((byte) => (byte ? 1 : 0))
  const itemBytes = bytesOf(dtype)
  const { buffer, byteOffset } = bytes.byteOffset % itemBytes ? bytes.slice() : bytes
  return { dtype, shape, data: new arrayOf[dtype](buffer, byteOffset, bytes.length / itemBytes) }
}

/**
 * Opens a file: reads and checks its header, and reads each tensor when asked. The file is opened anew for every read, so nothing
 * needs closing; if it has been replaced or changed in between, reading fails instead of returning something else.
 */
export async function openSafetensors(file: string): Promise<Safetensors> {
  const realPath = await explained(file, 'read', () => fs().promises.realpath(file))
  const { header, identity } = await withFile(file, async (open) => {
    const prefix = await open.read(0, new Uint8Array(Math.min(open.size, impostorBytes)))
    const length = headerLength(prefix, open.size, file)
    const json = await open.read(8, allocate(length, `${file}: its header`))
    return { header: parseSafetensorsHeader(json, open.size, file, realPath), identity: open.identity }
  })

  const changed = () =>
    fileError('FILE_CHANGED', `${file}: was changed or replaced since it was opened. Open it again.`)

  async function readBytes(name: string, into?: Uint8Array): Promise<Uint8Array> {
    const { offset, byteLength } = entryOf(header.entries, name, file)
    const target = into ?? allocate(byteLength, `${file}: tensor ${show(name)}`)
    checkRoom(target, byteLength, name, file)
    return await withFile(file, async (open) => {
      if (open.identity !== identity) throw changed()
      return await open.read(offset, target)
    })
  }
  return {
    ...header,
    readBytes: readBytes as Safetensors['readBytes'],
    async unchanged() {
      if ((await identityOf(file)) !== identity) throw changed()
    },
    async read(name) {
      const entry = entryOf(header.entries, name, file)
      // An element type that cannot be read is refused before its bytes are.
      return toArray(entry, entry.dtype ? await readBytes(name) : new Uint8Array(0), file)
    },
  }
}

function checkRoom(target: Uint8Array, byteLength: number, name: string, file: string): void {
  if (target.length === byteLength) return
  throw fileError(
    'ST_SIZE_MISMATCH',
    `${file}: tensor ${show(name)} has ${byteLength} bytes, room was given for ${target.length}.`,
  )
}

/** A safetensors file that is in memory. */
export type SafetensorsBytes = Safetensors & {
  /** One tensor, at once. It shares the memory of the file's bytes where alignment allows. */
  get(name: string): NdArray
}

/** The same from bytes in memory, for pages and small files. `file` is the name that errors show. */
export function parseSafetensors(bytes: Uint8Array, file = 'safetensors'): SafetensorsBytes {
  const length = headerLength(bytes.subarray(0, impostorBytes), bytes.length, file)
  const header = parseSafetensorsHeader(bytes.subarray(8, 8 + length), bytes.length, file)
  const bytesOfEntry = ({ offset, byteLength }: Entry) => bytes.subarray(offset, offset + byteLength)
  const readBytes = async (name: string, into?: Uint8Array): Promise<Uint8Array> => {
    const entry = entryOf(header.entries, name, file)
    if (!into) return bytesOfEntry(entry).slice()
    checkRoom(into, entry.byteLength, name, file)
    into.set(bytesOfEntry(entry))
    return into
  }
  const get = (name: string) => {
    const entry = entryOf(header.entries, name, file)
    return toArray(entry, bytesOfEntry(entry), file)
  }
  return {
    ...header,
    get,
    read: async (name) => {
      const array = get(name)
      return { ...array, data: array.data.slice() }
    },
    readBytes: readBytes as Safetensors['readBytes'],
    unchanged: async () => {},
  }
}

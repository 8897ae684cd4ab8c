/**
 * The header of a safetensors file, checked completely before anything is allocated for the data. The rules are those of the
 * format's README and of its reference implementation (version 0.8), and duplicate keys are refused as the README demands.
 *
 *     8 bytes: N, little-endian   N bytes: JSON { name: { dtype, shape, data_offsets }, … }   the data, without holes
 */
import { fileError, type PellucidError } from '../base/errors.ts'
import { impostorOf } from '../base/impostors.ts'
import { JsonError, parseJson, show } from '../base/json.ts'
import { decodeUtf8 } from '../base/utf8.ts'
import type { DType } from '../tensor/dtype.ts'

/** Every element type of the format: bits, and ours where there is one. The order is the format's, which decides the layout of files. */
export const storedTypes = {
  BOOL: { bits: 8, dtype: 'bool' },
  F4: { bits: 4, dtype: undefined },
  F6_E2M3: { bits: 6, dtype: undefined },
  F6_E3M2: { bits: 6, dtype: undefined },
  U8: { bits: 8, dtype: 'uint8' },
  I8: { bits: 8, dtype: 'int8' },
  F8_E5M2: { bits: 8, dtype: undefined },
  F8_E4M3: { bits: 8, dtype: undefined },
  F8_E8M0: { bits: 8, dtype: undefined },
  F8_E4M3FNUZ: { bits: 8, dtype: undefined },
  F8_E5M2FNUZ: { bits: 8, dtype: undefined },
  I16: { bits: 16, dtype: 'int16' },
  U16: { bits: 16, dtype: undefined },
  F16: { bits: 16, dtype: 'float16' },
  BF16: { bits: 16, dtype: 'bfloat16' },
  I32: { bits: 32, dtype: 'int32' },
  U32: { bits: 32, dtype: undefined },
  F32: { bits: 32, dtype: 'float32' },
  C64: { bits: 64, dtype: undefined },
  F64: { bits: 64, dtype: 'float64' },
  I64: { bits: 64, dtype: 'int64' },
  U64: { bits: 64, dtype: undefined },
} as const satisfies Record<string, { bits: number; dtype: DType | undefined }>

export type StoredType = keyof typeof storedTypes

/** One tensor of a file: what it is and where it lies. */
export type Entry = {
  readonly name: string
  /** The element type as the file spells it. */
  readonly stored: StoredType
  /** Ours, or undefined for a type that can be listed but not read (8-bit floats, unsigned 32 bits, …). */
  readonly dtype: DType | undefined
  readonly shape: readonly number[]
  /** The real path of the file it lies in (links resolved); undefined if the file is in memory. */
  readonly file: string | undefined
  /** Of its first byte, from the start of the file. */
  readonly offset: number
  readonly byteLength: number
}

export type SafetensorsHeader = {
  /** In the order of their places in the file. */
  readonly entries: ReadonlyMap<string, Entry>
  readonly metadata: ReadonlyMap<string, string>
}

/** The longest header that is read, as in the reference. */
export const maxHeaderBytes = 100_000_000

const again = 'The file is damaged or was not written as safetensors: download or save it again.'

/** The most dimensions of a tensor; PyTorch and NumPy allow 64. A list of millions would take long to refuse otherwise. */
const maxRank = 1024

/** The most texts of `__metadata__`, for the same reason. */
const maxMetadata = 1 << 16

/** A header longer than this is not read at all if its first bytes are wrong. */
const longHeaderBytes = 1 << 20

const bareJson =
  'bare JSON. A safetensors file begins with 8 bytes that hold the length of its header: download or save it again.'

/**
 * The length N of the header, from the first bytes of a file of `size` bytes. Throws `ST_TRUNCATED_HEADER`,
 * `ST_HEADER_TOO_LARGE`, or `ST_NOT_SAFETENSORS` if the file is recognizably something else.
 */
export function headerLength(prefix: Uint8Array, size: number, file: string): number {
  const refuse = (code: string, found: string): PellucidError => {
    const what = impostorOf(prefix) ?? (/^\s*[{[]\s*["}\]]/.test(String.fromCharCode(...prefix)) ? bareJson : undefined)
    return what
      ? fileError('ST_NOT_SAFETENSORS', `${file}: this is ${what}`)
      : fileError(code, `${file}: ${found}.\n${again}`)
  }
  if (size < 8) throw refuse('ST_TRUNCATED_HEADER', `${size} bytes, too short for the 8 that a header's length takes`)
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true)
  if (length > BigInt(maxHeaderBytes))
    throw refuse('ST_HEADER_TOO_LARGE', `claims a header of ${length} bytes, more than the ${maxHeaderBytes} allowed`)
  if (Number(length) > size - 8)
    throw refuse('ST_TRUNCATED_HEADER', `claims a header of ${length} bytes, but only ${size - 8} follow`)
  const first = prefix.subarray(8).find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)
  if (Number(length) > longHeaderBytes && first !== undefined && first !== 0x7b)
    throw refuse('ST_BAD_HEADER', `its header begins with byte 0x${first.toString(16).padStart(2, '0')}, expected {`)
  return Number(length)
}

/** A number of the header that is not an integer from 0 to 2⁵³ − 1, written plainly: `2.0`, `2e0`, `-1`, 2⁶⁴. */
class OddNumber {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}

function parseNumber(source: string): number | OddNumber {
  const value = Number(source)
  // A safe integer that reads back as it was written, so neither 2.0 nor 2e0 nor -0.
  return Number.isSafeInteger(value) && value >= 0 && String(value) === source ? value : new OddNumber(source)
}

const showFound = (value: unknown): string =>
  value === undefined ? 'nothing' : value instanceof OddNumber ? value.source.slice(0, 40) : show(value)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof OddNumber)

/** The product of some dimensions, or undefined beyond 2⁵³ − 1. A zero among them does not hide an overflow. */
function checkedProduct(shape: readonly number[]): number | undefined {
  let product = 1
  for (const axis of shape) if (axis > 0 && !Number.isSafeInteger((product *= axis))) return undefined
  return shape.includes(0) ? 0 : product
}

/**
 * Checks a header (the N bytes of JSON) against the size of its whole file and returns what it lists. Every deviation from the
 * format is an error with a code `ST_…` that names the tensor and the field.
 */
export function parseSafetensorsHeader(
  json: Uint8Array,
  size: number,
  file: string,
  realPath?: string,
): SafetensorsHeader {
  const bad = (code: string, found: string) => fileError(code, `${file}: ${found}.\n${again}`)
  const dataStart = 8 + json.length
  const entries: Entry[] = []
  let room = size - dataStart
  let metadata = new Map<string, string>()
  parseRoot(json, bad, (name, value) => {
    if (name === '__metadata__') metadata = parseMetadata(value, bad)
    else {
      const entry = parseEntry(name, value, size - dataStart, dataStart, realPath, bad)
      entries.push(entry)
      // More bytes than there are must overlap. Seen at once, a small file cannot claim many large tensors at length.
      room -= entry.byteLength
      if (room < 0)
        throw bad('ST_OVERLAP', `the tensors up to ${show(name)} overlap: they take ${-room} bytes more than there are`)
    }
  })
  entries.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength)
  checkContiguous(entries, dataStart, size, bad)
  return { entries: new Map(entries.map((entry) => [entry.name, entry])), metadata }
}

type Bad = (code: string, found: string) => PellucidError

/** Parses the JSON and hands over its members one by one, as a hostile header may hold very many. */
function parseRoot(json: Uint8Array, bad: Bad, member: (key: string, value: unknown) => void): void {
  if (json.length === 0) throw bad('ST_BAD_HEADER', 'its header is empty, expected a JSON object')
  const decoded = decodeUtf8(json)
  if ('invalidAt' in decoded) throw bad('ST_BAD_HEADER', `its header is not UTF-8 at byte ${decoded.invalidAt}`)
  let root: unknown
  try {
    root = parseJson(decoded.text, { number: parseNumber, member, maxItems: maxRank, maxMembers: maxMetadata })
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    const code = error.problem === 'duplicate-key' ? 'ST_DUPLICATE_KEY' : 'ST_BAD_HEADER'
    throw bad(code, `its header is not valid JSON at ${error.line}:${error.column}: ${error.message}`)
  }
  if (!isObject(root)) throw bad('ST_BAD_HEADER', `its header holds ${showFound(root)}, expected an object`)
}

function parseMetadata(value: unknown, bad: Bad): Map<string, string> {
  if (value === null) return new Map()
  if (!isObject(value)) throw bad('ST_BAD_METADATA', `__metadata__ is ${showFound(value)}, expected an object of texts`)
  return new Map(
    Object.entries(value).map(([key, item]) => {
      if (typeof item !== 'string')
        throw bad('ST_BAD_METADATA', `__metadata__ holds ${showFound(item)} under ${show(key)}, expected a text`)
      return [key, item]
    }),
  )
}

function parseEntry(
  name: string,
  value: unknown,
  dataBytes: number,
  dataStart: number,
  file: string | undefined,
  bad: Bad,
): Entry {
  const refuse = (code: string, found: string) => bad(code, `tensor ${show(name)} ${found}`)
  if (!isObject(value)) throw refuse('ST_BAD_FIELD', `is ${showFound(value)}, expected an object`)
  const { dtype: stored, shape, data_offsets: offsets } = value

  if (typeof stored !== 'string' || !Object.hasOwn(storedTypes, stored))
    throw refuse(
      'ST_BAD_DTYPE',
      `has dtype ${showFound(stored)}, expected one of ${Object.keys(storedTypes).join(' ')}`,
    )
  const type = stored as StoredType
  if (!Array.isArray(shape))
    throw refuse('ST_BAD_SHAPE', `has shape ${showFound(shape)}, expected an array of integers`)
  for (const axis of shape)
    if (typeof axis !== 'number')
      throw refuse('ST_BAD_SHAPE', `has a dimension ${showFound(axis)}, expected an integer from 0 to 2^53 - 1`)
  if (!Array.isArray(offsets) || offsets.length !== 2)
    throw refuse('ST_BAD_OFFSETS', `has data_offsets ${showFound(offsets)}, expected two integers, begin and end`)
  for (const offset of offsets)
    if (typeof offset !== 'number')
      throw refuse('ST_BAD_OFFSETS', `has an offset ${showFound(offset)}, expected an integer from 0 to 2^53 - 1`)
  const [begin, end] = offsets as [number, number]
  if (begin > end)
    throw refuse('ST_BAD_OFFSETS', `has data_offsets ${show(offsets)}, expected begin to be no larger than end`)
  if (end > dataBytes)
    throw refuse('ST_TRUNCATED_DATA', `ends at byte ${end} of the data, but the file holds only ${dataBytes}`)

  const count = checkedProduct(shape)
  const bits = count === undefined ? Number.POSITIVE_INFINITY : count * storedTypes[type].bits
  if (!Number.isSafeInteger(bits)) throw refuse('ST_OVERFLOW', `has shape ${show(shape)}, too large to address`)
  if (bits % 8 !== 0 || bits / 8 !== end - begin)
    throw refuse(
      'ST_SIZE_MISMATCH',
      `takes ${end - begin} bytes, but ${type} of shape ${show(shape)} needs ${bits / 8}`,
    )
  const { dtype } = storedTypes[type]
  return { name, stored: type, dtype, shape, file, offset: dataStart + begin, byteLength: end - begin }
}

/** The tensors, sorted by offset, must fill the data from its first byte to its last: no holes, overlaps or appended bytes. */
function checkContiguous(entries: readonly Entry[], dataStart: number, size: number, bad: Bad): void {
  let expected = dataStart
  for (const { name, offset, byteLength } of entries) {
    if (offset !== expected)
      throw bad(
        offset < expected ? 'ST_OVERLAP' : 'ST_HOLE',
        `tensor ${show(name)} begins at byte ${offset - dataStart} of the data, expected ${expected - dataStart}`,
      )
    expected += byteLength
  }
  if (expected !== size)
    throw bad('ST_TRAILING_BYTES', `${size - expected} bytes follow the last tensor, which ends at byte ${expected}`)
}

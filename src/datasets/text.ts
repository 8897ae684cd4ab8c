/** Text files as streams of pieces that can be tokenized one by one, split into training and validation. */
import { readChunks, withFile } from '../base/files.ts'
import { decodeText, type Replacements } from '../base/utf8.ts'

/** Bytes [start, end) of a file; with its identity, so that a change between two readings is noticed. */
type FilePart = { readonly file: string; readonly start: number; readonly end: number; readonly identity?: string }

/** A stretch of text: a whole text in memory, or a part of a file. */
export type TextPart = { readonly text: string } | FilePart

/** A whole file. Throws a file error for what is no readable file. */
export const wholeFile = (file: string): Promise<FilePart> =>
  withFile(file, async ({ size, identity }) => ({ file, start: 0, end: size, identity }))

/** What to do about a text that is not UTF-8. */
export const utf8Advice = 'Convert it (iconv -f … -t UTF-8), or give --lossy to read such bytes as U+FFFD.'

const pieceBytes = 1 << 20

/** Says how much of a text was not UTF-8. */
export const tellReplaced = (name: string, count: number): string =>
  `${name}: read with ${count} replacement character${count === 1 ? '' : 's'} (U+FFFD) for bytes that are not UTF-8.`

/** How many bytes at the end belong to an unfinished character. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0
    if (byte < 0x80) return 0
  }
  return 0
}

/** Between a line break after text and a word; between two words of a line. Byte-level BPE never merges across either. */
const borders = [/(?<=\S\n)[\p{L}\p{N}]/u, /(?<=\p{L}) \p{L}/u]

/**
 * Where a text may be cut so that tokenizing the pieces gives the tokens of the whole: the last such place of its last 64 K, or its
 * end where there is none. With `allows`, only where that allows it, and undefined where there is no such place.
 */
export function cutPoint(text: string): number
export function cutPoint(text: string, allows: (text: string, at: number) => boolean): number | undefined
export function cutPoint(text: string, allows?: (text: string, at: number) => boolean): number | undefined {
  const from = Math.max(0, text.length - 65_536)
  const tail = text.slice(from)
  for (const border of borders) {
    const places = [...tail.matchAll(new RegExp(border, 'gu'))].map(({ index }) => from + index).filter((at) => at > 0)
    // So many places that are refused tell that there is none.
    const last = allows ? places.slice(-mostRefused).findLast((at) => allows(text, at)) : places.at(-1)
    if (last !== undefined) return last
  }
  if (allows) return undefined
  // A pair of surrogates is one character.
  return /[\uD800-\uDBFF]$/.test(text) && text.length > 1 ? text.length - 1 : text.length
}

const mostRefused = 64

/**
 * The text of some parts in pieces of about a megabyte. Throws BAD_UTF8 with the byte offset, unless `lossy`: then what is not UTF-8
 * becomes U+FFFD and is counted there. Throws FILE_CHANGED, FILE_TRUNCATED.
 */
export async function* textPieces(parts: readonly TextPart[], lossy?: Replacements): AsyncGenerator<string> {
  for (const part of parts) {
    if ('text' in part) {
      yield* slices(part.text)
      continue
    }
    let kept: Uint8Array = new Uint8Array(0)
    let waiting = ''
    let at = part.start
    for await (const chunk of readChunks(part.file, { ...part, chunkBytes: pieceBytes })) {
      const bytes = new Uint8Array(kept.length + chunk.length)
      bytes.set(kept)
      bytes.set(chunk, kept.length)
      const whole = at + chunk.length >= part.end ? bytes.length : bytes.length - unfinished(bytes)
      const decoding = { offset: at - kept.length, lossy, advice: utf8Advice }
      waiting += decodeText(bytes.subarray(0, whole), part.file, decoding)
      kept = bytes.slice(whole)
      at += chunk.length
      const end = cutPoint(waiting)
      yield waiting.slice(0, end)
      waiting = waiting.slice(end)
    }
    if (waiting) yield waiting
  }
}

function* slices(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const rest = text.slice(start, start + pieceBytes)
    const end = start + rest.length === text.length ? rest.length : cutPoint(rest)
    yield rest.slice(0, end)
    start += end
  }
}

/** Bytes of a part (for text in memory: UTF-16 units, as an estimate). */
export const partSize = (part: TextPart): number => ('text' in part ? part.text.length : part.end - part.start)

/**
 * At most about `bytes` of some parts, in stretches of a megabyte taken evenly from all over; the parts themselves if they have no
 * more. Stretches begin and end between characters.
 */
export async function sampleParts(parts: readonly TextPart[], bytes: number): Promise<readonly TextPart[]> {
  const total = parts.reduce((sum, part) => sum + partSize(part), 0)
  if (total <= bytes) return parts
  const chosen: TextPart[] = []
  for (const part of parts) {
    const size = partSize(part)
    const count = Math.max(1, Math.round((bytes * size) / total / pieceBytes))
    const length = Math.min(Math.floor(size / count), Math.ceil((bytes * size) / total / count))
    for (let i = 0; i < count; i++) chosen.push(await stretch(part, Math.floor((i * size) / count), length))
  }
  return chosen
}

/** `length` bytes of a part from byte `offset` on, moved to whole characters. */
async function stretch(part: TextPart, offset: number, length: number): Promise<TextPart> {
  if ('text' in part) return { text: part.text.slice(offset, offset + length) }
  const { file, start, end } = part
  return {
    ...part,
    start: await characterStart(file, start + offset),
    end: Math.min(end, await characterStart(file, start + offset + length)),
  }
}

/** The first (1 − share) of all bytes, and the rest, cut between two characters. */
export async function splitFiles(
  files: readonly string[],
  share: number,
): Promise<{ train: TextPart[]; validation: TextPart[]; bytes: number }> {
  const wholes: FilePart[] = []
  for (const file of files) wholes.push(await wholeFile(file))
  const bytes = wholes.reduce((sum, { end }) => sum + end, 0)
  let left = Math.floor(bytes * (1 - share))
  const train: TextPart[] = []
  const validation: TextPart[] = []
  for (const whole of wholes) {
    const size = whole.end
    const border = left >= size ? size : await characterStart(whole.file, Math.max(left, 0))
    if (border > 0) train.push({ ...whole, end: border })
    if (border < size) validation.push({ ...whole, start: border })
    left -= size
  }
  return { train, validation, bytes }
}

/** The first byte at or after `at` that begins a character. */
const characterStart = (file: string, at: number): Promise<number> =>
  withFile(file, async (open) => {
    const next = await open.read(at, new Uint8Array(Math.max(0, Math.min(4, open.size - at))))
    const offset = next.findIndex((byte) => byte < 0x80 || byte >= 0xc0)
    return at + Math.max(offset, 0)
  })

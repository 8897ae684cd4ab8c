/** Text files as streams of pieces that can be tokenized one by one, split into training and validation. */
import { fileError } from '../base/errors.ts'
import { openFile, readChunks } from '../base/files.ts'
import { invalidUtf8At } from '../base/utf8.ts'

/** A stretch of text: a whole text in memory, or bytes [start, end) of a file. */
export type TextPart =
  | { readonly text: string }
  | { readonly file: string; readonly start: number; readonly end: number }

const pieceBytes = 1 << 20

/** How many bytes at the end belong to an unfinished character. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0
    if (byte < 0x80) return 0
  }
  return 0
}

/** Where a piece may be cut so that tokenizing the halves gives the tokens of the whole: after a line break, before a word. */
function cut(text: string): number {
  for (let at = text.length - 1; at > 0; at--) if (text[at - 1] === '\n' && /[\p{L}\p{N}]/u.test(text[at]!)) return at
  return text.length
}

/** The text of some parts in pieces of about a megabyte. Throws BAD_UTF8 with the byte offset. */
export async function* textPieces(parts: readonly TextPart[]): AsyncGenerator<string> {
  for (const part of parts) {
    if ('text' in part) {
      yield part.text
      continue
    }
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    let kept: Uint8Array = new Uint8Array(0)
    let waiting = ''
    let at = part.start
    for await (const chunk of readChunks(part.file, { start: part.start, end: part.end, chunkBytes: pieceBytes })) {
      const bytes = new Uint8Array(kept.length + chunk.length)
      bytes.set(kept)
      bytes.set(chunk, kept.length)
      const whole = at + chunk.length >= part.end ? bytes.length : bytes.length - unfinished(bytes)
      const invalid = invalidUtf8At(bytes.subarray(0, whole))
      if (invalid >= 0)
        throw fileError(
          'BAD_UTF8',
          `${part.file}: byte ${at - kept.length + invalid} is not UTF-8.\nConvert the file (iconv -f … -t UTF-8) or mend that place.`,
        )
      waiting += decoder.decode(bytes.subarray(0, whole))
      kept = bytes.slice(whole)
      at += chunk.length
      const end = cut(waiting)
      yield waiting.slice(0, end)
      waiting = waiting.slice(end)
    }
    if (waiting) yield waiting
  }
}

/** The first (1 − share) of all bytes, and the rest, cut between two characters. */
export async function splitFiles(
  files: readonly string[],
  share: number,
): Promise<{ train: TextPart[]; validation: TextPart[]; bytes: number }> {
  const sizes = new Map<string, number>()
  for (const file of files) {
    const open = await openFile(file)
    sizes.set(file, open.size)
    await open.close()
  }
  const bytes = [...sizes.values()].reduce((a, b) => a + b, 0)
  let left = Math.floor(bytes * (1 - share))
  const train: TextPart[] = []
  const validation: TextPart[] = []
  for (const file of files) {
    const size = sizes.get(file)!
    const border = left >= size ? size : await characterStart(file, Math.max(left, 0))
    if (border > 0) train.push({ file, start: 0, end: border })
    if (border < size) validation.push({ file, start: border, end: size })
    left -= size
  }
  return { train, validation, bytes }
}

/** The first byte at or after `at` that begins a character. */
async function characterStart(file: string, at: number): Promise<number> {
  const open = await openFile(file)
  try {
    const next = await open.read(at, new Uint8Array(Math.min(4, open.size - at)))
    const offset = next.findIndex((byte) => byte < 0x80 || byte >= 0xc0)
    return at + Math.max(offset, 0)
  } finally {
    await open.close()
  }
}

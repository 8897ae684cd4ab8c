/** The lines of a text of any size, in a file or on standard input, a stretch at a time. */
import { fileError } from '../base/errors.ts'
import { explain, readChunks } from '../base/files.ts'
import { decodeText } from '../base/utf8.ts'
import { utf8Advice, wholeFile } from '../datasets/text.ts'
import { isStdin, type Reading, stdinName } from './data-files.ts'

/** Some lines that follow each other; `first` is the number of the first, from 1. */
export type Lines = { readonly first: number; readonly lines: readonly string[] }

const newline = 10

/** A line has to fit in memory, and what becomes of it too. */
const mostLineBytes = 2 ** 26

/** What comes on standard input; errors are told as those of files are. */
async function* inputChunks({ terminal }: Reading): AsyncGenerator<Uint8Array> {
  try {
    yield* terminal.input()
  } catch (error) {
    throw explain(error, stdinName, 'read')
  }
}

/** Chunks, and whether one is known to be the last. */
async function* chunksOf(file: string, how: Reading): AsyncGenerator<{ chunk: Uint8Array; last: boolean }> {
  if (isStdin(file)) {
    for await (const chunk of inputChunks(how)) yield { chunk, last: false }
    return
  }
  const whole = await wholeFile(file)
  let left = whole.end
  for await (const chunk of readChunks(file, whole)) {
    left -= chunk.length
    yield { chunk, last: left === 0 }
  }
}

/**
 * Yields lines as they come in, without their line breaks; a last one that has none counts too. A file of less than a megabyte is
 * one stretch. Throws a file error for what cannot be read, BAD_UTF8 with the place of the byte, LINE_TOO_LONG.
 */
export async function* textLines(file: string, how: Reading): AsyncGenerator<Lines> {
  const name = isStdin(file) ? stdinName : file
  let kept: Uint8Array[] = []
  let size = 0
  let offset = 0
  let first = 1
  const take = (): Lines => {
    const bytes = Buffer.concat(kept)
    const lines = decodeText(bytes, name, { offset, lossy: how.lossy, advice: utf8Advice }).split(/\r?\n/)
    if (lines.at(-1) === '') lines.pop()
    const stretch = { first, lines }
    offset += bytes.length
    first += lines.length
    kept = []
    size = 0
    return stretch
  }
  for await (const { chunk, last } of chunksOf(file, how)) {
    const end = last ? chunk.length : chunk.lastIndexOf(newline) + 1
    if (end > 0) {
      kept.push(chunk.subarray(0, end))
      yield take()
    }
    if (end < chunk.length) {
      kept.push(chunk.subarray(end))
      size += chunk.length - end
    }
    if (size > mostLineBytes)
      throw fileError(
        'LINE_TOO_LONG',
        `${name}:${first}: this line has more than ${mostLineBytes / 2 ** 20} MiB, too much to hold.\nPut shorter texts on lines of their own.`,
      )
  }
  if (size > 0) yield take()
}

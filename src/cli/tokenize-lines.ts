/** JSON lines in, JSON lines out: each holds a text, or a text and a second one. */
import { fileError, PellucidError } from '../base/errors.ts'
import type { Reading } from './data-files.ts'
import { Output } from './output.ts'
import { textLines } from './text-lines.ts'

/** A text and maybe a second one, and where it stands. */
type Line = { readonly text: string; readonly pair?: string; readonly place: string }

function readLine(line: string, place: string): Line {
  try {
    const value = JSON.parse(line) as unknown
    if (typeof value === 'string') return { text: value, place }
    const { text, pair } = (value ?? {}) as { text?: unknown; pair?: unknown }
    if (typeof text === 'string' && pair === undefined) return { text, place }
    if (typeof text === 'string' && typeof pair === 'string') return { text, pair, place }
  } catch {
    // told below
  }
  throw fileError(
    'BAD_LINE',
    `${place}: not what a line holds; expected a JSON string or an object with a text (and a pair, if there are two).`,
  )
}

/** What went wrong with a line, with its place before it. */
export function at<T>(place: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof PellucidError)) throw error
    throw new PellucidError(error.kind, error.code, `${place}: ${error.message}`, { cause: error })
  }
}

/**
 * Prints what `encode` makes of each line, a stretch of lines at a time, so that files of any size are read. A line that is
 * none is told before anything of its stretch is printed, with its number; what came before it is printed by then.
 */
export async function encodeLines(
  file: string,
  how: Reading,
  encode: (text: string, pair: string | undefined) => unknown,
): Promise<void> {
  await Output.to(how.terminal, async (output) => {
    for await (const { first, lines } of textLines(file, how)) {
      const texts = lines.flatMap((line, i) => (line.trim() === '' ? [] : [readLine(line, `${file}:${first + i}`)]))
      // A line that cannot be encoded is told before anything of its stretch is printed, if that is short enough to be kept.
      let ready = ''
      for (const { text, pair, place } of texts) {
        ready += `${JSON.stringify(at(place, () => encode(text, pair)))}\n`
        await output.pause()
        if (ready.length <= longestKept) continue
        await output.write(ready)
        ready = ''
      }
      if (ready !== '') await output.write(ready)
      await output.flush()
    }
  })
}
const longestKept = 2 ** 22

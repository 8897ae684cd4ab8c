/** Texts named on the command line, in files or on standard input: read piece by piece or whole, strictly or with U+FFFD for what is no text. */
import { fileError, usageError } from '../base/errors.ts'
import { explained, fs, kindOf, path, readText } from '../base/files.ts'
import { decodeText, type Replacements } from '../base/utf8.ts'
import { partSize, type TextPart, tellReplaced, textPieces, utf8Advice, wholeFile } from '../datasets/text.ts'
import type { Terminal } from './command.ts'

/** The name that stands for standard input; a file of this name is `./-`. */
const stdin = '-'
export const isStdin = (file: string): boolean => file === stdin
export const stdinName = 'standard input'

/** A text on standard input is held in memory as a whole. */
const mostStdinBytes = 2 ** 26

/**
 * Some files as one text. Throws a file error for what is no readable file; NO_STDIN for standard input, since a training text is read
 * more than once, and again when a run goes on.
 */
export async function filesAsText(files: readonly string[]): Promise<TextPart[]> {
  if (files.includes(stdin))
    throw usageError(
      'NO_STDIN',
      '--data -: a training text is read more than once, so it must be a file.\nSave what comes on standard input first, and name the file.',
    )
  return await Promise.all(files.map(wholeFile))
}

/** How a text is read. */
export type Reading = { readonly terminal: Terminal; readonly lossy: Replacements | undefined }

/** With `lossy` as the flag says; `tell` reports what was replaced, once all is read. */
export function reading(lossy: boolean | undefined, terminal: Terminal): Reading & { tell(name: string): void } {
  const replaced = lossy ? { count: 0 } : undefined
  return {
    terminal,
    lossy: replaced,
    tell: (name) => replaced?.count && terminal.note(`${tellReplaced(name, replaced.count)}\n`),
  }
}

/** A whole text: of a file, or with `-` of standard input. Throws a file error for what cannot be read or is not UTF-8. */
export async function readWhole(file: string, { terminal, lossy }: Reading): Promise<string> {
  if (!isStdin(file)) return await readText(file, { lossy, advice: utf8Advice })
  const chunks: Uint8Array[] = []
  let size = 0
  await explained(stdinName, 'read', async () => {
    for await (const chunk of terminal.input()) {
      chunks.push(chunk)
      size += chunk.length
      if (size > mostStdinBytes)
        throw fileError(
          'INPUT_TOO_LARGE',
          `${stdinName}: more than ${mostStdinBytes / 2 ** 20} MiB, too much to hold.\nSave it as a file and give its name.`,
        )
    }
  })
  return decodeText(Buffer.concat(chunks), stdinName, { lossy, advice: utf8Advice })
}

/** Files, and with `-` standard input, as one text. */
export async function readParts(files: readonly string[], how: Reading): Promise<TextPart[]> {
  if (files.indexOf(stdin) !== files.lastIndexOf(stdin))
    throw usageError('STDIN_TWICE', 'Standard input (-) can be read only once; found it twice.')
  const parts: TextPart[] = []
  for (const file of files) parts.push(file === stdin ? { text: await readWhole(file, how) } : await wholeFile(file))
  return parts
}

/** Bytes of a text. */
export const sizeOfText = (parts: readonly TextPart[]): number => parts.reduce((sum, part) => sum + partSize(part), 0)

/** Reads a text to its end, for its errors: BAD_UTF8 names the byte. */
export async function checkText(parts: readonly TextPart[], lossy?: boolean): Promise<void> {
  for await (const _ of textPieces(parts, lossy ? { count: 0 } : undefined));
}

/** Refuses a place for a directory that is a file, or would lie in one. Throws NOT_A_DIRECTORY. */
export async function checkDirectory(flag: string, directory: string): Promise<void> {
  for (let place = directory; ; place = path().dirname(place)) {
    const kind = await kindOf(place)
    if (kind === 'directory' || (kind === undefined && path().dirname(place) === place)) return
    if (kind === undefined) continue
    const where = place === directory ? '' : `${place} `
    throw usageError('NOT_A_DIRECTORY', `${flag} ${directory}: ${where}is a file, expected a directory.`)
  }
}

/** Whether two paths lead to one file. */
export async function sameFile(a: string, b: string): Promise<boolean> {
  if (!(await kindOf(a)) || !(await kindOf(b))) return path().resolve(a) === path().resolve(b)
  const [one, other] = await Promise.all([a, b].map((file) => fs().promises.stat(file)))
  return one!.dev === other!.dev && one!.ino === other!.ino
}

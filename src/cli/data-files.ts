/** Text files named on the command line: whole files as parts of a text, their size, and whether they can be read. */
import { withFile } from '../base/files.ts'
import { partSize, type TextPart, textPieces } from '../datasets/text.ts'

/** Some files as one text. Throws a file error for what is no readable file. */
export async function filesAsText(files: readonly string[]): Promise<TextPart[]> {
  const parts: TextPart[] = []
  for (const file of files) parts.push({ file, start: 0, end: await withFile(file, async ({ size }) => size) })
  return parts
}

/** Bytes of a text. */
export const sizeOfText = (parts: readonly TextPart[]): number => parts.reduce((sum, part) => sum + partSize(part), 0)

/** Reads a text to its end, for its errors: BAD_UTF8 names the byte. */
export async function checkText(parts: readonly TextPart[]): Promise<void> {
  for await (const _ of textPieces(parts));
}

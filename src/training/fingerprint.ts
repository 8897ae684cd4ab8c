/** Fingerprints of the text a run learns from, and where another text differs. */
import { sha256 } from '../base/digest.ts'
import { crypto, readChunks } from '../base/files.ts'
import type { TextPart } from '../datasets/text.ts'

/** Bytes of a text that share a hash. */
const stretchBytes = 2 ** 20

/** A text: its length, and the SHA-256 of each stretch of it. */
type TextPrint = { readonly bytes: number; readonly stretches: readonly string[] }

export type DataPrint = {
  /** How the text becomes tokens. */
  readonly reading: unknown
  readonly train: TextPrint
  readonly validation: TextPrint
}

/** One hash for everything. */
export const fingerprintOf = (print: DataPrint): string => sha256(JSON.stringify(print))

async function* chunksOf(parts: readonly TextPart[]): AsyncGenerator<Uint8Array> {
  for (const part of parts)
    if ('text' in part) yield new TextEncoder().encode(part.text)
    else yield* readChunks(part.file, part)
}

/** Reads a text; `onBytes` hears how much after each piece. */
export async function printText(parts: readonly TextPart[], onBytes: (bytes: number) => void): Promise<TextPrint> {
  const stretches: string[] = []
  let hash = crypto().createHash('sha256')
  let bytes = 0
  for await (const chunk of chunksOf(parts)) {
    for (let start = 0; start < chunk.length; ) {
      const room = stretchBytes - (bytes % stretchBytes)
      const piece = chunk.subarray(start, start + room)
      hash.update(piece)
      bytes += piece.length
      start += piece.length
      if (bytes % stretchBytes === 0) {
        stretches.push(hash.digest('hex'))
        hash = crypto().createHash('sha256')
      }
    }
    onBytes(chunk.length)
  }
  if (bytes % stretchBytes > 0) stretches.push(hash.digest('hex'))
  return { bytes, stretches }
}

/** What is another in a text, in words: its length, and about where the first change is. */
export function differenceOf(before: DataPrint, now: DataPrint): string {
  const [old, size] = [before, now].map(({ train, validation }) => train.bytes + validation.bytes) as [number, number]
  const found: string[] = []
  if (JSON.stringify(before.reading) !== JSON.stringify(now.reading)) found.push('its tokenizer is another')
  if (old !== size) found.push(`it has ${size} bytes instead of ${old}`)
  const [a, b] = [before, now].map(({ train, validation }) => [...train.stretches, ...validation.stretches])
  const at = a!.findIndex((hash, i) => hash !== b![i])
  // Where the length is another, so is the border between the two parts, and with it the stretches from there on.
  if (at >= 0 && old === size) {
    const [part, from, { bytes }] =
      at < before.train.stretches.length
        ? (['training', at * stretchBytes, before.train] as const)
        : (['validation', (at - before.train.stretches.length) * stretchBytes, before.validation] as const)
    const to = Math.min(from + stretchBytes, bytes)
    found.push(`the first change is in bytes ${from} to ${to} of the ${part} part`)
  }
  return found.join(', ')
}

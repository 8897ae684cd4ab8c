/** Byte fallback: what no token spells is written in tokens for single bytes, `<0x00>` to `<0xFF>`, as SentencePiece names them. */
import type { Vocabulary } from './vocabulary.ts'

const encoder = new TextEncoder()

/**
 * A function of a text that gives the ids of its UTF-8 bytes, or undefined if any of them has no token.
 */
export function byteTokens(vocabulary: Vocabulary): (text: string) => number[] | undefined {
  const ids = Array.from({ length: 256 }, (_, byte) =>
    vocabulary.idOf(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
  )
  return (text) => {
    const found: number[] = []
    for (const byte of encoder.encode(text)) {
      const id = ids[byte]
      if (id === undefined) return undefined
      found.push(id)
    }
    return found
  }
}

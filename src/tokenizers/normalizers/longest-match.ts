/** A character map as SentencePiece applies it: from left to right, the longest key that the rest of the text begins with. */

import { NO_TOKEN, Trie } from '../models/trie.ts'
import { type Aligned, AlignedWriter } from '../text/aligned.ts'
import { CharacterTable } from '../text/character-table.ts'
import { characterLength } from '../text/unicode.ts'
import type { Charsmap } from './charsmap.ts'

const INERT = 0
const STARTS = 1

/** Texts of which nothing is in the map are given back as they are. Time is linear in the length: keys are short. `kept` stays as it is. */
export function longestMatch(map: Charsmap, kept: readonly string[] = []): (aligned: Aligned) => Aligned {
  const symbols = new Trie()
  for (const [i, symbol] of kept.entries()) symbols.add(symbol, i)
  const first = new Set(kept.map((symbol) => symbol.codePointAt(0)))
  // A key may be longer than its first character, so only those that the trie does not know at all are passed over.
  const kinds = new CharacterTable((codePoint) => (first.has(codePoint) || map.begins(codePoint) ? STARTS : INERT))
  return (aligned) => {
    const { text } = aligned
    let writer: AlignedWriter | undefined
    let done = 0
    for (let i = 0; i < text.length; ) {
      const inert = kinds.at(text, i) === INERT
      if (!inert && kept.length > 0 && symbols.longest(text, i) !== NO_TOKEN) {
        i = symbols.end
        continue
      }
      const value = inert ? -1 : map.longest(text, i)
      if (value < 0) {
        i += characterLength(text, i)
        continue
      }
      writer ??= new AlignedWriter(aligned)
      writer.copy(done, i)
      writer.write(map.text(value), i, map.end)
      i = done = map.end
    }
    if (!writer) return aligned
    writer.copy(done, text.length)
    return writer.finish()
  }
}

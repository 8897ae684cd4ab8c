/** A character map as SentencePiece applies it: from left to right, the longest key that the rest of the text begins with. */
import { type Aligned, AlignedWriter } from '../text/aligned.ts'
import { CharacterTable } from '../text/character-table.ts'
import { characterLength } from '../text/unicode.ts'
import type { Charsmap } from './charsmap.ts'

const INERT = 0
const STARTS = 1

/** Texts of which nothing is in the map are given back as they are. Time is linear in the length: keys are short. */
export function longestMatch(map: Charsmap): (aligned: Aligned) => Aligned {
  // A key may be longer than its first character, so only those that the trie does not know at all are passed over.
  const kinds = new CharacterTable((codePoint) => (map.begins(codePoint) ? STARTS : INERT))
  return (aligned) => {
    const { text } = aligned
    let writer: AlignedWriter | undefined
    let done = 0
    for (let i = 0; i < text.length; ) {
      const value = kinds.at(text, i) === INERT ? -1 : map.longest(text, i)
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

/** A character map as SentencePiece applies it: from left to right, the longest key that the rest of the text begins with. */
import { type Aligned, AlignedWriter } from '../text/aligned.ts'
import { characterLength } from '../text/unicode.ts'
import type { Charsmap } from './charsmap.ts'

/** By code unit: not asked yet, no key begins with it, or a key may. Halves of pairs are always asked for as pairs. */
const INERT = 1
const STARTS = 2

/** Texts of which nothing is in the map are given back as they are. Time is linear in the length: keys are short. */
export function longestMatch(map: Charsmap): (aligned: Aligned) => Aligned {
  const kinds = new Uint8Array(0x10000).fill(STARTS, 0xd800, 0xe000)
  const classify = (unit: number) => {
    // A key may be longer than its first character, so only those that the trie does not know at all are passed over.
    kinds[unit] = map.begins(unit) ? STARTS : INERT
    return kinds[unit]
  }
  return (aligned) => {
    const { text } = aligned
    let writer: AlignedWriter | undefined
    let done = 0
    for (let i = 0; i < text.length; ) {
      const unit = text.charCodeAt(i)
      if ((kinds[unit] || classify(unit)) === INERT) {
        i++
        continue
      }
      const value = map.longest(text, i)
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

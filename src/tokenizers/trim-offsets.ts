/** Taking the white space at the ends of tokens out of their offsets. */
import type { TokenOf } from './encoding.ts'
import type { TextRun } from './parts.ts'
import { characterBefore, characterLength } from './text/unicode.ts'

const spaceAtStart = /^[Ġ\p{White_Space}]+/u
const spaceAtEnd = /[Ġ\p{White_Space}]+$/u

/** The place `count` characters after `index`, at most the end. */
function after(text: string, index: number, count: number): number {
  for (; count > 0 && index < text.length; count--) index += characterLength(text, index)
  return index
}

/** The place `count` characters before `index`, or undefined if there are fewer. */
function before(text: string, index: number, count: number): number | undefined {
  for (; count > 0 && index > 0; count--) index = characterBefore(text, index)
  return count === 0 ? index : undefined
}

/** How much white space tokens begin and end with, remembered by id. */
class SpaceCounts {
  readonly #tokenOf: TokenOf
  readonly #known = new Map<number, readonly [number, number]>()
  constructor(tokenOf: TokenOf) {
    this.#tokenOf = tokenOf
  }

  of(id: number): readonly [number, number] {
    let counts = this.#known.get(id)
    if (!counts) this.#known.set(id, (counts = this.in(this.#tokenOf(id))))
    return counts
  }

  in(token: string): readonly [number, number] {
    const leading = spaceAtStart.exec(token)?.[0].length ?? 0
    return [leading, leading === token.length ? leading : (spaceAtEnd.exec(token)?.[0].length ?? 0)]
  }
}

/**
 * Trims the offsets of a run's tokens, which are those from `at` on, character for character. A space that was put before a word
 * inside the text stands for the word's first character, so that is taken out too, as Hugging Face does.
 */
export function trimOffsets(
  { tokens, from, to, trims }: TextRun,
  offsets: [number, number][],
  at: number,
  tokenOf: TokenOf,
): void {
  const { text, labels } = tokens
  const counts = new SpaceCounts(tokenOf)
  for (const { addPrefixSpace, first } of trims)
    for (let i = from; i < to; i++) {
      const label = labels.get(i)
      const [leading, trailing] = label === undefined ? counts.of(tokens.id(i)) : counts.in(label)
      if (leading === 0 && trailing === 0) continue
      const range = offsets[at + i - from]!
      const [start, end] = range
      // A single space at the beginning was put there, so the offsets do not hold it.
      const putThere = leading === 1 && addPrefixSpace && ((first && i === from) || start === 0)
      const trimmed = Math.min(putThere ? start : after(text, start, leading), end)
      range[0] = trimmed
      range[1] = Math.max(before(text, end, trailing) ?? end, trimmed)
    }
}

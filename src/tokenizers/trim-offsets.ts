/** Taking the white space at the ends of tokens out of their offsets. */
import type { Columns, TokenOf } from './encoding.ts'
import type { Trim } from './parts.ts'
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
 * Trims the offsets of the tokens from `from` up to `to`, character for character. A space that was put before a word inside the
 * text stands for the word's first character, so that is taken out too, as Hugging Face does.
 */
export function trimOffsets(
  { ids, starts, ends, labels }: Columns,
  from: number,
  to: number,
  text: string,
  trims: readonly Trim[],
  tokenOf: TokenOf,
): void {
  const counts = new SpaceCounts(tokenOf)
  for (const { addPrefixSpace, first } of trims)
    for (let i = from; i < to; i++) {
      const label = labels.size > 0 ? labels.get(i) : undefined
      const [leading, trailing] = label === undefined ? counts.of(ids[i]!) : counts.in(label)
      if (leading === 0 && trailing === 0) continue
      const start = starts[i]!
      const end = ends[i]!
      // A single space at the beginning was put there, so the offsets do not hold it.
      const putThere = leading === 1 && addPrefixSpace && ((first && i === from) || start === 0)
      const trimmed = Math.min(putThere ? start : after(text, start, leading), end)
      starts[i] = trimmed
      ends[i] = Math.max(before(text, end, trailing) ?? end, trimmed)
    }
}

/**
 * SentencePiece's own normalization, as a map of short strings that its models carry. Hugging Face's reading of it is followed:
 * a grapheme cluster of fewer than six bytes is looked up as a whole, where the shortest key that it begins with replaces all of
 * it; failing that, character by character.
 */
import type { Field } from '../field.ts'
import { type Aligned, AlignedWriter } from '../text/aligned.ts'
import { characterLength, utf8Length } from '../text/unicode.ts'
import { type Charsmap, readCharsmap, writeUtf8 } from './charsmap.ts'
import { Clusters, mayContinue, standsAlone } from './graphemes.ts'
import type { Normalizer } from './index.ts'
import { longestMatch } from './longest-match.ts'

/** Clusters of so many bytes are not looked up. */
const tooLong = 6

/** What `Charsmap.find` gives if no key begins with the bytes. */
const noKey = -2

/**
 * The source with its alignment shifted by the characters in its first `lag` units: the library forgets those when nothing is left
 * of them, and lets each later character stand for an earlier one.
 */
function lagging(aligned: Aligned, lag: number): Aligned {
  const writer = new AlignedWriter(aligned)
  const { text } = aligned
  const skipped = text.slice(0, lag)
  writer.write(skipped, 0, characterLength(text, 0))
  let behind = 0
  for (let i = lag; i < text.length; ) {
    const end = i + characterLength(text, i)
    const next = behind + characterLength(text, behind)
    writer.write(text.slice(i, end), behind, next)
    behind = next
    i = end
  }
  return writer.finish()
}

/** Writes replacements as the library aligns them. */
class ReplacementWriter {
  readonly #text: string
  readonly #writer: AlignedWriter
  /** How many units the last written character has if it stands for no character of its own, else 0. */
  #added = 0
  constructor(aligned: Aligned) {
    this.#text = aligned.text
    this.#writer = new AlignedWriter(aligned)
  }

  copy(from: number, to: number): void {
    if (from === to) return
    this.#writer.copy(from, to)
    this.#added = 0
  }

  /** As the writer's, but stops one unit before a unit that has no entry, which may change what becomes of that one. */
  copyThrough(table: Uint16Array, from: number): number {
    const end = this.#writer.copyThrough(table, from, true)
    if (end > from) this.#added = 0
    return end
  }

  /** New characters stand for as many old ones, one for one; those in excess for the last. */
  replace(from: number, to: number, content: string): void {
    if (content === '') this.#remove(from)
    let at = from
    let next = from
    for (const character of content) {
      this.#added = next < to ? 0 : character.length
      if (next < to) {
        at = next
        next += characterLength(this.#text, next)
      }
      this.#writer.write(character, at, next)
    }
  }

  /** What was added before takes the place of what is removed. */
  #remove(from: number): void {
    if (this.#added > 0) this.#writer.realign(this.#added, from, from + characterLength(this.#text, from))
    this.#added = 0
  }

  finish(): Aligned {
    return this.#writer.finish()
  }
}

function normalization(map: Charsmap): (aligned: Aligned) => Aligned {
  const bytes = new Uint8Array(4 * tooLong)
  /** Unit → the unit that takes its place, if no neighbor can matter but one that has no entry here; else 0. */
  const table = new Uint16Array(0x10000)
  /** Character → the value of the shortest key that it begins with, as `Charsmap.find` gives it. */
  const alone = new Map<number, number>()
  const aloneValue = (point: number): number => {
    let value = alone.get(point)
    if (value === undefined) {
      alone.set(point, (value = map.find(bytes, writeUtf8(point, bytes, 0))))
      const character = String.fromCodePoint(point)
      const written = value >= 0 ? map.text(value) : character
      if (written.length === 1 && point < 0x10000 && standsAlone(point)) table[point] = written.charCodeAt(0)
    }
    return value
  }
  /** The value of the cluster from `index` to `end`, if it is short enough to be looked up. */
  const clusterValue = (text: string, index: number, end: number): number => {
    let length = 0
    for (let i = index; i < end && length < tooLong; i += characterLength(text, i))
      length = writeUtf8(text.codePointAt(i)!, bytes, length)
    return length < tooLong ? map.find(bytes, length) : noKey
  }

  /** Takes one character, or one cluster, at a time: `value` is that of what begins at `from` and ends at `to`. */
  let value = noKey
  const step = (text: string, from: number, clusters: () => Clusters): number => {
    const next = from + characterLength(text, from)
    value = aloneValue(text.codePointAt(from)!)
    if (value === noKey || !mayContinue(text, from, next)) return next
    if (utf8Length(text.codePointAt(from)!) + utf8Length(text.codePointAt(next)!) >= tooLong) return next
    const end = clusters().endAt(from)
    const whole = end > next ? clusterValue(text, from, end) : noKey
    if (whole < 0) return next
    value = whole
    return end
  }

  return (aligned) => {
    const { text } = aligned
    const { length } = text
    let known: Clusters | undefined
    const clusters = () => (known ??= new Clusters(text))
    let from = 0
    let to = 0
    for (value = noKey; value < 0; from = to, to = step(text, from, clusters)) {
      while (to + 1 < length && table[text.charCodeAt(to)] === text.charCodeAt(to) && table[text.charCodeAt(to + 1)])
        to++
      if (to === length) return aligned
    }
    let removed = 0
    if (from === 0)
      while (value >= 0 && map.text(value) === '') {
        removed = from = to
        if (from === length) break
        to = step(text, from, clusters)
      }
    const writer = new ReplacementWriter(removed > 0 ? lagging(aligned, removed) : aligned)
    writer.copy(removed, from)
    while (from < length) {
      if (value < 0) writer.copy(from, to)
      else writer.replace(from, to, map.text(value))
      from = writer.copyThrough(table, to)
      if (from < length) to = step(text, from, clusters)
    }
    return writer.finish()
  }
}

export function readPrecompiled(field: Field): Normalizer {
  const map = readCharsmap(field.get('precompiled_charsmap'))
  const kept = field.get('kept')
  const symbols = kept.missing ? [] : kept.list().map((symbol) => symbol.string())
  const normalize = field.get('longest_match').boolean(false) ? longestMatch(map, symbols) : normalization(map)
  return { json: field.object(), normalize }
}

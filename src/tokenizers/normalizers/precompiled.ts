/**
 * SentencePiece's own normalization, as a map of short strings that its models carry. Hugging Face's reading of it is followed:
 * a grapheme cluster of fewer than six bytes is looked up as a whole, where the shortest key that it begins with replaces all of
 * it; failing that, character by character.
 */
import type { Field } from '../field.ts'
import { type Aligned, AlignedWriter } from '../text/aligned.ts'
import { characterLength } from '../text/unicode.ts'
import { type Charsmap, readCharsmap, writeUtf8 } from './charsmap.ts'
import { Clusters, mayContinue } from './graphemes.ts'
import type { Normalizer } from './index.ts'

/** Clusters of so many bytes are not looked up. */
const tooLong = 6

/** No key begins with the character; only longer keys do; it has a replacement. */
const UNKNOWN = 0
const INERT = 1
const PREFIX = 2
const REPLACED = 3
const SURROGATE = 4

const utf8Length = (point: number): number => (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4)

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

  get length(): number {
    return this.#writer.length
  }

  copy(from: number, to: number): void {
    if (from === to) return
    this.#writer.copy(from, to)
    this.#added = 0
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
  const kinds = new Uint8Array(0x10000).fill(SURROGATE, 0xd800, 0xe000)
  const values = new Map<number, number>()
  const astralKinds = new Map<number, number>()
  const classify = (point: number): number => {
    const value = map.find(bytes, writeUtf8(point, bytes, 0))
    if (value >= 0) values.set(point, value)
    return value >= 0 ? REPLACED : value === -1 ? PREFIX : INERT
  }
  const kindAt = (text: string, index: number): number => {
    const unit = text.charCodeAt(index)
    const known = kinds[unit]!
    if (known !== SURROGATE) return known === UNKNOWN ? (kinds[unit] = classify(unit)) : known
    const point = text.codePointAt(index)!
    let kind = astralKinds.get(point)
    if (kind === undefined) astralKinds.set(point, (kind = classify(point)))
    return kind
  }
  /** The end of the cluster at `index` if it has several characters, few bytes, and a replacement, whose value is left in `found`. */
  let found = -1
  const clusterAt = (text: string, index: number, next: number, clusters: () => Clusters): number => {
    if (!mayContinue(text, index, next)) return -1
    if (utf8Length(text.codePointAt(index)!) + utf8Length(text.codePointAt(next)!) >= tooLong) return -1
    const end = clusters().endAt(index)
    if (end <= next) return -1
    let length = 0
    for (let i = index; i < end && length < tooLong; i += characterLength(text, i))
      length = writeUtf8(text.codePointAt(i)!, bytes, length)
    if (length >= tooLong) return -1
    found = map.find(bytes, length)
    return found >= 0 ? end : -1
  }

  return (aligned) => {
    const { text } = aligned
    const { length } = text
    let writer: ReplacementWriter | undefined
    let known: Clusters | undefined
    const clusters = () => (known ??= new Clusters(text))
    let done = 0
    let removed = 0
    for (let i = 0; i < length; ) {
      if (kinds[text.charCodeAt(i)] === INERT) {
        i++
        continue
      }
      const kind = kindAt(text, i)
      const next = i + characterLength(text, i)
      if (kind === INERT) {
        i = next
        continue
      }
      const end = clusterAt(text, i, next, clusters)
      if (end < 0 && kind === PREFIX) {
        i = next
        continue
      }
      const content = map.text(end < 0 ? values.get(text.codePointAt(i)!)! : found)
      const to = end < 0 ? next : end
      writer ??= new ReplacementWriter(aligned)
      if (content === '' && i === removed)
        removed = to // Nothing has been written yet.
      else {
        if (removed > 0 && writer.length === 0) writer = new ReplacementWriter(lagging(aligned, removed))
        writer.copy(Math.max(done, removed), i)
        writer.replace(i, to, content)
      }
      i = done = to
    }
    if (!writer) return aligned
    if (removed > 0 && writer.length === 0) writer = new ReplacementWriter(lagging(aligned, removed))
    writer.copy(done, length)
    return writer.finish()
  }
}

export function readPrecompiled(field: Field): Normalizer {
  const normalize = normalization(readCharsmap(field.get('precompiled_charsmap')))
  return { json: field.object(), normalize }
}

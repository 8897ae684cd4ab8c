/** Grapheme clusters (UAX 29) where they can matter to a map of short clusters: by rule in common text, else by the platform's segmenter. */
import { CharacterTable } from '../text/character-table.ts'
import { clusterEnds, isOneCluster } from '../text/clusters.ts'
import { IntegerList } from '../text/integer-list.ts'
import { characterBefore, characterLength } from '../text/unicode.ts'

/** Never joined to a plain neighbor; joined to whatever is before it; joined to nothing; may be joined to what is after it, or by pairs. */
const PLAIN = 1
const EXTENDING = 2
const CONTROL = 3
const BINDING = 4

const common = /[\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hani}\p{sc=Hira}\p{sc=Kana}]/u
const letter = /\p{L}/u

function classify(character: string): number {
  if (/[ -~]/.test(character) || (common.test(character) && letter.test(character))) return PLAIN
  if (character === '\u200d' || /\p{Regional_Indicator}/u.test(character)) return BINDING
  if (isOneCluster(`a${character}`)) return EXTENDING
  if (!isOneCluster(`${character}\u0301`)) return CONTROL
  const binds =
    isOneCluster(`${character}a`) || isOneCluster(`${character}\u1161`) || isOneCluster(`${character}\u11a8`)
  return binds || isOneCluster(`\u1100${character}`) || isOneCluster(`\uac00${character}`) ? BINDING : PLAIN
}

const classes = new CharacterTable((codePoint) => classify(String.fromCodePoint(codePoint)))
const classAt = (text: string, index: number): number => classes.at(text, index)

/** Whether the character at `index` may be in one cluster with the one after it. */
export const mayContinue = (text: string, index: number, next: number): boolean =>
  next < text.length && (classAt(text, next) !== PLAIN || classAt(text, index) === BINDING)

/** Whether a character is joined to nothing but what extends or binds: marks, a line feed after a return, and the like. */
export const standsAlone = (point: number): boolean => {
  const kind = classes.of(point)
  return point !== 0x0d && (kind === PLAIN || kind === CONTROL)
}

/** The clusters of one text, asked for from left to right. */
export class Clusters {
  readonly #text: string
  /** The ends of the clusters of the last window that the segmenter has seen, and where in them the last question was. */
  #windowStart = 0
  #ends = new IntegerList()
  #at = 0
  constructor(text: string) {
    this.#text = text
  }

  /** The end of the cluster that begins at `index`, or −1 if none begins there. */
  endAt(index: number): number {
    return this.#byRule(index) ?? this.#bySegmenter(index)
  }

  #byRule(index: number): number | undefined {
    const text = this.#text
    const own = classAt(text, index)
    if (own === CONTROL) {
      const unit = text.charCodeAt(index)
      if (unit === 0x0a && text.charCodeAt(index - 1) === 0x0d) return -1
      return unit === 0x0d && text.charCodeAt(index + 1) === 0x0a ? index + 2 : index + characterLength(text, index)
    }
    if (own !== PLAIN) return undefined
    if (index > 0) {
      const previous = characterBefore(text, index)
      const kind = classAt(text, previous)
      // A mark can join a letter of an Indic script, none of which is below U+0800, to one before it.
      if (kind === BINDING || (kind === EXTENDING && text.charCodeAt(index) >= 0x800)) return undefined
    }
    let end = index + characterLength(text, index)
    while (end < text.length && classAt(text, end) === EXTENDING) end += characterLength(text, end)
    // What a mark lets a letter of an Indic script join takes six bytes or more already, more than any key's cluster.
    return end < text.length && classAt(text, end) === BINDING ? undefined : end
  }

  #bySegmenter(index: number): number {
    const ends = this.#ends
    if (ends.length === 0 || index >= ends.data[ends.length - 1]!) this.#segment(index)
    while (ends.data[this.#at]! <= index) this.#at++
    const start = this.#at === 0 ? this.#windowStart : ends.data[this.#at - 1]!
    return start === index ? ends.data[this.#at]! : -1
  }

  /** Segments the stretch around `index` from one certain boundary to another: between two plain characters, or beside a control. */
  #segment(index: number): void {
    const text = this.#text
    const certain = (left: number, right: number) => {
      const [a, b] = [classAt(text, left), classAt(text, right)]
      return (a === PLAIN && b === PLAIN) || (a === CONTROL) !== (b === CONTROL)
    }
    let from = index
    while (from > 0 && !certain(characterBefore(text, from), from)) from = characterBefore(text, from)
    let last = index
    let to = index + characterLength(text, index)
    while (to < text.length && !certain(last, to)) {
      last = to
      to += characterLength(text, to)
    }
    this.#windowStart = from
    this.#ends.length = 0
    this.#at = 0
    clusterEnds(text, from, to, this.#ends)
  }
}

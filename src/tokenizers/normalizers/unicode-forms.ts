/**
 * Unicode's normalization forms (UAX 15), with the alignment that Hugging Face's library gives them: characters are written one
 * for one where as many stand in the text, what is added stands for the character before it, and what is composed for its first.
 */
import type { Field, StageReader } from '../field.ts'
import { type Aligned, AlignedWriter } from '../text/aligned.ts'
import { CharacterTable } from '../text/character-table.ts'
import { IntegerList } from '../text/integer-list.ts'
import { characterBefore, characterLength } from '../text/unicode.ts'
import type { Normalizer } from './index.ts'
import { characterIn, combiningRank, composePair, isMark } from './older-unicode.ts'

type Form = 'NFC' | 'NFD' | 'NFKC' | 'NFKD'

/** What can happen to a character: nothing; it is written otherwise; it may be joined to, or change places with, what is before it. */
const PLAIN = 0
const CHANGED = 1
const JOINING = 2

/** Vowels and final consonants of Hangul, which are composed with what is before them. */
const hangulTail = /[\u1161-\u1175\u11a8-\u11c2]/

/** Combining classes by code point, each asked for once. */
const ranks = new Map<number, number>()
function rankOf(point: number): number {
  let rank = ranks.get(point)
  if (rank === undefined) ranks.set(point, (rank = point < 0x300 ? 0 : combiningRank(String.fromCodePoint(point))))
  return rank
}

/** Pairs that compose, and pairs that have been tried in vain (−1). Unknown texts have many of these: the table starts anew when full. */
const compositions = new Map<number, number>()
const mostCompositions = 1 << 16
function compose(first: number, second: number): number {
  const key = first * 0x110000 + second
  let composed = compositions.get(key)
  if (composed === undefined) {
    if (compositions.size >= mostCompositions) compositions.clear()
    composed = composePair(String.fromCodePoint(first), String.fromCodePoint(second))?.codePointAt(0) ?? -1
    compositions.set(key, composed)
  }
  return composed
}

/**
 * The characters of one stretch on their way into a form: code points, their combining classes, and how each takes up the
 * characters of the text: `taken` is how many, the first of which it stands for, or 0 for one that was added.
 */
class Stretch {
  readonly points = new IntegerList()
  readonly ranks = new IntegerList()
  readonly taken = new IntegerList()

  clear(): void {
    this.points.length = this.ranks.length = this.taken.length = 0
  }

  push(point: number, rank: number, taken: number): void {
    this.points.push(point)
    this.ranks.push(rank)
    this.taken.push(taken)
  }

  /** Canonical order: characters of class 0 stay, those between them are sorted by class, equals in their order. */
  sort(): void {
    const { data } = this.ranks
    const { length } = this.ranks
    for (let from = 0; from < length; from++) {
      if (data[from] === 0) continue
      let to = from + 1
      let sorted = true
      for (; to < length && data[to] !== 0; to++) sorted &&= data[to - 1]! <= data[to]!
      if (!sorted) this.#sortRange(from, to)
      from = to
    }
  }

  /** By counting, so that the time is linear. */
  #sortRange(from: number, to: number): void {
    const ranks = this.ranks.data.slice(from, to)
    const next = new Int32Array(Math.max(...new Set(ranks)) + 2)
    for (const rank of ranks) next[rank + 1]!++
    for (let rank = 1; rank < next.length; rank++) next[rank]! += next[rank - 1]!
    const places = ranks.map((rank) => from + next[rank]!++)
    for (const list of [this.points, this.ranks, this.taken]) {
      const old = list.data.slice(from, to)
      places.forEach((place, i) => {
        list.data[place] = old[i]!
      })
    }
  }

  /** Canonical composition, in place. */
  compose(): void {
    const points = this.points.data
    const taken = this.taken.data
    const { length } = this.points
    let starter = -1
    let lastRank = -1 // Of what has been kept since the starter; −1 for nothing.
    let kept = 0
    for (let i = 0; i < length; i++) {
      const rank = this.ranks.data[i]!
      const composed = starter >= 0 && lastRank < rank ? compose(points[starter]!, points[i]!) : -1
      if (composed >= 0) {
        points[starter] = composed
        taken[starter]! += taken[i]!
        continue
      }
      if (rank === 0) {
        starter = kept
        lastRank = -1
      } else lastRank = rank
      points[kept] = points[i]!
      taken[kept++] = taken[i]!
    }
    this.points.length = this.ranks.length = this.taken.length = kept
  }
}

/** One of the forms as a function of aligned texts. */
function normalization(form: Form): (aligned: Aligned) => Aligned {
  const decomposition = form === 'NFC' || form === 'NFD' ? 'NFD' : 'NFKD'
  const composes = form === 'NFC' || form === 'NFKC'
  /** Of characters that are not plain: what each becomes alone, and its full decomposition. */
  const alone = new Map<number, string>()
  const decomposed = new Map<number, string>()

  const kinds = new CharacterTable((point) => {
    const character = String.fromCodePoint(point)
    const parts = characterIn(decomposition, character)
    decomposed.set(point, parts)
    if (isMark(String.fromCodePoint(parts.codePointAt(0)!)) || hangulTail.test(parts[0]!)) return JOINING
    const becomes = characterIn(form, character)
    if (becomes === character) return PLAIN
    alone.set(point, becomes)
    return CHANGED
  })

  const stretch = new Stretch()
  /** A character and those that join it, from `from` up to `to`. */
  const writeStretch = (text: string, from: number, to: number, writer: AlignedWriter): void => {
    stretch.clear()
    for (let i = from; i < to; ) {
      const point = text.codePointAt(i)!
      let taken = 1
      for (const part of decomposed.get(point)!) {
        const partPoint = part.codePointAt(0)!
        stretch.push(partPoint, rankOf(partPoint), taken)
        taken = 0
      }
      i += point > 0xffff ? 2 : 1
    }
    stretch.sort()
    if (composes) stretch.compose()
    let before = from
    let next = from
    for (let i = 0; i < stretch.points.length; i++) {
      const character = String.fromCodePoint(stretch.points.data[i]!)
      const taken = stretch.taken.data[i]!
      if (taken === 0) {
        writer.write(character, before, next)
        continue
      }
      writer.write(character, next, next + characterLength(text, next))
      for (let k = 0; k < taken; k++) {
        before = next
        next += characterLength(text, next)
      }
    }
  }

  const { units } = kinds
  return (aligned) => {
    const { text } = aligned
    const { length } = text
    let writer: AlignedWriter | undefined
    let done = 0
    for (let i = 0; i < length; ) {
      if (units[text.charCodeAt(i)] === PLAIN) {
        i++
        continue
      }
      const kind = kinds.at(text, i)
      if (kind === PLAIN) {
        i += characterLength(text, i)
        continue
      }
      const from = kind === JOINING && i > done ? characterBefore(text, i) : i
      i += characterLength(text, i)
      const second = i
      while (i < length && kinds.at(text, i) === JOINING) i += characterLength(text, i)
      writer ??= new AlignedWriter(aligned)
      writer.copy(done, from)
      if (kind === CHANGED && i === second) writer.write(alone.get(text.codePointAt(from)!)!, from, i)
      else writeStretch(text, from, i, writer)
      done = i
    }
    if (!writer) return aligned
    writer.copy(done, length)
    return writer.finish()
  }
}

const reader = (form: Form): StageReader<Normalizer> => {
  const normalize = normalization(form)
  return (field: Field) => ({ json: field.object(), normalize })
}

export const readNfc = reader('NFC')
export const readNfd = reader('NFD')
export const readNfkc = reader('NFKC')
export const readNfkd = reader('NFKD')

/** The canonical decomposition of a text. */
export const decompose = normalization('NFD')

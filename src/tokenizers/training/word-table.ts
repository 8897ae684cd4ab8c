/**
 * Counting the words of texts of any size in bounded memory. Words are looked up where they stand in the text, so that no string
 * is made of a word that was seen before, and none keeps the text alive that it was cut from.
 */
import { enlarged } from '../text/integer-list.ts'

/** Bounds on what is kept: when there are more words, or they take more UTF-16 code units, the rarest are forgotten. */
export type TableBounds = { readonly words: number; readonly units: number }

/** What learns from so many words stays well below a gigabyte. */
const usualBounds: TableBounds = { words: 2 ** 20, units: 5 * 2 ** 21 }

/** Words that were seen so often or oftener are equally common where some have to be forgotten. */
const commonest = 255

export class WordTable {
  readonly #bounds: TableBounds
  /** An open-addressing table of word numbers plus one; 0 is free. */
  #slots = new Int32Array(1 << 12)
  /** Word w: units[ends[w − 1], ends[w]), seen counts[w] times. */
  #units = new Uint16Array(1 << 14)
  #ends = new Int32Array(1 << 10)
  #counts = new Float64Array(1 << 10)
  #size = 0
  /** How many words were forgotten so far; one that comes again later is counted from 1. */
  forgotten = 0

  constructor(bounds: TableBounds = usualBounds) {
    this.#bounds = bounds
  }

  /** How many different words there are. */
  get size(): number {
    return this.#size
  }

  /** Counts the word text[start, end). */
  add(text: string, start: number, end: number): void {
    let hash = end - start
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x9e3779b1)
    const mask = this.#slots.length - 1
    let slot = mix(hash) & mask
    for (let entry = this.#slots[slot]!; entry !== 0; entry = this.#slots[slot]!) {
      if (this.#holds(entry - 1, text, start, end)) {
        this.#counts[entry - 1]!++
        return
      }
      slot = (slot + 1) & mask
    }
    this.#insert(slot, text, start, end)
  }

  #start(word: number): number {
    return word === 0 ? 0 : this.#ends[word - 1]!
  }

  #holds(word: number, text: string, start: number, end: number): boolean {
    const from = this.#start(word)
    if (this.#ends[word]! - from !== end - start) return false
    for (let i = 0; i < end - start; i++) if (this.#units[from + i] !== text.charCodeAt(start + i)) return false
    return true
  }

  #insert(slot: number, text: string, start: number, end: number): void {
    let at = this.#start(this.#size)
    const length = end - start
    if (at + length > this.#units.length)
      this.#units = enlarged(this.#units, Math.max(2 * this.#units.length, at + length))
    for (let i = start; i < end; i++) this.#units[at++] = text.charCodeAt(i)
    if (this.#size === this.#ends.length) {
      this.#ends = enlarged(this.#ends, 2 * this.#size)
      this.#counts = enlarged(this.#counts, 2 * this.#size)
    }
    this.#ends[this.#size] = at
    this.#counts[this.#size] = 1
    this.#slots[slot] = ++this.#size
    if (this.#size > this.#bounds.words || at > this.#bounds.units) this.#forget()
    else if (2 * this.#size > this.#slots.length) this.#place(2 * this.#slots.length)
  }

  /** Puts all words into a table of so many slots. */
  #place(slots: number): void {
    this.#slots = new Int32Array(slots)
    for (let word = 0; word < this.#size; word++) {
      const from = this.#start(word)
      const end = this.#ends[word]!
      let hash = end - from
      for (let i = from; i < end; i++) hash = Math.imul(hash ^ this.#units[i]!, 0x9e3779b1)
      let slot = mix(hash) & (slots - 1)
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (slots - 1)
      this.#slots[slot] = word + 1
    }
  }

  /** Forgets the rarest words, at least half of all and half of the units; of equally rare ones those that were seen first. */
  #forget(): void {
    const all = this.#size
    const lengthOf = (word: number) => this.#ends[word]! - this.#start(word)
    const rarity = (word: number) => Math.min(this.#counts[word]!, commonest)
    const words = new Float64Array(commonest + 1)
    const units = new Float64Array(commonest + 1)
    for (let word = 0; word < all; word++) {
      words[rarity(word)]!++
      units[rarity(word)]! += lengthOf(word)
    }
    // All of the classes below `last` go, and of that one as many as it takes.
    let [wordsLeft, unitsLeft, last] = [all / 2, this.#start(all) / 2, 0]
    for (; wordsLeft > words[last]! || unitsLeft > units[last]!; last++) {
      wordsLeft -= words[last]!
      unitsLeft -= units[last]!
    }
    let [size, at, from] = [0, 0, 0]
    for (let word = 0; word < all; word++) {
      const end = this.#ends[word]!
      const goes = rarity(word) < last || (rarity(word) === last && (wordsLeft > 0 || unitsLeft > 0))
      if (goes && rarity(word) === last) {
        wordsLeft--
        unitsLeft -= end - from
      }
      if (!goes) {
        this.#units.copyWithin(at, from, end)
        at += end - from
        this.#ends[size] = at
        this.#counts[size++] = this.#counts[word]!
      }
      from = end
    }
    this.forgotten += all - size
    this.#size = size
    this.#place(this.#slots.length)
  }

  /** The words and their counts, in the order in which they were first seen. */
  *[Symbol.iterator](): Generator<[string, number]> {
    for (let word = 0; word < this.#size; word++)
      yield [textOf(this.#units.subarray(this.#start(word), this.#ends[word])), this.#counts[word]!]
  }
}

/** Spreads the entropy of the high bits to the low ones. */
const mix = (hash: number): number => hash ^ (hash >>> 15)

/** Units → string, a stretch at a time: `String.fromCharCode` takes its arguments on the stack. */
function textOf(units: Uint16Array): string {
  let text = ''
  for (let i = 0; i < units.length; i += 4096) text += String.fromCharCode(...units.subarray(i, i + 4096))
  return text
}

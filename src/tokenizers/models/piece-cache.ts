/**
 * Remembers what pieces became: words repeat, and looking one up is far faster than merging it again. Pieces are looked up where
 * they stand in the text, without making a string of each.
 */
import type { Spelling } from '../text/bytes.ts'
import { IntegerList } from '../text/integer-list.ts'
import type { Model } from './index.ts'

/** Longer pieces seldom come again and would fill the memory. */
const longestKept = 64
const mostKept = 1 << 16
const fewestSlots = 1 << 12

/** Two units of a text as one number; `end` is where the piece ends. */
const pairAt = (text: string, index: number, end: number): number =>
  index + 1 < end ? text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16) : text.charCodeAt(index)

/** Pieces → tokens as `Model.tokenize` gives them, but in units of the piece before it is spelled for the model. */
export class PieceCache {
  readonly model: Model
  readonly #spelling: Spelling | undefined
  /** An open-addressing table: a piece's hash, and one more than where its record begins; 0 is free. It is at most half full. */
  #slots = new Int32Array(2 * fewestSlots)
  #entries = 0
  /** What is read together lies together: of each piece how many units and tokens it has, its units by twos, its tokens. */
  readonly #records = new IntegerList(1 << 12)

  /** The tokens found last: three numbers each, from where `find` says up to `to`. */
  data: Int32Array = this.#records.data
  to = 0

  constructor(model: Model, spelling: Spelling | undefined) {
    this.model = model
    this.#spelling = spelling
  }

  /** Finds the tokens of the piece text[start, end) and leaves them in `data`. @returns where they begin there */
  find(text: string, start: number, end: number): number {
    const length = end - start
    if (length > longestKept) {
      this.data = new Int32Array(this.#tokenize(text.slice(start, end)))
      this.to = this.data.length
      return 0
    }
    let hash = length
    for (let i = start; i < end; i += 2) {
      hash = Math.imul(hash ^ pairAt(text, i, end), 0x9e3779b1)
      hash ^= hash >>> 15
    }
    const slots = this.#slots
    const mask = slots.length - 2
    for (let slot = (hash << 1) & mask; slots[slot + 1] !== 0; slot = (slot + 2) & mask) {
      if (slots[slot] !== hash) continue
      const record = slots[slot + 1]! - 1
      const records = this.#records.data
      if (records[record] !== length) continue
      let at = record + 2
      let i = start
      while (i < end && records[at] === pairAt(text, i, end)) {
        at++
        i += 2
      }
      if (i < end) continue
      this.data = records
      this.to = at + 3 * records[record + 1]!
      return at
    }
    return this.#remember(hash, text, start, end)
  }

  #remember(hash: number, text: string, start: number, end: number): number {
    const tokens = this.#tokenize(text.slice(start, end))
    const records = this.#records
    if (this.#entries === mostKept) {
      // Starting over keeps what is in use now, at the price of working it out once more.
      this.#slots = new Int32Array(2 * fewestSlots)
      this.#entries = records.length = 0
    } else if (4 * this.#entries >= this.#slots.length) this.#widen()
    this.#place(hash, records.length + 1)
    this.#entries++
    records.pushPair(end - start, tokens.length / 3)
    for (let i = start; i < end; i += 2) records.push(pairAt(text, i, end))
    const at = records.length
    for (const number of tokens) records.push(number)
    this.data = records.data
    this.to = records.length
    return at
  }

  #place(hash: number, record: number): void {
    const slots = this.#slots
    const mask = slots.length - 2
    let slot = (hash << 1) & mask
    while (slots[slot + 1] !== 0) slot = (slot + 2) & mask
    slots[slot] = hash
    slots[slot + 1] = record
  }

  #widen(): void {
    const old = this.#slots
    this.#slots = new Int32Array(2 * old.length)
    for (let slot = 0; slot < old.length; slot += 2) if (old[slot + 1] !== 0) this.#place(old[slot]!, old[slot + 1]!)
  }

  /** What each token of a piece stands for, as the model sees it. */
  texts(piece: string): string[] {
    const seen = this.#spelling?.(piece).text ?? piece
    const tokens = this.model.tokenize(seen)
    return Array.from({ length: tokens.length / 3 }, (_, i) => seen.slice(tokens[3 * i + 1], tokens[3 * i + 2]))
  }

  #tokenize(piece: string): number[] {
    if (!this.#spelling) return this.model.tokenize(piece)
    const { text, starts, ends } = this.#spelling(piece)
    const tokens = this.model.tokenize(text)
    if (starts && ends)
      for (let i = 0; i < tokens.length; i += 3) {
        tokens[i + 1] = starts[tokens[i + 1]!]!
        tokens[i + 2] = ends[tokens[i + 2]! - 1]!
      }
    return tokens
  }
}

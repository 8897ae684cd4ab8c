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
const slotMask = 4 * mostKept - 1

/** Pieces → tokens as `Model.tokenize` gives them, but in units of the piece before it is spelled for the model. */
export class PieceCache {
  readonly model: Model
  readonly #spelling: Spelling | undefined
  /** An open-addressing table of entry numbers plus one; 0 is free. */
  readonly #slots = new Int32Array(slotMask + 1)
  #entries = 0
  /** Entry e: its units are keys[keyEnds[e − 1], keyEnds[e]), its tokens values[valueEnds[e − 1], valueEnds[e]). */
  readonly #keys = new IntegerList(1024)
  readonly #keyEnds = new IntegerList(1024)
  readonly #values = new IntegerList(1024)
  readonly #valueEnds = new IntegerList(1024)

  /** The tokens found last: `data[from, to)`, three numbers each. */
  data: Int32Array = this.#values.data
  from = 0
  to = 0

  constructor(model: Model, spelling: Spelling | undefined) {
    this.model = model
    this.#spelling = spelling
  }

  /** Finds the tokens of the piece text[start, end) and leaves them in `data`, `from` and `to`. */
  find(text: string, start: number, end: number): void {
    const length = end - start
    if (length > longestKept) {
      this.data = this.#tokenize(text.slice(start, end))
      this.from = 0
      this.to = this.data.length
      return
    }
    let hash = length
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x9e3779b1)
    hash ^= hash >>> 15
    let slot = hash & slotMask
    for (let entry = this.#slots[slot]!; entry !== 0; entry = this.#slots[slot]!) {
      if (this.#holds(entry - 1, text, start, length)) {
        this.data = this.#values.data
        this.from = entry === 1 ? 0 : this.#valueEnds.data[entry - 2]!
        this.to = this.#valueEnds.data[entry - 1]!
        return
      }
      slot = (slot + 1) & slotMask
    }
    this.#remember(slot, hash, text, start, end)
  }

  #holds(entry: number, text: string, start: number, length: number): boolean {
    const keys = this.#keys.data
    const keyStart = entry === 0 ? 0 : this.#keyEnds.data[entry - 1]!
    if (this.#keyEnds.data[entry]! - keyStart !== length) return false
    for (let i = 0; i < length; i++) if (keys[keyStart + i] !== text.charCodeAt(start + i)) return false
    return true
  }

  #remember(slot: number, hash: number, text: string, start: number, end: number): void {
    const tokens = this.#tokenize(text.slice(start, end))
    if (this.#entries === mostKept) {
      // Starting over keeps what is in use now, at the price of working it out once more.
      this.#slots.fill(0)
      this.#entries = this.#keys.length = this.#keyEnds.length = this.#values.length = this.#valueEnds.length = 0
      slot = hash & slotMask
    }
    this.#slots[slot] = ++this.#entries
    for (let i = start; i < end; i++) this.#keys.push(text.charCodeAt(i))
    this.#keyEnds.push(this.#keys.length)
    this.from = this.#values.length
    for (const value of tokens) this.#values.push(value)
    this.to = this.#values.length
    this.#valueEnds.push(this.to)
    this.data = this.#values.data
  }

  /** What each token of a piece stands for, as the model sees it. */
  texts(piece: string): string[] {
    const seen = this.#spelling?.(piece).text ?? piece
    const tokens = this.model.tokenize(seen)
    return Array.from({ length: tokens.length / 3 }, (_, i) => seen.slice(tokens[3 * i + 1], tokens[3 * i + 2]))
  }

  #tokenize(piece: string): Int32Array {
    if (!this.#spelling) return Int32Array.from(this.model.tokenize(piece))
    const { text, starts, ends } = this.#spelling(piece)
    const tokens = Int32Array.from(this.model.tokenize(text))
    if (starts && ends)
      for (let i = 0; i < tokens.length; i += 3) {
        tokens[i + 1] = starts[tokens[i + 1]!]!
        tokens[i + 2] = ends[tokens[i + 2]! - 1]!
      }
    return tokens
  }
}

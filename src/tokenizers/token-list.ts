/** The tokens of one text before special tokens are put around it: written into memory that lasts, kept in memory of their size. */
import { enlarged } from './text/integer-list.ts'

/** Numbers of a token: its id, and where it begins and ends in the text, in UTF-16 code units. */
const width = 3

/**
 * Numbers of a shelf, on which the tokens of short texts lie side by side: an array of its own costs more time and memory than the
 * tokens of a line. Who keeps one of these texts keeps 8 KB.
 */
const shelfSize = 2048
/** More than that gets an array of its own. */
const shortest = shelfSize >> 2
/** Memory to write into that is larger than so many numbers is not kept for the next text. */
const mostKept = 1 << 16

const noLabels: ReadonlyMap<number, string> = new Map()

/** Tokens in the order of the text. */
export class TokenList {
  readonly text: string
  readonly length: number
  /** The matched text of tokens whose spelling in the vocabulary is another, by position. */
  readonly labels: ReadonlyMap<number, string>
  readonly #numbers: Int32Array
  readonly #from: number
  /** The tokens are `numbers` from `from` on, three for each. */
  constructor(text: string, length: number, labels: ReadonlyMap<number, string>, numbers: Int32Array, from: number) {
    this.text = text
    this.length = length
    this.labels = labels
    this.#numbers = numbers
    this.#from = from
  }

  id(index: number): number {
    return this.#numbers[this.#from + width * index]!
  }

  start(index: number): number {
    return this.#numbers[this.#from + width * index + 1]!
  }

  end(index: number): number {
    return this.#numbers[this.#from + width * index + 2]!
  }
}

/** Writes the tokens of one text after the other. */
export class TokenWriter {
  #numbers = new Int32Array(shortest)
  #size = 0
  #labels: Map<number, string> | undefined
  #shelf = new Int32Array(shelfSize)
  #shelved = 0

  /** Forgets what was written of a text that could not be finished. */
  begin(): void {
    this.#size = 0
    this.#labels = undefined
  }

  push(id: number, start: number, end: number): void {
    const at = this.#size
    if (at + width > this.#numbers.length) this.#numbers = enlarged(this.#numbers, 2 * this.#numbers.length)
    const numbers = this.#numbers
    numbers[at] = id
    numbers[at + 1] = start
    numbers[at + 2] = end
    this.#size = at + width
  }

  /** How many tokens were written. */
  get length(): number {
    return this.#size / width
  }

  /** Makes one token of neighbors that have an id, from token `from` on. None of them may have a label. */
  join(id: number, from: number): void {
    const numbers = this.#numbers
    let kept = from * width
    for (let i = kept; i < this.#size; i += width) {
      if (kept > from * width && numbers[i] === id && numbers[kept - width] === id) {
        numbers[kept - 1] = numbers[i + 2]!
        continue
      }
      numbers.copyWithin(kept, i, i + width)
      kept += width
    }
    this.#size = kept
  }

  /** Says what text the token that is pushed next was matched with, where it is not the token's own. */
  label(text: string): void {
    this.#labels ??= new Map()
    this.#labels.set(this.#size / width, text)
  }

  /** What was written since `begin` as the tokens of `text`. */
  finish(text: string): TokenList {
    const size = this.#size
    const numbers = size > shortest ? this.#numbers.slice(0, size) : this.#place(size)
    const from = size > shortest ? 0 : this.#shelved - size
    if (this.#numbers.length > mostKept) this.#numbers = new Int32Array(shortest)
    return new TokenList(text, size / width, this.#labels ?? noLabels, numbers, from)
  }

  /** Copies a few numbers to the shelf. */
  #place(size: number): Int32Array {
    if (this.#shelved + size > shelfSize) {
      this.#shelf = new Int32Array(shelfSize)
      this.#shelved = 0
    }
    const shelf = this.#shelf
    const at = this.#shelved
    // A view and `set` would cost more.
    for (let i = 0; i < size; i++) shelf[at + i] = this.#numbers[i]!
    this.#shelved = at + size
    return shelf
  }
}

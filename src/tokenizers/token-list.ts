/** The tokens of one text before special tokens are put around it, as columns that grow. */
import { enlarged } from './text/integer-list.ts'

/** Integers that V8 keeps beside the array's object: larger arrays cost ten times as much to make. */
const few = 16

export class TokenList {
  readonly text: string
  ids: Int32Array
  /** Where each token begins and ends in the text, in UTF-16 code units. */
  starts: Int32Array
  ends: Int32Array
  length = 0
  /** The matched text of added tokens, by position, where it holds white space beside the token. */
  readonly labels = new Map<number, string>()

  constructor(text: string) {
    this.text = text
    // A token of most texts has about four characters.
    const capacity = Math.max(few, text.length >> 2)
    this.ids = new Int32Array(capacity)
    this.starts = new Int32Array(capacity)
    this.ends = new Int32Array(capacity)
  }

  push(id: number, start: number, end: number): void {
    if (this.length === this.ids.length) this.#grow()
    this.ids[this.length] = id
    this.starts[this.length] = start
    this.ends[this.length++] = end
  }

  #grow(): void {
    const capacity = 2 * this.ids.length
    this.ids = enlarged(this.ids, capacity)
    this.starts = enlarged(this.starts, capacity)
    this.ends = enlarged(this.ends, capacity)
  }
}

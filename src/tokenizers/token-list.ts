/** The tokens of one text before special tokens are put around it, as columns that grow. */

export class TokenList {
  readonly text: string
  ids = new Int32Array(64)
  /** Where each token begins and ends in the text, in UTF-16 code units. */
  starts = new Int32Array(64)
  ends = new Int32Array(64)
  length = 0
  /** The matched text of added tokens, by position, where it holds white space beside the token. */
  readonly labels = new Map<number, string>()

  constructor(text: string) {
    this.text = text
  }

  push(id: number, start: number, end: number): void {
    if (this.length === this.ids.length) this.#grow()
    this.ids[this.length] = id
    this.starts[this.length] = start
    this.ends[this.length++] = end
  }

  #grow(): void {
    const larger = (old: Int32Array) => {
      const column = new Int32Array(2 * old.length)
      column.set(old)
      return column
    }
    this.ids = larger(this.ids)
    this.starts = larger(this.starts)
    this.ends = larger(this.ends)
  }
}

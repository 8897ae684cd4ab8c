/** A set of characters that is written down as a list. */

/** Sorted ranges of code points, spelled as hexadecimal numbers: `41-5a 5f`. */
export class CodePointRanges {
  readonly #bounds: Int32Array
  constructor(spelled: string) {
    this.#bounds = Int32Array.from(
      spelled.split(' ').flatMap((range) => {
        const [first, last = first] = range.split('-')
        return [Number.parseInt(first!, 16), Number.parseInt(last!, 16)]
      }),
    )
  }

  has(codePoint: number): boolean {
    let low = 0
    let high = this.#bounds.length >> 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#bounds[2 * middle + 1]! < codePoint) low = middle + 1
      else high = middle
    }
    return low < this.#bounds.length >> 1 && this.#bounds[2 * low]! <= codePoint
  }
}

/** How often each pair of neighboring symbols occurs, kept up to date while words change. */

export class PairCounts {
  readonly #counts = new Map<number, number>()
  #grown = new Map<number, number[]>()
  readonly #size: number
  /** `size` is more than any symbol's id. */
  constructor(size: number) {
    this.#size = size
  }

  /** The symbols of a pair. A pair is one number, left · size + right, so that keys are ordered as pairs are. */
  pair(key: number): [left: number, right: number] {
    return [Math.floor(key / this.#size), key % this.#size]
  }

  count(key: number): number {
    return this.#counts.get(key) ?? 0
  }

  /** The pair occurs `change` times more (or less) in `word`. */
  add(left: number, right: number, change: number, word: number): void {
    const key = left * this.#size + right
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + change)
    if (change < 0) return
    const words = this.#grown.get(key)
    if (!words) this.#grown.set(key, [word])
    else if (words[words.length - 1] !== word) words.push(word)
  }

  /** The pairs that became more frequent since this was last asked, and in which words. */
  takeGrown(): Map<number, number[]> {
    const grown = this.#grown
    this.#grown = new Map()
    return grown
  }
}

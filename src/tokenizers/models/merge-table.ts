/** The merges of byte pair encoding as one open-addressing table of integers: pair of ids → rank and merged id. */

export class MergeTable {
  readonly #mask: number
  readonly #lefts: Int32Array
  readonly #rights: Int32Array
  readonly #ranks: Int32Array
  readonly #merged: Int32Array

  /** `capacity` is the most pairs that will be set. */
  constructor(capacity: number) {
    const slots = 1 << Math.max(4, 33 - Math.clz32(capacity))
    this.#mask = slots - 1
    this.#lefts = new Int32Array(slots).fill(-1)
    this.#rights = new Int32Array(slots)
    this.#ranks = new Int32Array(slots)
    this.#merged = new Int32Array(slots)
  }

  /** The slot that holds a pair, or the free one where it would go. */
  #slot(left: number, right: number): number {
    let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)
    hash ^= hash >>> 15
    let slot = hash & this.#mask
    while (this.#lefts[slot] !== -1 && (this.#lefts[slot] !== left || this.#rights[slot] !== right))
      slot = (slot + 1) & this.#mask
    return slot
  }

  /** Setting a pair again replaces it. */
  set(left: number, right: number, rank: number, merged: number): void {
    const slot = this.#slot(left, right)
    this.#lefts[slot] = left
    this.#rights[slot] = right
    this.#ranks[slot] = rank
    this.#merged[slot] = merged
  }

  /** The handle of a pair for `rank` and `merged`, or −1 if it does not merge. */
  find(left: number, right: number): number {
    const slot = this.#slot(left, right)
    return this.#lefts[slot] === -1 ? -1 : slot
  }

  rank(handle: number): number {
    return this.#ranks[handle]!
  }

  merged(handle: number): number {
    return this.#merged[handle]!
  }
}

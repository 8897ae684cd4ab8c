/** The merges of byte pair encoding as one open-addressing table of integers: pair of ids → rank and merged id. */

/** Numbers per slot: the left id plus one (0 is a free slot), the right id, rank, merged id. Side by side they are read at once. */
const stride = 4

export class MergeTable {
  readonly #mask: number
  readonly #slots: Int32Array
  /** One more than the largest rank. */
  ranks = 0

  /** `capacity` is the most pairs that will be set. */
  constructor(capacity: number) {
    // Most pairs do not merge; at a load of a quarter that takes one look.
    const slots = 1 << Math.max(4, 34 - Math.clz32(capacity))
    this.#mask = slots - 1
    this.#slots = new Int32Array(slots * stride)
  }

  /** Where the slot that holds a pair begins, or the free one where it would go. */
  #locate(left: number, right: number): number {
    const slots = this.#slots
    let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)
    hash ^= hash >>> 15
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * stride
      const owner = slots[at]!
      if (owner === 0 || (owner === left + 1 && slots[at + 1] === right)) return at
    }
  }

  /** Setting a pair again replaces it. */
  set(left: number, right: number, rank: number, merged: number): void {
    const at = this.#locate(left, right)
    this.#slots[at] = left + 1
    this.#slots[at + 1] = right
    this.#slots[at + 2] = rank
    this.#slots[at + 3] = merged
    this.ranks = Math.max(this.ranks, rank + 1)
  }

  /** The handle of a pair for `rank` and `merged`, or −1 if it does not merge. */
  find(left: number, right: number): number {
    const at = this.#locate(left, right)
    return this.#slots[at] === 0 ? -1 : at
  }

  rank(handle: number): number {
    return this.#slots[handle + 2]!
  }

  merged(handle: number): number {
    return this.#slots[handle + 3]!
  }
}

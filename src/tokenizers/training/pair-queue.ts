/** The pairs that may be merged next: the most frequent first, among equals the one with the smaller key. */

export type QueuedPair = { key: number; count: number; words: ArrayLike<number> }

const before = (a: QueuedPair, b: QueuedPair) => a.count > b.count || (a.count === b.count && a.key < b.key)

/** A binary heap. */
export class PairQueue {
  readonly #items: QueuedPair[] = []

  push(key: number, count: number, words: ArrayLike<number>): void {
    const item = { key, count, words }
    const items = this.#items
    let at = items.length
    items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(item, items[parent]!)) break
      items[at] = items[parent]!
      at = parent
    }
    items[at] = item
  }

  pop(): QueuedPair | undefined {
    const items = this.#items
    const top = items[0]
    const item = items.pop()
    if (items.length === 0 || !item) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && before(items[child + 1]!, items[child]!)) child++
      if (!before(items[child]!, item)) break
      items[at] = items[child]!
      at = child
    }
    items[at] = item
    return top
  }
}

/** The merges that a piece of text still waits for, in the order in which byte pair encoding does them: by rank, then by place. */
import { enlarged, IntegerList } from '../text/integer-list.ts'

/** A heap of numbers, smallest first, of four children per node: fewer steps that miss the processor's cache than of two. */
class Heap {
  #items: Float64Array
  size = 0
  constructor(capacity: number) {
    this.#items = new Float64Array(Math.max(1, capacity))
  }

  get top(): number {
    return this.#items[0]!
  }

  push(item: number): void {
    if (this.size === this.#items.length) this.#items = enlarged(this.#items, 2 * this.size)
    const items = this.#items
    let at = this.size++
    while (at > 0) {
      const parent = (at - 1) >> 2
      if (items[parent]! <= item) break
      items[at] = items[parent]!
      at = parent
    }
    items[at] = item
  }

  pop(): number {
    const items = this.#items
    const top = items[0]!
    const size = --this.size
    const item = items[size]!
    let at = 0
    for (;;) {
      const first = 4 * at + 1
      if (first >= size) break
      const end = Math.min(first + 4, size)
      let child = first
      let least = items[first]!
      for (let i = first + 1; i < end; i++)
        if (items[i]! < least) {
          child = i
          least = items[i]!
        }
      if (least >= item) break
      items[at] = least
      at = child
    }
    items[at] = item
    return top
  }
}

const places = 2 ** 31
/** For fewer symbols the heap is fast enough, and cheaper than a list for each rank. */
const fewestForLists = 4096

/**
 * Merges come mostly in the order of their ranks: a token is learned before what is made of it. So each rank has a list, the
 * ranks are gone through once, and only what comes late, to a rank that has had its turn, goes through a heap.
 */
export class MergeQueue {
  /** What was taken last. */
  rank = -1
  place = -1
  readonly #late: Heap
  /** The rank whose turn it is; beyond the last where all goes through the heap. */
  #turn: number
  /** The newest entry of each rank's list, or −1; an entry is a place and the entry before it. */
  readonly #newest: Int32Array
  readonly #places = new IntegerList()
  readonly #before = new IntegerList()
  /** The places of the rank whose turn it is, in order, and how many of them were taken. */
  readonly #current = new IntegerList()
  #taken = 0

  /** `count` symbols, merges of ranks below `ranks`. */
  constructor(count: number, ranks: number) {
    const lists = count >= fewestForLists
    this.#late = new Heap(lists ? 64 : count)
    this.#turn = lists ? -1 : ranks
    this.#newest = new Int32Array(lists ? ranks : 0).fill(-1)
  }

  push(rank: number, place: number): void {
    if (rank <= this.#turn) {
      this.#late.push(rank * places + place)
      return
    }
    this.#places.push(place)
    this.#before.push(this.#newest[rank]!)
    this.#newest[rank] = this.#places.length - 1
  }

  /** Leaves the next merge in `rank` and `place`; false if there is none. */
  take(): boolean {
    const late = this.#late
    while (late.size === 0 && this.#taken === this.#current.length) if (!this.#advance()) return false
    const listed = this.#taken < this.#current.length
    if (listed && (late.size === 0 || late.top >= this.#turn * places + this.#current.data[this.#taken]!)) {
      this.rank = this.#turn
      this.place = this.#current.data[this.#taken++]!
      return true
    }
    const item = late.pop()
    this.rank = Math.floor(item / places)
    this.place = item - this.rank * places
    return true
  }

  /** Turns to the next rank; false after the last. */
  #advance(): boolean {
    if (this.#turn + 1 >= this.#newest.length) return false
    const current = this.#current
    current.length = this.#taken = 0
    const before = this.#before.data
    let ascending = true
    for (let entry = this.#newest[++this.#turn]!; entry >= 0; entry = before[entry]!) {
      const place = this.#places.data[entry]!
      if (current.length > 0 && place > current.data[current.length - 1]!) ascending = false
      current.push(place)
    }
    // The newest come first: in a text that was gone through from left to right that is the order, turned around.
    if (ascending) current.view().reverse()
    else current.view().sort()
    return true
  }
}

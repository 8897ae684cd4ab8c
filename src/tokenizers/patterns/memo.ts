/** What is known about positions of a text at marked places of a program: that they fail, or how they end. */
import { enlarged } from '../text/integer-list.ts'

/** Bytes that notes may take: enough for 20 places in 100 million characters. */
const mostBytes = 2 ** 28

/** An entry of the trail: mark, first position, last position. */
const entrySize = 3

/**
 * A mark is noted as failing when it is passed, since whoever comes by again comes after it has failed. The trail holds those passed
 * on the way to where the matcher is: if that turns out to be a match, they are set right.
 */
export class Memo {
  trailLength = 0
  #trail = new Int32Array(64 * entrySize)
  readonly #from: number
  readonly #size: number
  readonly #ownMarks: number
  /** A bit for each position, for the marks of the pattern itself: those of a match are behind the next search. */
  readonly #own: (Uint8Array | undefined)[]
  /** -1 or end + 1 for each position, for the marks of lookarounds and atomic groups: the next search asks again. */
  readonly #inner: (Int32Array | undefined)[]
  #bytes = 0
  readonly #giveUp: () => never

  constructor(marks: number, ownMarks: number, from: number, to: number, giveUp: () => never) {
    this.#own = new Array(ownMarks)
    this.#inner = new Array(marks - ownMarks)
    this.#ownMarks = ownMarks
    this.#from = from
    this.#size = to - from + 1
    this.#giveUp = giveUp
  }

  #take(bytes: number): number {
    this.#bytes += bytes
    if (this.#bytes > mostBytes) this.#giveUp()
    return bytes
  }

  /** 0: nothing is known; -1: it fails; else the end of the match plus 1. */
  look(mark: number, at: number): number {
    const i = at - this.#from
    if (mark >= this.#ownMarks) return this.#inner[mark - this.#ownMarks]?.[i] ?? 0
    const bits = this.#own[mark]
    return bits !== undefined && (bits[i >> 3]! >> (i & 7)) & 1 ? -1 : 0
  }

  /** Notes that a mark is passed at each of these positions. */
  enter(mark: number, first: number, last: number): void {
    if (first > last) return
    this.retrace(mark, first, last)
    const from = first - this.#from
    const to = last - this.#from
    if (mark >= this.#ownMarks) {
      const ends = (this.#inner[mark - this.#ownMarks] ??= new Int32Array(this.#take(4 * this.#size) / 4))
      ends.fill(-1, from, to + 1)
      return
    }
    const bits = (this.#own[mark] ??= new Uint8Array(this.#take((this.#size >> 3) + 1)))
    for (let i = from; i <= to; ) {
      if ((i & 7) === 0 && i + 7 <= to) {
        bits[i >> 3] = 0xff
        i += 8
      } else {
        bits[i >> 3]! |= 1 << (i & 7)
        i++
      }
    }
  }

  /** Puts positions that are noted on the trail again. */
  retrace(mark: number, first: number, last: number): void {
    if (this.trailLength + entrySize > this.#trail.length) this.#trail = enlarged(this.#trail, 2 * this.#trail.length)
    this.#trail[this.trailLength] = mark
    this.#trail[this.trailLength + 1] = first
    this.#trail[this.trailLength + 2] = last
    this.trailLength += entrySize
  }

  /** What is on the trail from `base` on led to a match that ends at `end`. */
  succeed(base: number, end: number): void {
    for (let t = base; t < this.trailLength; t += entrySize) {
      const mark = this.#trail[t]!
      const from = this.#trail[t + 1]! - this.#from
      const to = this.#trail[t + 2]! - this.#from
      if (mark >= this.#ownMarks) this.#inner[mark - this.#ownMarks]?.fill(end + 1, from, to + 1)
      else {
        const bits = this.#own[mark]
        if (bits !== undefined) for (let i = from; i <= to; i++) bits[i >> 3]! &= ~(1 << (i & 7))
      }
    }
    this.trailLength = base
  }
}

/** The tokens of a Unigram model that fit at each place of a piece, and the best way through them. */
import { characterLength } from '../text/unicode.ts'
import { Lattice } from './lattice.ts'
import { NO_TOKEN, type Trie } from './trie.ts'

/** Takes tokens that fit: by where they begin, then by length. */
type Sink = { add(id: number, start: number, end: number, score: number): void }

/** The best path to each unit of a piece, in arrays that are used again for the next piece. */
export class BestPaths implements Sink {
  #scores: Float64Array | Float32Array
  /** Where the last token of the path begins; −1 while no path is known. */
  #starts = new Int32Array(256)
  #ids = new Int32Array(256)
  #length = 0
  /** Where a path had to use an unknown character and there is no token for it: −1 if nowhere. */
  lacking = -1

  readonly #single: boolean
  readonly #Scores: Float64ArrayConstructor | Float32ArrayConstructor

  /** `single`: sums are kept in 32 bits, which decides between paths that differ in the order of their tokens alone. */
  constructor({ single = false }: { single?: boolean } = {}) {
    this.#single = single
    this.#Scores = single ? Float32Array : Float64Array
    this.#scores = new this.#Scores(256)
  }

  /** Makes room for a piece of `length` units; no path but the empty one is known. */
  reset(length: number): void {
    const wanted = Math.max(256, length + 1)
    // What one long text needed is not kept for ever.
    if (wanted > this.#starts.length || this.#starts.length > Math.max(65536, 4 * wanted)) {
      this.#scores = new this.#Scores(wanted)
      this.#starts = new Int32Array(wanted)
      this.#ids = new Int32Array(wanted)
    }
    this.#starts.fill(-1, 0, length + 1)
    this.#scores[0] = 0
    this.#length = length
    this.lacking = -1
  }

  /** The Viterbi algorithm. Of paths that are equally good the one whose last token is longest stays: it came first. */
  add(id: number, start: number, end: number, score: number): void {
    const sum = score + this.#scores[start]!
    const total = this.#single ? Math.fround(sum) : sum
    if (this.#starts[end]! >= 0 && total <= this.#scores[end]!) return
    this.#scores[end] = total
    this.#starts[end] = start
    this.#ids[end] = id
    if (id === NO_TOKEN) this.lacking = start
  }

  /** The best path to the end: its ids, and where each ends. */
  path(): { ids: number[]; ends: number[] } {
    const ids: number[] = []
    const ends: number[] = []
    for (let end = this.#length; end > 0; end = this.#starts[end]!) {
      ids.push(this.#ids[end]!)
      ends.push(end)
    }
    return { ids: ids.reverse(), ends: ends.reverse() }
  }
}

/** A Unigram model's tokens and their scores, by id. */
export class ScoredTokens {
  readonly #trie: Trie
  readonly #scores: Float64Array
  readonly #unknownId: number
  readonly #unknownScore: number
  /** 1 for the tokens that never fit. */
  readonly #hidden: Uint8Array

  /** `unknownScore` is that of a character that no token spells, written as `unknownId`, or `NO_TOKEN`. */
  constructor(trie: Trie, scores: Float64Array, hidden: ReadonlySet<number>, unknownId: number, unknownScore: number) {
    this.#trie = trie
    this.#scores = scores
    this.#hidden = new Uint8Array(scores.length)
    for (const id of hidden) this.#hidden[id] = 1
    this.#unknownId = unknownId
    this.#unknownScore = unknownScore
  }

  /** Tells all tokens that fit in a piece that begins at `origin`. */
  fit(piece: string, origin: number, sink: Sink): void {
    const trie = this.#trie
    const hidden = this.#hidden
    for (let start = 0; start < piece.length; ) {
      const next = start + characterLength(piece, start)
      let spelled = false
      let node = 0
      for (let i = start; i < piece.length; i++) {
        const cell = trie.child(node, piece.charCodeAt(i))
        if (cell < 0) break
        node = trie.node(cell)
        const id = trie.token(cell)
        if (id === NO_TOKEN || hidden[id] === 1) continue
        sink.add(id, origin + start, origin + i + 1, this.#scores[id]!)
        if (i + 1 === next) spelled = true
      }
      if (!spelled) sink.add(this.#unknownId, origin + start, origin + next, this.#unknownScore)
      start = next
    }
  }

  /** All ways to write the pieces of a text. */
  lattice(pieces: readonly string[]): Lattice {
    const lattice = new Lattice()
    for (const piece of pieces) {
      this.fit(piece, lattice.length, lattice)
      lattice.length += piece.length
    }
    return lattice
  }
}

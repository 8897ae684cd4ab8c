/** All ways to cut a word into pieces of a Unigram model, the best of them, and how often each piece is expected in them. */
import { Trie } from '../models/trie.ts'
import type { Corpus, Pieces } from './unigram-seeds.ts'

/** How much less likely an unknown character is than the least likely piece, as a logarithm. */
const unknownPenalty = 10
/** Symbols or pieces between two turns of others: about a millisecond's work. */
const stride = 1 << 12

/**
 * A Unigram model over a corpus (Kudo 2018, §3.2): a text's probability is the product of its pieces', and a character that no
 * piece stands for counts as piece 0. Buffers are kept from word to word.
 */
export class UnigramLattice {
  readonly #symbols: Int32Array
  readonly #trie = new Trie()
  readonly #scores: Float64Array
  readonly #found: Int32Array
  #alpha = new Float64Array(64)
  #beta = new Float64Array(64)
  #back = new Int32Array(64)

  private constructor({ symbols }: Corpus, { lengths, scores }: Pieces) {
    this.#symbols = symbols
    let longest = 1
    for (const length of lengths) longest = Math.max(longest, length)
    this.#found = new Int32Array(longest)
    let least = Number.POSITIVE_INFINITY
    for (let i = 1; i < scores.length; i++) least = Math.min(least, scores[i]!)
    this.#scores = scores.slice()
    this.#scores[0] = least - unknownPenalty
  }

  /** All methods are generators: they give others their turn within a long word and among many pieces. */
  static *over(corpus: Corpus, pieces: Pieces): Generator<void, UnigramLattice> {
    const lattice = new UnigramLattice(corpus, pieces)
    const { starts, lengths } = pieces
    for (let piece = 1; piece < starts.length; piece++) {
      lattice.#trie.addUnits(corpus.symbols, starts[piece]!, starts[piece]! + lengths[piece]!, piece)
      if (piece % stride === 0) yield
    }
    return lattice
  }

  /**
   * Writes the pieces that begin at a place and end by `end` into `#found`, a piece of n symbols at n - 1; 0 where there is none of
   * a length, and in the first place where the character is none. Gives the greatest length.
   */
  #match(from: number, end: number): number {
    const [symbols, trie, found] = [this.#symbols, this.#trie, this.#found]
    let longest = 1
    found[0] = 0
    let node = 0
    for (let at = from; at < end; at++) {
      const cell = trie.child(node, symbols[at]!)
      if (cell < 0) break
      const piece = trie.token(cell)
      found[at - from] = Math.max(0, piece)
      if (piece > 0) longest = at - from + 1
      node = trie.node(cell)
    }
    return longest
  }

  #reserve(size: number): void {
    if (size <= this.#alpha.length) return
    this.#alpha = new Float64Array(2 * size)
    this.#beta = new Float64Array(2 * size)
    this.#back = new Int32Array(2 * size)
  }

  /**
   * Adds to `expected` how often each piece is expected in the text [start, end), over all ways to cut it by their
   * probability, times `count`: the forward–backward algorithm on logarithms.
   */
  *addExpected(start: number, end: number, count: number, expected: Float64Array): Generator<void, void> {
    const size = end - start
    this.#reserve(size + 1)
    const [found, scores, alpha, beta] = [this.#found, this.#scores, this.#alpha, this.#beta]
    // Going forward, what reaches a place is the sum `beta` over the exponential of its greatest term, in `alpha`.
    alpha.fill(Number.NEGATIVE_INFINITY, 0, size + 1)
    alpha[0] = 0
    beta[0] = 1
    for (let from = 0; from < size; from++) {
      if (from % stride === stride - 1) yield
      const here = (alpha[from]! += Math.log(beta[from]!))
      const most = this.#match(start + from, end)
      for (let length = 1; length <= most; length++) {
        const piece = found[length - 1]!
        if (piece === 0 && length > 1) continue
        const term = here + scores[piece]!
        const to = from + length
        const greatest = alpha[to]!
        if (term > greatest) {
          beta[to] = greatest === Number.NEGATIVE_INFINITY ? 1 : beta[to]! * Math.exp(greatest - term) + 1
          alpha[to] = term
        } else beta[to]! += Math.exp(term - greatest)
      }
    }
    const total = alpha[size]! + Math.log(beta[size]!)
    beta[size] = 0
    for (let from = size - 1; from >= 0; from--) {
      if (from % stride === stride - 1) yield
      const most = this.#match(start + from, end)
      let greatest = Number.NEGATIVE_INFINITY
      for (let length = 1; length <= most; length++) {
        const piece = found[length - 1]!
        if (piece === 0 && length > 1) continue
        greatest = Math.max(greatest, scores[piece]! + beta[from + length]!)
      }
      const share = count * Math.exp(alpha[from]! + greatest - total)
      let sum = 0
      for (let length = 1; length <= most; length++) {
        const piece = found[length - 1]!
        if (piece === 0 && length > 1) continue
        const part = Math.exp(scores[piece]! + beta[from + length]! - greatest)
        sum += part
        expected[piece]! += share * part
      }
      beta[from] = greatest + Math.log(sum)
    }
  }

  /**
   * The most likely way to cut [start, end), by Viterbi's algorithm; among equals the one whose last pieces are longer. Writes
   * its pieces into `into`, the last first. With `parts`, the text as a whole is not taken.
   */
  *best(start: number, end: number, into: number[], parts = false): Generator<void, void> {
    const size = end - start
    this.#reserve(size + 1)
    const [found, scores, alpha, back, ids] = [this.#found, this.#scores, this.#alpha, this.#back, this.#beta]
    alpha.fill(Number.NEGATIVE_INFINITY, 0, size + 1)
    alpha[0] = 0
    for (let from = 0; from < size; from++) {
      if (from % stride === stride - 1) yield
      const most = this.#match(start + from, end)
      for (let length = 1; length <= most; length++) {
        const piece = found[length - 1]!
        if ((piece === 0 && length > 1) || (parts && length === size)) continue
        const score = alpha[from]! + scores[piece]!
        if (score <= alpha[from + length]!) continue
        alpha[from + length] = score
        back[from + length] = from
        ids[from + length] = piece
      }
    }
    into.length = 0
    for (let at = size; at > 0; at = back[at]!) into.push(ids[at]!)
  }
}

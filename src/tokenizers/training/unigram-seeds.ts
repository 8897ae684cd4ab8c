/**
 * The first vocabulary of a Unigram model: every character, and the repeated substrings that the most characters of the words
 * belong to. Substrings are found by sorting the places they begin at, as in a suffix array, but no deeper than a piece may be
 * long: n (log n + longest) comparisons whatever the words.
 */
import { IntegerList } from '../text/integer-list.ts'
import { codePointOrder } from '../text/unicode.ts'

/** Words as numbers, one for each character (code point). */
export type Corpus = {
  /** Ranks of the characters by code point, from 1; a 0 ends each word, and stands for U+0000 inside one. */
  readonly symbols: Int32Array
  /** Where each word begins in `symbols`, and one number more: where the next would. */
  readonly starts: Int32Array
  /** How often each word occurs. */
  readonly counts: Float64Array
  /** Rank → character. The first is U+0000. */
  readonly characters: readonly string[]
  /** Whether a word holds U+0000, which is in no piece. */
  readonly hasNull: boolean
}

/** Pieces as places in the symbols of a corpus, each with a number that orders or weighs it. */
export type Pieces = { readonly starts: Int32Array; readonly lengths: Int32Array; readonly scores: Float64Array }

/** Words between two turns of others: about a millisecond's work. */
const wordStride = 1 << 10

/** Words → symbols, in the order of the words' text, so that sums do not depend on the order they came in. */
export function* corpusOf(words: ReadonlyMap<string, number>): Generator<void, Corpus> {
  const ranks = new Map<string, number>()
  let [size, seen] = [0, 0]
  for (const word of words.keys()) {
    for (const character of word) ranks.set(character, 0)
    size += word.length + 1
    if (++seen % wordStride === 0) yield
  }
  const hasNull = ranks.delete('\0')
  const characters = ['\0', ...[...ranks.keys()].sort(codePointOrder)]
  for (const [rank, character] of characters.entries()) ranks.set(character, rank)
  const symbols = new Int32Array(size)
  const starts = new Int32Array(words.size + 1)
  const counts = new Float64Array(words.size)
  let [at, index] = [0, 0]
  for (const word of [...words.keys()].sort()) {
    if (word === '') continue
    for (const character of word) symbols[at++] = ranks.get(character)!
    counts[index++] = words.get(word)!
    starts[index] = ++at
    if (index % wordStride === 0) yield
  }
  return {
    symbols: symbols.subarray(0, at),
    starts: starts.subarray(0, index + 1),
    counts: counts.subarray(0, index),
    characters,
    hasNull,
  }
}

export const pieceText = ({ symbols, characters }: Corpus, start: number, length: number): string => {
  let text = ''
  for (let i = start; i < start + length; i++) text += characters[symbols[i]!]
  return text
}

/** Places where a character stands, grouped by the character in the order of ranks; `bounds[rank]` is where a group begins. */
function placesByCharacter({ symbols, characters }: Corpus): { places: Int32Array; bounds: Int32Array } {
  const bounds = new Int32Array(characters.length + 1)
  for (const symbol of symbols) if (symbol > 0) bounds[symbol + 1]!++
  for (let i = 1; i < bounds.length; i++) bounds[i]! += bounds[i - 1]!
  const places = new Int32Array(bounds[characters.length]!)
  const next = bounds.slice()
  for (let at = 0; at < symbols.length; at++) if (symbols[at]! > 0) places[next[symbols[at]!]!++] = at
  return { places, bounds }
}

/** Places that are compared between two turns of others: about a millisecond's work. */
const stride = 1 << 16

/** Substrings by place, length and number of occurrences, three numbers each, in the order of their text. */
class Repeats {
  readonly found = new IntegerList(3 << 10)
  readonly #symbols: Int32Array
  readonly #longest: number
  /** Groups to be sorted: [low, high) of the places, how many symbols they share, whether all that share them are in it. */
  readonly #stack = new IntegerList()

  constructor(symbols: Int32Array, longest: number) {
    this.#symbols = symbols
    this.#longest = longest
  }

  /**
   * Sorts the places [low, high), which share their first symbol, by what follows: quicksort by one symbol at a time (Bentley
   * and Sedgewick 1997). When all places that share a substring are parted, different symbols follow it: it is a node of the
   * suffix tree.
   */
  *search(places: Int32Array, low: number, high: number): Generator<void, void> {
    const stack = this.#stack
    this.#push(low, high, 1, 1)
    for (let parted = 0; stack.length > 0; ) {
      const whole = stack.data[--stack.length]!
      const depth = stack.data[--stack.length]!
      high = stack.data[--stack.length]!
      low = stack.data[--stack.length]!
      if ((parted += high - low) > stride) {
        parted = 0
        yield
      }
      const { pivot, less, greater } = this.#part(places, low, high, depth)
      if (whole && depth > 1 && (less > low || greater < high)) {
        this.found.pushPair(places[low]!, depth)
        this.found.push(high - low)
      }
      if (depth === this.#longest && whole) continue
      this.#push(greater, high, depth, 0)
      if (pivot > 0) this.#push(less, greater, depth + 1, 1)
      this.#push(low, less, depth, 0)
    }
  }

  #push(low: number, high: number, depth: number, whole: number): void {
    if (high - low < 2) return
    this.#stack.pushPair(low, high)
    this.#stack.pushPair(depth, whole)
  }

  /** Moves places whose next symbol is below the pivot to the front and those above it to the back. */
  #part(places: Int32Array, low: number, high: number, depth: number) {
    const symbols = this.#symbols
    const [a, b, c] = [low, (low + high) >> 1, high - 1].map((at) => symbols[places[at]! + depth]!)
    const pivot = Math.max(Math.min(a!, b!), Math.min(Math.max(a!, b!), c!))
    let [less, at, greater] = [low, low, high]
    while (at < greater) {
      const place = places[at]!
      const symbol = symbols[place + depth]!
      if (symbol < pivot) {
        places[at++] = places[less]!
        places[less++] = place
      } else if (symbol > pivot) {
        places[at] = places[--greater]!
        places[greater] = place
      } else at++
    }
    return { pivot, less, greater }
  }
}

/** Indices of numbers below 2³², the greatest first, among equals the last first. */
function descending(values: Uint32Array): Uint32Array {
  let from = Uint32Array.from(values, (_, i) => values.length - 1 - i)
  let to = new Uint32Array(values.length)
  for (const shift of [0, 16]) {
    const next = new Uint32Array((1 << 16) + 1)
    for (const value of values) next[(~value >>> shift) & 0xffff]!++
    let before = 0
    for (let digit = 0; digit < next.length; digit++) {
      const count = next[digit]!
      next[digit] = before
      before += count
    }
    for (const index of from) to[next[(~values[index]! >>> shift) & 0xffff]!++] = index
    ;[from, to] = [to, from]
  }
  return from
}

/**
 * The seed pieces: an empty one that stands for unknown characters, the characters by how often they occur, then substrings of
 * 2 to `longest` characters by length · number of distinct places, `size` of them at most; among equals the later text first.
 * A score is the logarithm of a piece's share in the sum of those numbers.
 */
export function* seedPieces(corpus: Corpus, size: number, longest: number): Generator<void, Pieces> {
  const { symbols, starts: words, counts, characters } = corpus
  const { places, bounds } = placesByCharacter(corpus)
  const firstPlaces = characters.map((_, rank) => places[bounds[rank]!]!)
  const repeats = new Repeats(symbols, longest)
  for (let rank = 1; rank < characters.length && longest > 1; rank++) {
    yield* repeats.search(places, bounds[rank]!, bounds[rank + 1]!)
  }
  const found = repeats.found.view()
  const weights = new Uint32Array(found.length / 3)
  for (let i = 0; i < weights.length; i++) weights[i] = Math.min(0xffffffff, found[3 * i + 1]! * found[3 * i + 2]!)

  const occurrences = new Float64Array(characters.length)
  for (let word = 0; word < counts.length; word++)
    for (let i = words[word]!; i < words[word + 1]! - 1; i++) occurrences[symbols[i]!]! += counts[word]!
  const ranks = characters.map((_, rank) => rank).slice(1)
  ranks.sort((a, b) => occurrences[b]! - occurrences[a]! || b - a)
  const room = Math.max(0, Math.min(weights.length, size - ranks.length))
  const total = 1 + ranks.length + room
  const pieces = {
    starts: new Int32Array(total),
    lengths: new Int32Array(total),
    scores: new Float64Array(total),
  }
  let at = 1
  for (const rank of ranks) {
    pieces.starts[at] = firstPlaces[rank]!
    pieces.lengths[at] = 1
    pieces.scores[at++] = occurrences[rank]!
  }
  for (const index of descending(weights).subarray(0, room)) {
    pieces.starts[at] = found[3 * index]!
    pieces.lengths[at] = found[3 * index + 1]!
    pieces.scores[at++] = weights[index]!
  }
  const sum = Math.log(pieces.scores.reduce((a, b) => a + b, 0))
  for (let i = 1; i < total; i++) pieces.scores[i] = Math.log(pieces.scores[i]!) - sum
  pieces.scores[0] = Number.NaN
  return pieces
}

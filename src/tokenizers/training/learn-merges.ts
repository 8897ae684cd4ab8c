/**
 * Learning the merges of byte pair encoding (Sennrich et al. 2016, algorithm 1): again and again the most frequent pair of
 * neighbors becomes a symbol. Counts are kept up to date word by word instead of being taken anew, so a merge costs only the
 * words it changes.
 */
import { PairQueue } from './pair-queue.ts'

export type LearnOptions = {
  /** Stop at this many tokens, those of `alphabet` included. */
  vocabSize: number
  /** Stop when the best pair occurs less often. */
  minFrequency?: number
  /** Tokens that come before what is learned. They are characters, and special tokens that no word contains. */
  alphabet: readonly string[]
  onProgress?: (done: number, total: number) => void
}

export type Learned = { tokens: string[]; merges: [string, string][] }

/** The words of a text and how often each occurs; the characters of a word are its first symbols. */
export type WordCounts = ReadonlyMap<string, number>

/** All words as symbols in one array; a word shrinks in place as its symbols merge. */
type Words = { symbols: Int32Array; starts: Int32Array; lengths: Int32Array; counts: Float64Array }

function symbolsOf(words: WordCounts, ids: ReadonlyMap<string, number>): Words {
  let units = 0
  for (const word of words.keys()) units += word.length
  const symbols = new Int32Array(units)
  const starts = new Int32Array(words.size)
  const lengths = new Int32Array(words.size)
  const counts = Float64Array.from(words.values())
  let at = 0
  let index = 0
  for (const word of words.keys()) {
    starts[index] = at
    for (const character of word) {
      const id = ids.get(character)
      if (id !== undefined) symbols[at++] = id
    }
    lengths[index] = at - starts[index]!
    index++
  }
  return { symbols, starts, lengths, counts }
}

/** How often each pair occurs, and where pairs that became more frequent were found since `takeGrown`. */
class PairCounts {
  readonly #counts = new Map<number, number>()
  #grown = new Map<number, number[]>()
  readonly #size: number
  constructor(size: number) {
    this.#size = size
  }

  /** A pair as one number: left · size + right. */
  key(left: number, right: number): number {
    return left * this.#size + right
  }

  count(key: number): number {
    return this.#counts.get(key) ?? 0
  }

  add(left: number, right: number, change: number, word: number): void {
    const key = left * this.#size + right
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + change)
    if (change < 0) return
    const words = this.#grown.get(key)
    if (!words) this.#grown.set(key, [word])
    else if (words[words.length - 1] !== word) words.push(word)
  }

  takeGrown(): Map<number, number[]> {
    const grown = this.#grown
    this.#grown = new Map()
    return grown
  }
}

/** Merges a pair wherever it occurs in a word, left to right, and tells `counts` what changed beside it. */
function mergeWord(words: Words, word: number, left: number, right: number, merged: number, counts: PairCounts): void {
  const { symbols } = words
  const start = words.starts[word]!
  const count = words.counts[word]!
  const end = start + words.lengths[word]!
  let to = start
  for (let from = start; from < end; ) {
    if (symbols[from] !== left || from + 1 >= end || symbols[from + 1] !== right) {
      symbols[to++] = symbols[from++]!
      continue
    }
    if (to > start) {
      counts.add(symbols[to - 1]!, left, -count, word)
      counts.add(symbols[to - 1]!, merged, count, word)
    }
    from += 2
    if (from < end) {
      counts.add(right, symbols[from]!, -count, word)
      counts.add(merged, symbols[from]!, count, word)
    }
    symbols[to++] = merged
  }
  words.lengths[word] = to - start
}

/**
 * Words → merges, in the order learned, and the tokens with the merged ones at the end. Among pairs of equal count the one with
 * the smaller ids goes first, so the result depends on the words alone.
 */
export function learnMerges(words: WordCounts, options: LearnOptions): Learned {
  const { vocabSize, minFrequency = 0, alphabet, onProgress } = options
  const tokens = [...alphabet]
  const ids = new Map(tokens.map((token, id) => [token, id]))
  const table = symbolsOf(words, ids)
  const size = Math.max(vocabSize, tokens.length)
  const counts = new PairCounts(size)
  for (let word = 0; word < table.counts.length; word++) {
    const start = table.starts[word]!
    for (let i = start; i + 1 < start + table.lengths[word]!; i++)
      counts.add(table.symbols[i]!, table.symbols[i + 1]!, table.counts[word]!, word)
  }
  const queue = new PairQueue()
  const enqueueGrown = () => {
    for (const [key, places] of counts.takeGrown())
      if (counts.count(key) > 0) queue.push(key, counts.count(key), places)
  }
  enqueueGrown()

  const merges: [string, string][] = []
  const first = tokens.length
  while (tokens.length < vocabSize) {
    const best = queue.pop()
    if (!best) break
    const now = counts.count(best.key)
    if (now !== best.count) {
      // Other merges took some of its occurrences since it was queued.
      queue.push(best.key, now, best.words)
      continue
    }
    if (now < 1 || now < minFrequency) break
    const left = Math.floor(best.key / size)
    const right = best.key % size
    const token = tokens[left]! + tokens[right]!
    let merged = ids.get(token)
    if (merged === undefined) {
      merged = tokens.push(token) - 1
      ids.set(token, merged)
    }
    merges.push([tokens[left]!, tokens[right]!])
    for (const word of best.words) mergeWord(table, word, left, right, merged, counts)
    enqueueGrown()
    onProgress?.(tokens.length - first, vocabSize - first)
  }
  return { tokens, merges }
}

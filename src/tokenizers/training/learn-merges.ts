/**
 * Learning the merges of byte pair encoding (Sennrich et al. 2016, algorithm 1): again and again the most frequent pair of
 * neighbors becomes a symbol. Counts are kept up to date word by word instead of being taken anew, so a merge costs only the
 * words it changes.
 */
import { affixed } from './affixes.ts'
import { type LearnProgress, type WordCounts, wordsAtOnce } from './kind.ts'
import { PairCounts } from './pair-counts.ts'
import { PairQueue } from './pair-queue.ts'

export type MergeOptions = {
  /** Stop at this many tokens, those of `alphabet` included. */
  vocabSize: number
  /** Stop when the best pair occurs less often. */
  minFrequency?: number
  /**
   * Tokens that come before what is learned: special tokens, characters, and the characters with the affixes that they have within
   * words. Characters of words that are not among them are left out.
   */
  alphabet: readonly string[]
  /** Stands before every character of a word but the first. */
  prefix?: string
  /** Stands after the last character of a word. */
  suffix?: string
  /** Pairs that would make longer tokens are not counted; a pair of characters always is. Hugging Face's bound is exclusive. */
  maxTokenLength?: number
}

export type Learned = { tokens: string[]; merges: [string, string][] }

/** All words as symbols in one array; a word shrinks in place as its symbols merge. */
type Words = {
  symbols: Int32Array
  /** How many characters each symbol is made of, where that matters. */
  lengths: Int32Array | undefined
  starts: Int32Array
  ends: Int32Array
  counts: Float64Array
}

function* symbolsOf(
  words: WordCounts,
  ids: ReadonlyMap<string, number>,
  options: MergeOptions,
): Generator<undefined, Words> {
  const { prefix, suffix, maxTokenLength } = options
  const plain = !prefix && !suffix
  let units = 0
  for (const word of words.keys()) units += word.length
  const table: Words = {
    symbols: new Int32Array(units),
    lengths: maxTokenLength === undefined ? undefined : new Int32Array(units).fill(1),
    starts: new Int32Array(words.size),
    ends: new Int32Array(words.size),
    counts: new Float64Array(words.size),
  }
  let at = 0
  let index = 0
  for (const [word, count] of words) {
    table.counts[index] = count
    table.starts[index] = at
    let place = 0
    for (const character of word) {
      const first = place === 0
      place += character.length
      const id = ids.get(character)
      if (id === undefined) continue
      table.symbols[at++] = plain ? id : ids.get(affixed(character, first, place === word.length, prefix, suffix))!
    }
    table.ends[index++] = at
    if (index % wordsAtOnce === 0) yield
  }
  return table
}

/** Merges a pair wherever it occurs in a word, left to right, and tells `counts` what changed beside it. */
function mergeWord(
  { symbols, lengths, starts, ends, counts: frequencies }: Words,
  word: number,
  [left, right]: readonly [number, number],
  merged: number,
  counts: PairCounts,
  limit: number,
): void {
  const count = frequencies[word]!
  const end = ends[word]!
  let to = starts[word]!
  const start = to
  for (let from = start; from < end; ) {
    if (symbols[from] !== left || from + 1 >= end || symbols[from + 1] !== right) {
      if (lengths) lengths[to] = lengths[from]!
      symbols[to++] = symbols[from++]!
      continue
    }
    const length = lengths ? lengths[from]! + lengths[from + 1]! : 0
    if (to > start) {
      counts.add(symbols[to - 1]!, left, -count, word)
      if (!lengths || lengths[to - 1]! + length < limit) counts.add(symbols[to - 1]!, merged, count, word)
    }
    from += 2
    if (from < end) {
      counts.add(right, symbols[from]!, -count, word)
      if (!lengths || lengths[from]! + length < limit) counts.add(merged, symbols[from]!, count, word)
    }
    if (lengths) lengths[to] = length
    symbols[to++] = merged
  }
  ends[word] = to
}

/** Each pair once: one that was merged twice counts where it was last. */
function lastOfEach(merges: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const last = new Map<string, readonly [number, number]>()
  for (const pair of merges) {
    const key = pair.join()
    last.delete(key)
    last.set(key, pair)
  }
  return [...last.values()]
}

/**
 * Words → merges, in the order learned, and the tokens with the merged ones at the end. Among pairs of equal count the one with
 * the smaller ids goes first, so the result depends on the words alone. Everything is decided as by Hugging Face's `BpeTrainer`.
 */
export function* learningMerges(
  words: WordCounts,
  options: MergeOptions,
): Generator<LearnProgress | undefined, Learned> {
  const { vocabSize, minFrequency = 0, alphabet, prefix = '', maxTokenLength = Number.POSITIVE_INFINITY } = options
  const tokens = [...alphabet]
  const ids = new Map(tokens.map((token, id) => [token, id]))
  const first = tokens.length
  const table = yield* symbolsOf(words, ids, options)
  // Every token that is learned takes at least one symbol away.
  const counts = new PairCounts(Math.max(tokens.length, Math.min(vocabSize, tokens.length + table.symbols.length)))
  for (let word = 0; word < table.counts.length; word++) {
    const end = table.ends[word]!
    for (let i = table.starts[word]!; i + 1 < end; i++)
      counts.add(table.symbols[i]!, table.symbols[i + 1]!, table.counts[word]!, word)
    if (word % wordsAtOnce === 0) yield
  }
  const queue = new PairQueue()
  const enqueueGrown = () => {
    // A list of numbers takes twice the memory of an array of integers, and more where it has grown.
    for (const [key, places] of counts.takeGrown())
      if (counts.count(key) > 0)
        queue.push(key, counts.count(key), places.length > 64 ? Int32Array.from(places) : places)
  }
  enqueueGrown()

  const merges: [number, number][] = []
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
    const pair = counts.pair(best.key)
    const [left, right] = [tokens[pair[0]]!, tokens[pair[1]]!]
    const token = left + (right.startsWith(prefix) ? right.slice(prefix.length) : right)
    let merged = ids.get(token)
    if (merged === undefined) {
      merged = tokens.push(token) - 1
      ids.set(token, merged)
    }
    merges.push(pair)
    for (let i = 0; i < best.words.length; i++) {
      mergeWord(table, best.words[i]!, pair, merged, counts, maxTokenLength)
      if (i % wordsAtOnce === wordsAtOnce - 1) yield
    }
    enqueueGrown()
    yield { done: tokens.length - first, total: vocabSize - first }
  }
  return { tokens, merges: lastOfEach(merges).map(([left, right]) => [tokens[left]!, tokens[right]!]) }
}

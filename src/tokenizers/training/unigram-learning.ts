/**
 * Learning a Unigram vocabulary (Kudo 2018, §3.2): from many candidate pieces, again and again their probabilities are estimated
 * by expectation maximization and the pieces without which the text would be hardly less likely are dropped.
 */
import { usageError } from '../../base/errors.ts'
import { codePointOrder } from '../text/unicode.ts'
import { UnigramLattice } from './unigram-lattice.ts'
import { type Corpus, corpusOf, type Pieces, pieceText, seedPieces } from './unigram-seeds.ts'

export type UnigramOptions = {
  /** Most pieces, those of `reserved` included. Fewer are learned where the words have no more. */
  vocabSize: number
  /** What comes before the learned pieces: special tokens, which are never learned. */
  reserved?: readonly string[]
  /** Pieces of several characters that are expected less often are dropped. */
  minFrequency?: number
  /** Characters that get a piece even where no word has them. */
  initialAlphabet?: readonly string[]
  /** Most candidates to begin with. */
  seedSize?: number
  /** Most characters (code points) of a piece. */
  maxPieceLength?: number
  /** The share of the pieces that a round of dropping leaves. */
  shrinkingFactor?: number
  /** Estimates before each round of dropping. */
  subIterations?: number
}

/** A piece and the logarithm of its probability. */
export type ScoredPiece = [piece: string, score: number]

/** Dropping stops at this many times the vocabulary's size; the last pieces go by their rank in it. */
const margin = 1.1
/** A piece that is expected less often than this in all words together is dropped at once. */
const leastExpected = 0.5
/** Characters that were dropped come back with the least score and this much more for each of them. */
const scoreStep = 0.0001
/** Words or pieces between two turns of others: about a millisecond's work. */
const stride = 256

/** Estimates made, of those that are foreseen. */
type Progress = { readonly done: number; readonly total: number }

/** The derivative of log Γ, by recurrence up to 7 and the asymptotic series around x - ½ (DLMF §5.11) from there. */
export function digamma(x: number): number {
  let result = 0
  for (; x < 7; x++) result -= 1 / x
  x -= 0.5
  const y = 1 / (x * x)
  return result + Math.log(x) + y * (1 / 24 - y * (7 / 960 - y * (31 / 8064 - (y * 127) / 30720)))
}

/** Pieces at the given indices, in their order. */
const pick = (pieces: Pieces, indices: readonly number[]): Pieces => ({
  starts: Int32Array.from(indices, (i) => pieces.starts[i]!),
  lengths: Int32Array.from(indices, (i) => pieces.lengths[i]!),
  scores: Float64Array.from(indices, (i) => pieces.scores[i]!),
})

/** Expectation and maximization: how often each piece is expected → new scores, with a prior that favors few pieces. */
function* estimate(corpus: Corpus, pieces: Pieces, least: number): Generator<void, Pieces> {
  const lattice = yield* UnigramLattice.over(corpus, pieces)
  const expected = new Float64Array(pieces.scores.length)
  for (let word = 0; word < corpus.counts.length; word++) {
    yield* lattice.addExpected(corpus.starts[word]!, corpus.starts[word + 1]! - 1, corpus.counts[word]!, expected)
    if (word % stride === 0) yield
  }
  const kept: number[] = [0]
  let sum = 0
  for (let piece = 1; piece < expected.length; piece++) {
    if (expected[piece]! < least) continue
    kept.push(piece)
    sum += expected[piece]!
  }
  const next = pick(pieces, kept)
  // The plain estimate would be log(expected) - log(sum). This one takes more from rare pieces, the more the rarer they are.
  const total = digamma(sum)
  for (let i = 1; i < kept.length; i++) next.scores[i] = digamma(expected[kept[i]!]!) - total
  return next
}

/**
 * Drops pieces down to `size`: those go first whose loss, if the next best pieces stood in for them, is the least. The sum of
 * frequencies afterwards is taken as SentencePiece and Hugging Face take it, with the number of all pieces where that of the
 * pieces that stand in is meant: it makes short ways to stand in look worse, and their vocabularies have it.
 */
function* prune(corpus: Corpus, pieces: Pieces, size: number): Generator<void, Pieces> {
  const lattice = yield* UnigramLattice.over(corpus, pieces)
  const frequency = new Float64Array(pieces.scores.length)
  const path: number[] = []
  for (let word = 0; word < corpus.counts.length; word++) {
    yield* lattice.best(corpus.starts[word]!, corpus.starts[word + 1]! - 1, path)
    for (const piece of path) frequency[piece]! += corpus.counts[word]!
    if (word % stride === 0) yield
  }
  const sum = frequency.reduce((a, b) => a + b, 0)
  const words = corpus.counts.reduce((a, b) => a + b, 0)
  const kept: number[] = [0]
  const others: { piece: number; loss: number }[] = []
  for (let piece = 1; piece < frequency.length; piece++) {
    const [start, length, times] = [pieces.starts[piece]!, pieces.lengths[piece]!, frequency[piece]!]
    if (length === 1) kept.push(piece)
    else if (times > 0) {
      yield* lattice.best(start, start + length, path, true)
      const after = Math.log(sum + times * (frequency.length - 1))
      let instead = 0
      for (const part of path) instead += Math.log(frequency[part]! + times) - after
      others.push({ piece, loss: (times / words) * (Math.log(times) - Math.log(sum) - instead) })
    }
    if (piece % stride === 0) yield
  }
  others.sort((a, b) => b.loss - a.loss || a.piece - b.piece)
  for (const { piece } of others.slice(0, Math.max(0, size - kept.length))) kept.push(piece)
  return pick(pieces, kept)
}

/** The vocabulary: every character, then pieces in the order in which they were kept, up to `size`; the likely ones first. */
function finish(
  corpus: Corpus,
  pieces: Pieces,
  size: number,
  required: readonly string[],
  reserved: readonly string[],
) {
  const scores = new Map<string, number>()
  let least = Number.POSITIVE_INFINITY
  for (let i = 1; i < pieces.scores.length; i++) {
    scores.set(pieceText(corpus, pieces.starts[i]!, pieces.lengths[i]!), pieces.scores[i]!)
    least = Math.min(least, pieces.scores[i]!)
  }
  if (scores.size === 0) least = 0
  let dropped = 0
  const vocabulary = new Map(required.map((piece) => [piece, scores.get(piece) ?? least + scoreStep * dropped++]))
  for (const [piece, score] of scores) {
    if (vocabulary.size >= size) break
    if (!reserved.includes(piece)) vocabulary.set(piece, score)
  }
  return [...vocabulary].sort(([, a], [, b]) => b - a)
}

/** Hands on the turns that a part of the work gives, with how far the whole is. */
function* reporting<T>(work: Generator<void, T>, progress: Progress): Generator<Progress, T> {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
    yield progress
  }
}

/**
 * Words and their counts → pieces and their scores, the likely ones first; the caller puts the reserved ones before them. The
 * result depends on the words alone, and is that of Hugging Face's trainer but for the order of sums and of the characters that
 * come back. Errors: `VOCABULARY_TOO_SMALL`.
 */
export function* learnUnigram(
  words: ReadonlyMap<string, number>,
  options: UnigramOptions,
): Generator<Progress, ScoredPiece[]> {
  const { vocabSize, reserved = [], minFrequency = 0, initialAlphabet = [], maxPieceLength = 16 } = options
  const { seedSize = 1_000_000, shrinkingFactor = 0.75, subIterations = 2 } = options
  const begin: Progress = { done: 0, total: 1 }
  const corpus = yield* reporting(corpusOf(words), begin)
  const characters = new Set([...corpus.characters.slice(corpus.hasNull ? 0 : 1), ...initialAlphabet])
  for (const token of reserved) characters.delete(token)
  const size = vocabSize - reserved.length
  if (size < characters.size)
    throw usageError(
      'VOCABULARY_TOO_SMALL',
      `The vocabulary size is ${vocabSize}.\nExpected at least ${characters.size + reserved.length}: ${characters.size} characters and ${reserved.length} special token${reserved.length === 1 ? '' : 's'}.`,
    )
  let pieces = yield* reporting(seedPieces(corpus, seedSize, maxPieceLength), begin)
  const enough = Math.floor(vocabSize * margin)
  const rounds = Math.max(0, Math.ceil(Math.log(enough / pieces.scores.length) / Math.log(shrinkingFactor)))
  const total = (rounds + 1) * subIterations
  const progress = (done: number) => ({ done: Math.min(done, total - 1), total })
  for (let done = 0; ; ) {
    for (let i = 0; i < subIterations; i++)
      pieces = yield* reporting(estimate(corpus, pieces, Math.max(leastExpected, minFrequency)), progress(done++))
    const before = pieces.scores.length
    if (before <= enough) break
    const left = Math.max(enough, Math.floor(before * shrinkingFactor))
    pieces = yield* reporting(prune(corpus, pieces, left), progress(done))
    if (pieces.scores.length === before) break
  }
  yield { done: total, total }
  const required = [...characters].sort(codePointOrder)
  return finish(corpus, pieces, size, required, reserved)
}

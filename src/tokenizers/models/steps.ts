/** How a model came to the tokens of one piece, as plain records: what people look at to understand a tokenizer. */

/** A token and the units [start, end) of the piece it stands for. */
export type PlacedToken = { token: string; id: number; start: number; end: number }

/**
 * A merge. `left` and `right` are indices into the symbols that the piece began with: a merged symbol keeps the index of its
 * left part, and that of the right part is gone. So a list of the symbols is brought up to date by
 * `symbols[left] = token; delete symbols[right]`.
 */
export type MergeStep = { rank: number; pair: readonly [string, string]; token: string; left: number; right: number }

export type BpeSteps = {
  model: 'BPE'
  /** Before the first merge. */
  symbols: readonly PlacedToken[]
  /** In the order in which they are done. */
  merges: readonly MergeStep[]
  /** True where the piece is a token and the model does not merge such pieces; there are no merges then. */
  whole: boolean
}

export type WordPieceSteps = {
  model: 'WordPiece'
  /** From left to right: of all tokens that begin at a place, WordPiece takes the longest. */
  matches: readonly PlacedToken[]
  /** Why the piece is the unknown token in spite of the matches: it has too many characters, or no token fits at `at`. */
  unknown?: { reason: 'too long'; limit: number } | { reason: 'no match'; at: number }
}

/** A token that could stand for its units. */
type Candidate = PlacedToken & {
  /** Its logarithmic probability. */
  score: number
  /** The score of the best way to get to `end` that ends in this token. */
  total: number
  /** Whether it is the best of those that end here. */
  best: boolean
  /** Whether it is on the best path through the whole piece. */
  chosen: boolean
  /** Whether it stands for a character that no token has. */
  unknown: boolean
}

export type UnigramSteps = {
  model: 'Unigram'
  /** All tokens that fit, by where they begin, then by length. */
  candidates: readonly Candidate[]
  /** The score of the best path: the sum of its tokens' scores. */
  score: number
}

/** `id` is undefined where the piece is unknown and the vocabulary has no token for that. */
export type WordLevelSteps = { model: 'WordLevel'; token: string; id: number | undefined; known: boolean }

export type ModelSteps = BpeSteps | WordPieceSteps | UnigramSteps | WordLevelSteps

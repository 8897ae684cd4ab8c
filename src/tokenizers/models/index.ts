/** The third stage: pieces → tokens of a vocabulary. */

import { type Field, type Json, readStage, type StageReader } from '../field.ts'
import { readBpe } from './read-bpe.ts'
import { readUnigram } from './read-unigram.ts'
import type { Sampling, Segmentation } from './sampling.ts'
import type { ModelSteps } from './steps.ts'
import type { Vocabulary } from './vocabulary.ts'
import { readWordLevel } from './word-level.ts'
import { readWordPiece } from './word-piece.ts'

export type Model = {
  readonly vocabulary: Vocabulary
  /**
   * One piece → its tokens, three numbers each: id, and the units [start, end) of the piece it stands for. The same piece
   * always gives the same tokens.
   */
  tokenize(piece: string): number[]
  /** The id of the token for what is unknown, if there is one. */
  readonly unknownId?: number | undefined
  /** The id whose tokens are shown as the text they stand for, not as the token: Unigram's unknown token. */
  readonly labeledByText?: number
  /** The id whose tokens are one where they stand beside each other, also in pieces that are neighbors. */
  readonly joined?: number | undefined
  /**
   * The tokens of the pieces of a text in one of the ways there are, drawn at random. `uniform` draws from [0, 1). Errors:
   * `BAD_SAMPLING`.
   */
  sample?(pieces: readonly string[], sampling: Sampling, uniform: () => number): number[][]
  /** The n best ways to write the pieces of a text, best first. */
  nBest?(pieces: readonly string[], n: number): Segmentation[]
  /** The same model as if it had no tokens of these ids, but for their place in the vocabulary. */
  without?(ids: ReadonlySet<number>): Model
  /** Where a piece is cut before this model reads the parts, each for itself. */
  cuts?(piece: string): readonly number[]
  /** How it comes to the tokens of a piece. Costs more than `tokenize`: for people who look at single pieces. */
  explain?(piece: string): ModelSteps
  /** As in tokenizer.json. */
  json(): Json
}

const readers: Record<string, StageReader<Model>> = {
  BPE: readBpe,
  WordPiece: readWordPiece,
  WordLevel: readWordLevel,
  Unigram: readUnigram,
}

/** The fields that tell models apart in files from before models had a `type`, in the order in which they are tried. */
const untyped: readonly [type: string, fits: (model: Json) => boolean][] = [
  ['BPE', (model) => Object.hasOwn(model, 'merges')],
  ['Unigram', ({ vocab }) => Array.isArray(vocab)],
  ['WordPiece', (model) => Object.hasOwn(model, 'max_input_chars_per_word')],
  ['WordLevel', (model) => Object.hasOwn(model, 'unk_token')],
]

/** The `model` of a tokenizer.json. */
export function readModel(field: Field): Model {
  const model = field.object()
  const type = Object.hasOwn(model, 'type') ? undefined : untyped.find(([, fits]) => fits(model))?.[0]
  return type === undefined ? readStage(field, readers) : readers[type]!(field)
}

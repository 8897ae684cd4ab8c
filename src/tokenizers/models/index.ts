/** The third stage: pieces → tokens of a vocabulary. */

import { type Field, type Json, readStage, type StageReader } from '../field.ts'
import { readBpe } from './bpe.ts'
import type { Vocabulary } from './vocabulary.ts'
import { readWordLevel } from './word-level.ts'

export type Model = {
  readonly vocabulary: Vocabulary
  /**
   * One piece → its tokens, three numbers each: id, and the units [start, end) of the piece it stands for. The same piece
   * always gives the same tokens.
   */
  tokenize(piece: string): number[]
  /** As in tokenizer.json. */
  json(): Json
}

const readers: Record<string, StageReader<Model>> = { BPE: readBpe, WordLevel: readWordLevel }

/** The `model` of a tokenizer.json. */
export const readModel = (field: Field): Model => readStage(field, readers)

/** A piece is a token, or unknown. With pieces of one character this is the character tokenizer. */
import type { Field } from '../field.ts'
import type { Model } from './index.ts'
import type { WordLevelSteps } from './steps.ts'
import { unknownPiece } from './unknown-piece.ts'
import { readVocabulary, type Vocabulary } from './vocabulary.ts'

/** Errors of `tokenize`: `UNKNOWN_PIECE` if a piece is not in the vocabulary and neither is `unknown`. */
export function wordLevel(vocabulary: Vocabulary, unknown: string): Model {
  const unknownId = vocabulary.idOf(unknown)
  return {
    vocabulary,
    unknownId,
    tokenize(piece) {
      const id = vocabulary.idOf(piece) ?? unknownId
      if (id === undefined) throw unknownPiece(piece, unknown)
      return [id, 0, piece.length]
    },
    explain(piece): WordLevelSteps {
      const id = vocabulary.idOf(piece)
      const known = id !== undefined
      return { model: 'WordLevel', token: known ? piece : unknown, id: known ? id : unknownId, known }
    },
    json: () => ({ type: 'WordLevel', vocab: vocabulary.json(), unk_token: unknown }),
  }
}

export const readWordLevel = (field: Field): Model =>
  wordLevel(readVocabulary(field.get('vocab')), field.get('unk_token').string())

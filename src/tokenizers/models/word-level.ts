/** A piece is a token, or unknown. With pieces of one character this is the character tokenizer. */
import { usageError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'
import type { Field } from '../field.ts'
import type { Model } from './index.ts'
import { readVocabulary, type Vocabulary } from './vocabulary.ts'

/** Errors of `tokenize`: `UNKNOWN_PIECE` if a piece is not in the vocabulary and neither is `unknown`. */
export function wordLevel(vocabulary: Vocabulary, unknown: string): Model {
  return {
    vocabulary,
    tokenize(piece) {
      const id = vocabulary.idOf(piece) ?? vocabulary.idOf(unknown)
      if (id === undefined)
        throw usageError(
          'UNKNOWN_PIECE',
          `The text contains ${show(piece)}, which the vocabulary does not have, nor has it ${show(unknown)} for what is unknown.\nLeave it out of the text, or train a tokenizer with it or with ${show(unknown)} among the special tokens.`,
        )
      return [id, 0, piece.length]
    },
    json: () => ({ type: 'WordLevel', vocab: vocabulary.json(), unk_token: unknown }),
  }
}

export const readWordLevel = (field: Field): Model =>
  wordLevel(readVocabulary(field.get('vocab')), field.get('unk_token').string())

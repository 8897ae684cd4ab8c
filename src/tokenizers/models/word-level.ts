/** A piece is a token, or unknown. With pieces of one character this is the character tokenizer. */
import { type Field, largestId } from '../field.ts'
import type { Model } from './index.ts'
import type { WordLevelSteps } from './steps.ts'
import { unknownPiece } from './unknown-piece.ts'
import { readVocabulary, type Vocabulary } from './vocabulary.ts'

/**
 * `fuseUnknown`: unknown pieces beside each other are one token, and `hidden` are tokens that no text spells, as SentencePiece has it;
 * Hugging Face's readers pass over these fields.
 * Errors of `tokenize`: `UNKNOWN_PIECE` if a piece is not in the vocabulary and neither is `unknown`.
 */
export function wordLevel(
  vocabulary: Vocabulary,
  unknown: string,
  { fuseUnknown = false, hidden = [] }: { fuseUnknown?: boolean; hidden?: readonly number[] } = {},
): Model {
  const unseen = new Set(hidden)
  const idOf = (piece: string) => {
    const id = vocabulary.idOf(piece)
    return id !== undefined && unseen.has(id) ? undefined : id
  }
  const unknownId = vocabulary.idOf(unknown)
  return {
    vocabulary,
    unknownId,
    joined: fuseUnknown ? unknownId : undefined,
    tokenize(piece) {
      const id = idOf(piece) ?? unknownId
      if (id === undefined) throw unknownPiece(piece, unknown)
      return [id, 0, piece.length]
    },
    explain(piece): WordLevelSteps {
      const id = idOf(piece)
      const known = id !== undefined
      return { model: 'WordLevel', token: known ? piece : unknown, id: known ? id : unknownId, known }
    },
    json: () => ({
      type: 'WordLevel',
      vocab: vocabulary.json(),
      unk_token: unknown,
      ...(fuseUnknown && { fuse_unk: true }),
      ...(hidden.length > 0 && { hidden_ids: hidden }),
    }),
  }
}

export function readWordLevel(field: Field): Model {
  const hidden = field.get('hidden_ids')
  return wordLevel(readVocabulary(field.get('vocab')), field.get('unk_token').string(), {
    fuseUnknown: field.get('fuse_unk').boolean(false),
    hidden: hidden.missing ? [] : hidden.list().map((id) => id.integer(0, largestId)),
  })
}

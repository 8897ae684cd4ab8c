/** What a model does that meets something unknown and has no token for it. */
import { type PellucidError, usageError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'

/** `unknown` is the token that would stand for it, were it in the vocabulary. */
export function unknownPiece(text: string, unknown: string | undefined): PellucidError {
  const lacking = unknown === undefined ? 'and the model names no token' : `nor has it ${show(unknown)}`
  const remedy = unknown === undefined ? 'an unknown token' : `${show(unknown)} among the special tokens`
  return usageError(
    'UNKNOWN_PIECE',
    `The text contains ${show(text)}, which the vocabulary does not have, ${lacking} for what is unknown.\n` +
      `Leave it out of the text, or train a tokenizer with it or with ${remedy}.`,
  )
}

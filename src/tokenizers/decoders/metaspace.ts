/** A visible sign for the space, as SentencePiece writes it: signs become spaces, but for those of the first token. */
import type { Field } from '../field.ts'
import { readPrependScheme } from '../pre-tokenizers/metaspace.ts'
import type { Decoder } from './decoder.ts'
import { replacing } from './text-stream.ts'
import { tokenByToken } from './token-by-token.ts'

export function readMetaspace(field: Field): Decoder {
  const replacement = field.get('replacement').character()
  const prepend_scheme = readPrependScheme(field)
  const split = field.get('split').boolean(true)
  return tokenByToken({
    json: { type: 'Metaspace', replacement, prepend_scheme, split },
    rewriting: (first) => replacing(replacement, first && prepend_scheme !== 'never' ? '' : ' '),
  })
}

/** A visible sign for the space, as SentencePiece writes it: signs become spaces, but for those of the first token. */
import type { Field } from '../field.ts'
import type { Decoder } from './decoder.ts'
import { replacing } from './text-stream.ts'
import { tokenByToken } from './token-by-token.ts'

export function readMetaspace(field: Field): Decoder {
  const replacement = field.get('replacement').character()
  const scheme = field.get('prepend_scheme')
  const split = field.get('split').boolean(true)
  const declared = scheme.oneOf(['always', 'first', 'never'], 'always')
  // Older files say it with a flag; where both are there, they must agree.
  const flag = field.get('add_prefix_space')
  const prefixed = flag.boolean(true)
  if (!prefixed && !scheme.missing && declared !== 'never') flag.fail(`true, because prepend_scheme is ${declared}`)
  const prepend_scheme = prefixed ? declared : 'never'
  return tokenByToken({
    json: { type: 'Metaspace', replacement, prepend_scheme, split },
    rewriting: (first) => replacing(replacement, first && prepend_scheme !== 'never' ? '' : ' '),
  })
}

/** SentencePiece models → the parts of a tokenizer, as the classes of transformers that take them apart do it. */
import { toBase64 } from '../../base/base64.ts'
import { mostSentinels } from '../byte-level.ts'
import type { NamedTokens } from '../config.ts'
import type { Json } from '../field.ts'
import type { Parts } from './assemble.ts'
import { roles } from './assemble.ts'
import { generateMerges } from './merges.ts'
import type { Named, Scored, SentencePieceFamily } from './sentencepiece-family.ts'
import { pieceTypes, type SentencePieceModel } from './sentencepiece-model.ts'
import { contentOf, type Settings } from './settings.ts'

/** The normalizer of the file, if it has one. */
export const charsmapOf = ({ charsmap }: SentencePieceModel): Json[] =>
  charsmap.length > 0 ? [{ type: 'Precompiled', precompiled_charsmap: toBase64(charsmap) }] : []

/** Tokens → ids by a list; of two alike the last counts, as where a dictionary is filled. */
export const idsOf = (tokens: readonly string[]) => new Map(tokens.map((token, id) => [token, id]))

export const bpeModel = (
  tokens: readonly string[],
  merges: readonly (readonly [string, string])[],
  more: Json,
): Json => ({
  type: 'BPE',
  ...more,
  vocab: Object.fromEntries(idsOf(tokens)),
  merges,
})

/** What the vocabulary of a class may depend on. */
export const namedOf = ({ field }: Settings, fallback: NamedTokens): Named => ({
  named: roles(field, fallback),
  count: (name, otherwise) => field.get(name).integer(0, mostSentinels, otherwise),
  tokenOf: (name, otherwise) => (Object.hasOwn(field.object(), name) ? contentOf(field.get(name)) : otherwise),
  text: (name, choices) => field.get(name).oneOf(choices, choices[0]),
})

/** As the class does it. */
export function familyParts(family: SentencePieceFamily, model: SentencePieceModel, settings: Settings): Parts {
  const options = namedOf(settings, family.named)
  const { named } = options
  const scored = model.pieces.map(({ piece, score }): Scored => [piece, score])
  const vocabulary = family.arrange?.(scored, options) ?? scored
  const tokens = vocabulary.map(([piece]) => piece)
  const ids = idsOf(tokens)
  const idOf = (token: string) => ids.get(token)
  const unknown = model.pieces.findIndex(({ type }) => type === pieceTypes.unknown)
  return {
    settings,
    named: family.named,
    maskTakesSpace: family.maskTakesSpace,
    padsLeft: family.padsLeft,
    model:
      family.unknownId && !(family.bpe && model.algorithm === 'bpe')
        ? {
            type: 'Unigram',
            unk_id: family.unknownId(vocabulary, unknown, named),
            byte_fallback: false,
            vocab: vocabulary,
          }
        : bpeModel(tokens, generateMerges([...ids.keys()], idOf), family.bpe?.(named) ?? {}),
    idOf,
    size: tokens.length,
    added: [...declared(model), ...(family.extra?.(options) ?? []).map((content) => ({ content, special: true }))],
    stages: (given) => family.stages(given, charsmapOf(model)),
  }
}

/** Control symbols are special tokens; user-defined ones are found before the model sees the text. */
const declared = ({ pieces }: SentencePieceModel): Json[] =>
  pieces
    .filter(({ type }) => type === pieceTypes.control || type === pieceTypes.userDefined)
    .map(({ piece, type }) => ({ content: piece, special: type === pieceTypes.control, normalized: false }))

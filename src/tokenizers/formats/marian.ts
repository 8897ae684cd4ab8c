/**
 * Marian's translation models (Junczys-Dowmunt et al. 2018): pieces of source.spm with the ids of vocab.json, which holds the target
 * language's pieces too. transformers cleans the punctuation first where the package sacremoses is installed; that is left out.
 */
import type { Field } from '../field.ts'
import { template } from '../stage-json.ts'
import type { Parts } from './assemble.ts'
import { exactStages, tokensById } from './exact.ts'
import { idsOf } from './sentencepiece.ts'
import type { Scored } from './sentencepiece-family.ts'
import { pieceTypes, type SentencePieceModel } from './sentencepiece-model.ts'
import type { Settings } from './settings.ts'

const unknown = '<unk>'
/** Such as `>>fr<<`: asks for a target language at the beginning of a text. */
const isLanguage = (token: string) => /^>>.*<<$/s.test(token)

/** Errors: `TOKENIZER_FIELD` for a vocabulary with gaps, or without `<unk>`; `TOKENIZER_UNSUPPORTED` for a model that is no Unigram. */
export function marianParts(model: SentencePieceModel, vocabulary: Field, file: string, settings: Settings): Parts {
  if (model.algorithm !== 'unigram')
    vocabulary.fail(
      `the vocabulary of a Unigram model; ${file} is of the kind ${model.algorithm}`,
      'TOKENIZER_UNSUPPORTED',
    )
  const tokens = tokensById(vocabulary)
  const ids = idsOf(tokens)
  if (!ids.has(unknown)) vocabulary.get(unknown).fail('the id of the unknown token')
  const pieces = model.pieces.filter(({ type }) => type === pieceTypes.normal || type === pieceTypes.userDefined)
  const scores = new Map(pieces.map(({ piece, score }) => [piece, score]))
  const least = pieces.reduce((soFar, { score }) => Math.min(soFar, score), 0)
  const vocab = tokens.map((token): Scored => [token, scores.get(token) ?? least])
  return {
    settings,
    named: { eos: '</s>', unk: unknown, pad: '<pad>' },
    model: {
      type: 'Unigram',
      unk_id: ids.get(unknown),
      byte_fallback: false,
      vocab,
      // Of the other language: the source never becomes one of these.
      hidden_ids: tokens.flatMap((token, id) => (scores.has(token) ? [] : [id])),
    },
    idOf: (token) => ids.get(token),
    size: tokens.length,
    added: tokens.filter(isLanguage).map((content) => ({ content, special: false, normalized: false })),
    stages: ({ named: { eos = '' }, idOf }) => ({
      ...exactStages(model),
      post_processor: template(['$A', eos], ['$A', '$B', eos], idOf),
    }),
  }
}

/** SentencePiece models → the parts of a tokenizer, as SentencePiece itself reads texts. */
import { fileError } from '../../base/errors.ts'
import type { NamedTokens, TokenRole } from '../config.ts'
import { type Field, type Json, largestId } from '../field.ts'
import {
  fusedDecoder,
  metaspace,
  normalizers,
  preTokenizers,
  replace,
  replaceAll,
  spaceMark,
  split,
} from '../stage-json.ts'
import type { Parts, StageJson } from './assemble.ts'
import type { ExactFamily } from './exact-families.ts'
import { generateMerges } from './merges.ts'
import { bpeModel, charsmapOf, idsOf, namedOf } from './sentencepiece.ts'
import type { Scored } from './sentencepiece-family.ts'
import { type Piece, pieceTypes, type SentencePieceModel } from './sentencepiece-model.ts'
import type { Settings } from './settings.ts'

const quoted = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

/** The stages before the model: SentencePiece's normalizer, and cuts that change nothing but make words come again. */
export function exactStages(model: SentencePieceModel, before: readonly Json[] = []): StageJson {
  const space = model.escapeWhitespaces ? spaceMark : ' '
  const steps = [
    ...before,
    ...charsmapOf(model).map((stage) => ({ ...stage, longest_match: true })),
    ...(model.removeExtraWhitespaces
      ? [replaceAll(model.escapeWhitespaces ? '\\A +|[ ▁]+\\z' : '\\A +| +\\z', ''), replaceAll(' {2,}', ' ')]
      : []),
    ...(model.addDummyPrefix ? [{ type: 'Prepend', prepend: space }] : []),
    ...(model.escapeWhitespaces ? [replace(' ', spaceMark)] : []),
  ]
  const texts = model.pieces.filter(({ type }) => type === pieceTypes.normal).map(({ piece }) => piece)
  // Without pieces across words, and with a piece for the mark, the model never joins what stands on both sides of a mark.
  const words =
    model.escapeWhitespaces && texts.includes(spaceMark) && texts.every((piece) => piece.lastIndexOf(spaceMark) <= 0)
  const symbols = model.pieces.filter(({ type }) => type === pieceTypes.userDefined).map(({ piece }) => piece)
  const alternatives = symbols.sort((a, b) => b.length - a.length).map(quoted)
  const cuts = [
    ...(symbols.length > 0 ? [split(alternatives.join('|'), 'Isolated')] : []),
    ...(words || model.algorithm === 'word' ? [metaspace('never')] : []),
  ]
  return {
    normalizer: steps.length > 0 ? normalizers(...steps) : null,
    pre_tokenizer: cuts.length > 1 ? preTokenizers(...cuts) : cuts[0],
    decoder: fusedDecoder(model.addDummyPrefix ? 1 : 0),
  }
}

/** The model with the tokens by id. Pieces that are not among them are left out. */
function exactModel(model: SentencePieceModel, tokens: readonly string[]): Json {
  const { pieces, algorithm, byteFallback, unknownPiece } = model
  if (algorithm === 'unigram') {
    const isText = ({ type }: Piece) => type === pieceTypes.normal || type === pieceTypes.userDefined
    const scores = new Map(pieces.filter(isText).map(({ piece, score }) => [piece, score]))
    return {
      type: 'Unigram',
      unk_id: tokens.indexOf(unknownPiece),
      byte_fallback: byteFallback,
      vocab: tokens.map((token): Scored => [token, scores.get(token) ?? 0]),
      hidden_ids: tokens.flatMap((token, id) => (scores.has(token) ? [] : [id])),
    }
  }
  if (algorithm === 'word')
    return { type: 'WordLevel', vocab: Object.fromEntries(idsOf(tokens)), unk_token: unknownPiece }
  const mergeable = pieces.filter(({ type }) => type === pieceTypes.normal || type === pieceTypes.unused)
  const ranked = mergeable.toSorted((a, b) => b.score - a.score).map(({ piece }) => piece)
  const ranks = idsOf(ranked)
  const merges = algorithm === 'bpe' ? generateMerges(ranked, (token) => ranks.get(token)) : []
  const symbols = pieces.some(({ type }) => type === pieceTypes.userDefined)
  return bpeModel(tokens, merges, {
    unk_token: unknownPiece,
    fuse_unk: true,
    byte_fallback: byteFallback,
    // Symbols of the user are cut out and must not be merged from their characters.
    ignore_merges: symbols,
  })
}

/** Roles as the model file gives them. */
function rolesOf({ pieces, bosId, eosId, padId, unknownPiece }: SentencePieceModel): NamedTokens {
  const role = (name: TokenRole, id: number) => (pieces[id] ? [[name, pieces[id].piece]] : [])
  return Object.fromEntries([
    ...role('bos', bosId),
    ...role('eos', eosId),
    ['unk', unknownPiece],
    ...role('pad', padId),
  ])
}

/** The tokens of a vocabulary file by id. Errors: `TOKENIZER_FIELD` for one with gaps. */
export function tokensById(vocabulary: Field): string[] {
  const tokens: string[] = []
  for (const token of Object.keys(vocabulary.object())) tokens[vocabulary.get(token).integer(0, largestId)] = token
  return Array.from(
    tokens,
    (token, id) => token ?? vocabulary.fail(`a token with the id ${id}, as there are higher ones`),
  )
}

/** What else there is besides a model file: the class that reads it, and a vocabulary with ids of its own. */
type Around = { family?: ExactFamily | undefined; vocabulary?: readonly string[] | undefined }

/** As SentencePiece itself reads texts. Errors: `TOKENIZER_UNSUPPORTED` for a model with spaces at the ends of words. */
export function exactParts(
  model: SentencePieceModel,
  file: string,
  settings: Settings,
  { family, vocabulary }: Around = {},
): Parts {
  if (model.spacesAtEnd)
    throw fileError(
      'TOKENIZER_UNSUPPORTED',
      `${file}: it was trained with treat_whitespace_as_suffix.\nExpected marks before words; convert it to a tokenizer.json first.`,
    )
  const pieces = model.pieces.map(({ piece }) => piece)
  const named = family?.named ?? rolesOf(model)
  const options = namedOf(settings, named)
  const arranged = vocabulary ?? family?.arrange?.(pieces, options) ?? pieces
  const tokens = arranged.filter((token) => token !== undefined)
  const ids = idsOf(tokens)
  const controls = model.pieces.filter(({ type }) => type === pieceTypes.control).map(({ piece }) => piece)
  const special = family ? (family.extra?.(options) ?? []) : controls
  return {
    settings,
    named,
    maskTakesSpace: family?.maskTakesSpace,
    model: exactModel(model, tokens),
    idOf: (token) => ids.get(token),
    size: tokens.length,
    added: special.map((content) => ({ content, special: true })),
    stages: (given) => ({
      ...exactStages(model, family?.normalizers?.(given)),
      post_processor: family?.postProcessor?.(given),
    }),
  }
}

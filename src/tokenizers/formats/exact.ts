/** SentencePiece models → the parts of a tokenizer, as SentencePiece itself reads texts. */
import type { NamedTokens, TokenRole } from '../config.ts'
import { type Field, type Json, largestId } from '../field.ts'
import {
  decoders,
  metaspace,
  normalizers,
  preTokenizers,
  quoted,
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
import { type PieceType, pieceTypes, type SentencePieceModel } from './sentencepiece-model.ts'
import type { Settings } from './settings.ts'

/** The file's rules for characters, which leave symbols of the user alone. */
const characterRules = (model: SentencePieceModel): Json[] => {
  const kept = piecesOf(model, pieceTypes.userDefined)
  return charsmapOf(model).map((stage) => ({ ...stage, longest_match: true, ...(kept.length > 0 && { kept }) }))
}

const piecesOf = ({ pieces }: SentencePieceModel, ...types: PieceType[]): string[] =>
  pieces.filter(({ type }) => types.includes(type)).map(({ piece }) => piece)

/**
 * A cut at each mark, which changes nothing but makes words come again: allowed where no piece goes across words and the mark itself
 * is a piece, so that merging never joins what stands on both sides. Unigram adds up the scores of the whole text in 32 bits, where
 * a cut would change which of two equal paths is taken.
 */
function wordCut(model: SentencePieceModel): Json[] {
  const { algorithm, escapeWhitespaces, spacesAtEnd } = model
  const cut = (behavior: string) => ({ type: 'Split', pattern: { String: spaceMark }, behavior, invert: false })
  if (algorithm === 'word') return [cut('MergedWithNext')]
  if (algorithm === 'unigram' || !escapeWhitespaces) return []
  const texts = piecesOf(model, pieceTypes.normal, pieceTypes.unused, pieceTypes.userDefined)
  const inWords = (piece: string) =>
    spacesAtEnd ? [-1, piece.length - 1].includes(piece.indexOf(spaceMark)) : piece.lastIndexOf(spaceMark) <= 0
  if (!piecesOf(model, pieceTypes.normal).includes(spaceMark) || !texts.every(inWords)) return []
  return [spacesAtEnd ? cut('MergedWithPrevious') : metaspace('never')]
}

/** Symbols of the user are cut out before characters are merged; in a Unigram model they are tokens with a very good score. */
function symbolCut(model: SentencePieceModel): Json[] {
  const symbols = piecesOf(model, pieceTypes.userDefined).toSorted((a, b) => b.length - a.length)
  const cut = symbols.length > 0 && (model.algorithm === 'bpe' || model.algorithm === 'char')
  return cut ? [split(symbols.map(quoted).join('|'), 'Isolated')] : []
}

/** More spaces than a text begins with. */
const everySpace = 2 ** 31 - 1

/** A noncharacter, which no text has: the space that unknown tokens are shown with is not that before the first word. */
const shield = '\u{fdd0}'

/** SentencePiece's normalizer and decoder, and cuts. */
export function exactStages(model: SentencePieceModel, before: readonly Json[] = []): StageJson {
  const { addDummyPrefix, escapeWhitespaces, removeExtraWhitespaces, spacesAtEnd, unknownPiece, unknownSurface } = model
  const space = escapeWhitespaces ? spaceMark : ' '
  const atEnd = replaceAll('(?<=[\\s\\S])\\z', space)
  const steps = [
    ...before,
    ...characterRules(model),
    ...(removeExtraWhitespaces
      ? [replaceAll(escapeWhitespaces ? '\\A +|[ ▁]+\\z' : '\\A +| +\\z', ''), replaceAll(' {2,}', ' ')]
      : []),
    ...(addDummyPrefix ? [spacesAtEnd ? atEnd : { type: 'Prepend', prepend: space }] : []),
    ...(escapeWhitespaces ? [replace(' ', spaceMark)] : []),
  ]
  const cuts = [...symbolCut(model), ...wordCut(model)]
  const shown = unknownSurface.startsWith(' ') ? shield + unknownSurface : unknownSurface
  // Only marks are taken from the beginning, so nothing is where spaces are not written as marks.
  const spaces = !escapeWhitespaces ? 0 : removeExtraWhitespaces ? everySpace : addDummyPrefix ? 1 : 0
  return {
    normalizer: steps.length > 0 ? normalizers(...steps) : null,
    pre_tokenizer: cuts.length > 1 ? preTokenizers(...cuts) : cuts[0],
    decoder: decoders(
      replace(spaceMark, ' '),
      replace(unknownPiece, shown),
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      ...(spaces > 0 ? [{ type: 'Strip', content: ' ', start: spaces, stop: 0 }] : []),
      replace(shield, ''),
    ),
  }
}

/** The score of the user's symbols, which no other way to write them reaches. */
const symbolScore = -0.1
const hiddenScore = -1000

/** The model with the tokens by id. Pieces that are not among them are left out. */
function exactModel(model: SentencePieceModel, tokens: readonly string[]): Json {
  const { pieces, algorithm, byteFallback, unknownPiece } = model
  const ids = idsOf(tokens)
  if (algorithm === 'unigram') {
    const scores = new Map(
      pieces.flatMap(({ piece, score, type }): Scored[] => {
        if (type === pieceTypes.userDefined) return [[piece, symbolScore]]
        return type === pieceTypes.normal ? [[piece, score]] : []
      }),
    )
    return {
      type: 'Unigram',
      unk_id: ids.get(unknownPiece),
      byte_fallback: byteFallback,
      // Readers that do not know of hidden tokens hardly ever take one with so low a score.
      vocab: tokens.map((token): Scored => [token, scores.get(token) ?? hiddenScore]),
      hidden_ids: tokens.flatMap((token, id) => (scores.has(token) ? [] : [id])),
      single_precision: true,
    }
  }
  const idsIn = (...types: PieceType[]) => piecesOf(model, ...types).flatMap((piece) => ids.get(piece) ?? [])
  const unused = idsIn(pieceTypes.unused)
  if (algorithm === 'word')
    return {
      type: 'WordLevel',
      vocab: Object.fromEntries(ids),
      unk_token: unknownPiece,
      fuse_unk: true,
      ...(unused.length > 0 && { hidden_ids: unused }),
    }
  const mergeable = pieces.filter(({ type }) => type === pieceTypes.normal || type === pieceTypes.unused)
  const ranked = mergeable.toSorted((a, b) => b.score - a.score).map(({ piece }) => piece)
  const ranks = idsOf(ranked)
  const merges = algorithm === 'bpe' ? generateMerges(ranked, (token) => ranks.get(token)) : []
  const symbols = idsIn(pieceTypes.userDefined)
  return bpeModel(tokens, merges, {
    unk_token: unknownPiece,
    fuse_unk: true,
    byte_fallback: byteFallback,
    tied_ranks: true,
    // Symbols of the user are not merged from their characters.
    ...(symbols.length > 0 && { ignore_merges: true, whole_ids: symbols }),
    ...(unused.length > 0 && { unused_ids: unused }),
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

/** As SentencePiece itself reads texts. */
export function exactParts(model: SentencePieceModel, settings: Settings, { family, vocabulary }: Around = {}): Parts {
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

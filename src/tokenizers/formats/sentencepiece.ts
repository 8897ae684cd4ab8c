/** SentencePiece models → the parts of a tokenizer: as a class of transformers reads them, or as SentencePiece itself does. */
import { toBase64 } from '../../base/base64.ts'
import { fileError } from '../../base/errors.ts'
import { mostSentinels } from '../byte-level.ts'
import type { Json } from '../field.ts'
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
import { roles } from './assemble.ts'
import { generateMerges } from './merges.ts'
import type { Scored, SentencePieceFamily } from './sentencepiece-families.ts'
import { pieceTypes, type SentencePieceModel } from './sentencepiece-model.ts'
import type { Settings } from './settings.ts'

const charsmapOf = ({ charsmap }: SentencePieceModel): Json[] =>
  charsmap.length > 0 ? [{ type: 'Precompiled', precompiled_charsmap: toBase64(charsmap) }] : []

/** Tokens → ids by a list; of two alike the last counts, as where a dictionary is filled. */
const idsOf = (tokens: readonly string[]) => new Map(tokens.map((token, id) => [token, id]))

const bpeModel = (tokens: readonly string[], merges: readonly (readonly [string, string])[], more: Json): Json => ({
  type: 'BPE',
  ...more,
  vocab: Object.fromEntries(idsOf(tokens)),
  merges,
})

/** As the class does it. */
export function familyParts(family: SentencePieceFamily, model: SentencePieceModel, settings: Settings): Parts {
  const named = roles(settings.field, family.named)
  const options = {
    named,
    count: (name: string, fallback: number) => settings.field.get(name).integer(0, mostSentinels, fallback),
  }
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
    model: family.unknownId
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

const quoted = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

/** The stages before the model: SentencePiece's normalizer, and cuts that change nothing but make words come again. */
export function exactStages(model: SentencePieceModel): StageJson {
  const space = model.escapeWhitespaces ? spaceMark : ' '
  const steps = [
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

function exactModel(model: SentencePieceModel): Json {
  const { pieces, algorithm, byteFallback, unknownPiece } = model
  const unknown = pieces.findIndex(({ type }) => type === pieceTypes.unknown)
  if (algorithm === 'unigram') {
    const vocab = pieces.map(({ piece, score }): Scored => [piece, score])
    const hidden_ids = pieces.flatMap(({ type }, id) =>
      type === pieceTypes.normal || type === pieceTypes.userDefined ? [] : [id],
    )
    return { type: 'Unigram', unk_id: unknown, byte_fallback: byteFallback, vocab, hidden_ids }
  }
  const tokens = pieces.map(({ piece }) => piece)
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

/** As SentencePiece itself reads texts. Errors: `TOKENIZER_UNSUPPORTED` for a model with spaces at the ends of words. */
export function exactParts(model: SentencePieceModel, file: string, settings: Settings): Parts {
  if (model.spacesAtEnd)
    throw fileError(
      'TOKENIZER_UNSUPPORTED',
      `${file}: it was trained with treat_whitespace_as_suffix.\nExpected marks before words; convert it to a tokenizer.json first.`,
    )
  const { pieces } = model
  const ids = idsOf(pieces.map(({ piece }) => piece))
  const role = (name: string, id: number) => (pieces[id] ? [[name, pieces[id].piece]] : [])
  const isControl = ({ type }: { type: number }) => type === pieceTypes.control
  return {
    settings,
    named: Object.fromEntries([
      ...role('bos', model.bosId),
      ...role('eos', model.eosId),
      ['unk', model.unknownPiece],
      ...role('pad', model.padId),
    ]),
    model: exactModel(model),
    idOf: (token) => ids.get(token),
    size: pieces.length,
    added: pieces.filter(isControl).map(({ piece }) => ({ content: piece, special: true })),
    stages: () => exactStages(model),
  }
}

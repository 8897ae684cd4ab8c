/** Byte pair encoding (Sennrich et al. 2016; over bytes: Radford et al. 2019): a piece's characters, merged by learned rank. */
import { fileError, usageError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'
import { locate, type SymbolOptions, SymbolReader } from './bpe-symbols.ts'
import { byteTokens } from './byte-tokens.ts'
import type { Model } from './index.ts'
import { MergeTable } from './merge-table.ts'
import { type MergeHooks, mergeSymbols } from './merging.ts'
import { checkSampling } from './sampling.ts'
import type { BpeSteps, MergeStep } from './steps.ts'
import { mergeApart, type Unused } from './unused-tokens.ts'

export type BpeOptions = SymbolOptions & {
  /** Pairs of tokens in the order learned: the rank is the index. */
  merges: readonly (readonly [string, string])[]
  /** A piece that is itself a token is that token, whatever the merges would give. */
  ignoreMerges?: boolean
  /** The tokens that `ignoreMerges` is about; all if left out. Hugging Face's readers pass over the field. */
  wholeIds?: readonly number[]
  /** Merges that follow each other and make one token have one rank, so the leftmost comes first, as SentencePiece has it. */
  tiedRanks?: boolean
  /** Tokens that merging goes through but that no text is written in: they come apart again, or are unknown. */
  unusedIds?: readonly number[]
  /** How probable it is that a merge is passed over when the encoding is sampled and nothing else is said. */
  dropout?: number
  /** Named in errors about merges. */
  file?: string
}

/** The right part of a merge as it is joined to the left: without as many bytes as the prefix of continuing tokens has. */
function withoutPrefix(token: string, prefix: string): string | undefined {
  if (token.startsWith(prefix)) return token.slice(prefix.length)
  const bytes = new TextEncoder().encode(token)
  const { length } = new TextEncoder().encode(prefix)
  return bytes.length < length ? undefined : new TextDecoder().decode(bytes.subarray(length))
}

/** Errors: `TOKENIZER_FIELD` if a merge has or makes a token outside the vocabulary. */
function tableOf({
  vocabulary,
  merges,
  continuingPrefix = '',
  tiedRanks = false,
  file = 'merges',
}: BpeOptions): MergeTable {
  const table = new MergeTable(merges.length)
  const idOf = (token: string, rank: number): number => {
    const id = vocabulary.idOf(token)
    if (id !== undefined) return id
    throw fileError(
      'TOKENIZER_FIELD',
      `${file}: merge ${rank}, ${show(merges[rank])}, needs the token ${show(token)}, which the vocabulary does not have.\n` +
        'Expected tokens of the vocabulary.',
    )
  }
  // Merged tokens usually have ids in the order of the merges, which spares looking each up by its text.
  let next = 0
  let tied = 0
  for (let rank = 0; rank < merges.length; rank++) {
    const [left, right] = merges[rank]!
    const leftId = idOf(left, rank)
    const rightId = idOf(right, rank)
    const rest = withoutPrefix(right, continuingPrefix)
    if (rest === undefined)
      throw fileError(
        'TOKENIZER_FIELD',
        `${file}: merge ${rank}, ${show(merges[rank])}, joins a token that is shorter than the prefix of continuing tokens.\n` +
          `Expected one that begins with ${show(continuingPrefix)}.`,
      )
    const guess = vocabulary.tokenOf(next)
    const guessed = guess?.length === left.length + rest.length && guess.startsWith(left) && guess.endsWith(rest)
    const merged = guessed ? next : idOf(left + rest, rank)
    if (!tiedRanks || rank === 0 || merged !== next - 1) tied = rank
    table.set(leftId, rightId, tied, merged)
    next = merged + 1
  }
  return table
}

/** Errors of `tokenize`: `UNKNOWN_PIECE` if a character is unknown and `unknown` is not in the vocabulary. */
export function bpe(options: BpeOptions): Model {
  const { vocabulary, merges, ignoreMerges = false } = options
  const table = tableOf(options)
  const reader = new SymbolReader(options)
  const { symbols } = reader
  const wholes = options.wholeIds && new Set(options.wholeIds)
  const wholeId = (piece: string) => {
    const id = ignoreMerges ? vocabulary.idOf(piece) : undefined
    return id !== undefined && (!wholes || wholes.has(id)) ? id : undefined
  }
  const bytes = options.byteFallback ? byteTokens(vocabulary) : () => undefined
  const unused: Unused = {
    ids: new Set(options.unusedIds),
    unknown: options.unknown === undefined ? undefined : vocabulary.idOf(options.unknown),
    bytesOf: (id) => bytes(vocabulary.tokenOf(id)!),
  }

  function merge(piece: string, hooks?: MergeHooks): number[] {
    const inBytes = reader.read(piece)
    if (unused.ids.size > 0) mergeApart(symbols, table, unused, hooks)
    else mergeSymbols(symbols, table, hooks)
    if (inBytes) locate(symbols, piece)
    const tokens: number[] = []
    for (let i = 0; i < symbols.count; i++) tokens.push(symbols.ids[i]!, symbols.starts[i]!, symbols.ends[i]!)
    return tokens
  }

  function tokenize(piece: string): number[] {
    const whole = wholeId(piece)
    return whole === undefined ? merge(piece) : [whole, 0, piece.length]
  }

  function explain(piece: string): BpeSteps {
    const id = wholeId(piece)
    if (id !== undefined)
      return { model: 'BPE', symbols: [{ token: piece, id, start: 0, end: piece.length }], merges: [], whole: true }
    if (reader.read(piece)) locate(symbols, piece)
    const first = Array.from({ length: symbols.count }, (_, i) => ({
      token: vocabulary.tokenOf(symbols.ids[i]!)!,
      id: symbols.ids[i]!,
      start: symbols.starts[i]!,
      end: symbols.ends[i]!,
    }))
    const steps: MergeStep[] = []
    mergeSymbols(symbols, table, {
      merged(rank, left, right, id) {
        steps.push({ rank, pair: merges[rank]!, token: vocabulary.tokenOf(id)!, left, right })
      },
    })
    return { model: 'BPE', symbols: first, merges: steps, whole: false }
  }

  return {
    vocabulary,
    unknownId: reader.unknownId,
    tokenize,
    explain,
    sample(pieces, sampling, uniform) {
      checkSampling(sampling, 'byte pair encoding', ['dropout'])
      const dropout = sampling.dropout ?? options.dropout
      if (dropout === undefined)
        throw usageError('BAD_SAMPLING', 'sampling.dropout is missing.\nExpected a number from 0 to 1, such as 0.1.')
      return pieces.map((piece) =>
        dropout === 0 ? tokenize(piece) : merge(piece, { dropped: () => uniform() < dropout }),
      )
    },
    json: () => ({
      type: 'BPE',
      dropout: options.dropout ?? null,
      unk_token: options.unknown ?? null,
      continuing_subword_prefix: options.continuingPrefix ?? null,
      end_of_word_suffix: options.endOfWordSuffix ?? null,
      fuse_unk: options.fuseUnknown ?? false,
      byte_fallback: options.byteFallback ?? false,
      ignore_merges: ignoreMerges,
      ...(options.wholeIds && { whole_ids: options.wholeIds }),
      ...(options.tiedRanks && { tied_ranks: true }),
      ...(options.unusedIds && { unused_ids: options.unusedIds }),
      vocab: vocabulary.json(),
      merges,
    }),
  }
}

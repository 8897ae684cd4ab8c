/** Byte pair encoding (Sennrich et al. 2016; over bytes: Radford et al. 2019): a piece's characters, merged by learned rank. */
import { fileError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'
import { Field } from '../field.ts'
import type { Model } from './index.ts'
import { MergeTable } from './merge-table.ts'
import { mergeSymbols, type Symbols } from './merging.ts'
import { readVocabulary, type Vocabulary } from './vocabulary.ts'

export type BpeOptions = {
  vocabulary: Vocabulary
  /** Pairs of tokens in the order learned: the rank is the index. */
  merges: readonly (readonly [string, string])[]
  /** The token of characters outside the vocabulary; without it they are left out. */
  unknown?: string
  /** One unknown token for a run of unknown characters. */
  fuseUnknown?: boolean
  /** A piece that is itself a token is that token, whatever the merges would give. */
  ignoreMerges?: boolean
  /** Named in errors about merges. */
  file?: string
}

/** Errors: `TOKENIZER_FIELD` if a merge has or makes a token outside the vocabulary. */
function tableOf({ vocabulary, merges, file = 'merges' }: BpeOptions): MergeTable {
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
  for (let rank = 0; rank < merges.length; rank++) {
    const [left, right] = merges[rank]!
    const leftId = idOf(left, rank)
    const rightId = idOf(right, rank)
    const guess = vocabulary.tokenOf(next)
    const guessed = guess?.length === left.length + right.length && guess.startsWith(left) && guess.endsWith(right)
    const merged = guessed ? next : idOf(left + right, rank)
    table.set(leftId, rightId, rank, merged)
    next = merged + 1
  }
  return table
}

export function bpe(options: BpeOptions): Model {
  const { vocabulary, merges, unknown, fuseUnknown = false, ignoreMerges = false } = options
  const table = tableOf(options)
  const unknownId = unknown === undefined ? undefined : vocabulary.idOf(unknown)
  /** Ids of single characters by code point. */
  const characters = new Map<number, number>()
  for (const [token, id] of vocabulary.ids) {
    const point = token.codePointAt(0)
    if (point !== undefined && token.length === (point > 0xffff ? 2 : 1)) characters.set(point, id)
  }

  const symbols: Symbols = { ids: new Int32Array(64), starts: new Int32Array(64), ends: new Int32Array(64), count: 0 }
  /** The piece's characters as symbols; where the vocabulary lacks one, the unknown token, or nothing. */
  function read(piece: string): void {
    if (piece.length > symbols.ids.length || symbols.ids.length > 65536) {
      const capacity = Math.max(64, piece.length)
      symbols.ids = new Int32Array(capacity)
      symbols.starts = new Int32Array(capacity)
      symbols.ends = new Int32Array(capacity)
    }
    const { ids, starts, ends } = symbols
    let count = 0
    let wasUnknown = false
    for (let i = 0; i < piece.length; ) {
      const point = piece.codePointAt(i)!
      const end = i + (point > 0xffff ? 2 : 1)
      const known = characters.get(point)
      const id = known ?? unknownId
      if (known === undefined && wasUnknown && fuseUnknown) ends[count - 1] = end
      else if (id !== undefined) {
        ids[count] = id
        starts[count] = i
        ends[count++] = end
      }
      wasUnknown = known === undefined && id !== undefined
      i = end
    }
    symbols.count = count
  }

  return {
    vocabulary,
    tokenize(piece) {
      const whole = ignoreMerges ? vocabulary.idOf(piece) : undefined
      if (whole !== undefined) return [whole, 0, piece.length]
      read(piece)
      mergeSymbols(symbols, table)
      const tokens: number[] = []
      for (let i = 0; i < symbols.count; i++) tokens.push(symbols.ids[i]!, symbols.starts[i]!, symbols.ends[i]!)
      return tokens
    },
    json: () => ({
      type: 'BPE',
      dropout: null,
      unk_token: unknown ?? null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: fuseUnknown,
      byte_fallback: false,
      ignore_merges: ignoreMerges,
      vocab: vocabulary.json(),
      merges,
    }),
  }
}

/** A merge as `["a", "b"]` or, in older files, `"a b"`. There are many: a field is made only for one that is wrong. */
function readMerge(value: unknown, fieldOf: () => Field): [string, string] {
  const parts: unknown = typeof value === 'string' ? value.split(' ') : value
  const isPair =
    Array.isArray(parts) && parts.length === 2 && parts.every((part) => typeof part === 'string' && part !== '')
  return isPair ? (parts as [string, string]) : fieldOf().fail('two tokens, as ["a", "b"] or "a b"')
}

/** The lines of a `merges.txt` or `vocab.bpe`: `a b`, after a `#version` line. */
export const readMergeLines = (text: string, file: string): [string, string][] =>
  text
    .split(/\r?\n/)
    .map((line, i) => [line, i] as const)
    .filter(([line, i]) => line !== '' && !(i === 0 && line.startsWith('#version')))
    .map(([line, i]) => readMerge(line, () => new Field(file, line, `line ${i + 1}`)))

export function readBpe(field: Field): Model {
  const dropout = field.get('dropout')
  if (!dropout.missing && dropout.value !== 0) dropout.fail('null or 0 (random merges are not supported)')
  for (const name of ['continuing_subword_prefix', 'end_of_word_suffix']) {
    const affix = field.get(name)
    if (!affix.missing && affix.string() !== '') affix.fail('null (not supported)', 'TOKENIZER_UNSUPPORTED')
  }
  const fallback = field.get('byte_fallback')
  if (fallback.boolean(false)) fallback.fail('false (not supported)', 'TOKENIZER_UNSUPPORTED')
  const unknown = field.get('unk_token')
  const merges = field.get('merges')
  return bpe({
    vocabulary: readVocabulary(field.get('vocab')),
    merges: merges.values().map((merge, i) => readMerge(merge, () => merges.at(i))),
    unknown: unknown.missing ? undefined : unknown.string(),
    fuseUnknown: field.get('fuse_unk').boolean(false),
    ignoreMerges: field.get('ignore_merges').boolean(false),
    file: field.file,
  })
}

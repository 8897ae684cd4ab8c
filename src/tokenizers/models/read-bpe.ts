/** Byte pair encoding as tokenizer.json and merges.txt have it. */
import { Field, largestId } from '../field.ts'
import { bpe } from './bpe.ts'
import type { Model } from './index.ts'
import { readVocabulary } from './vocabulary.ts'

const isToken = (part: unknown) => typeof part === 'string' && part !== ''

/** A merge as `["a", "b"]` or, in older files, `"a b"`. There are many: a field is made only for one that is wrong. */
function readMerge(value: unknown, fieldOf: () => Field): [string, string] {
  const parts: unknown = typeof value === 'string' ? value.split(' ') : value
  const isPair = Array.isArray(parts) && parts.length === 2 && isToken(parts[0]) && isToken(parts[1])
  return isPair ? (parts as [string, string]) : fieldOf().fail('two tokens, as ["a", "b"] or "a b"')
}

function readMerges(field: Field): [string, string][] {
  const merges: [string, string][] = []
  for (const [i, merge] of field.values().entries())
    if (!isVersion(merge)) merges.push(readMerge(merge, () => field.at(i)))
  return merges
}

/** The first line of merges.txt, which older tokenizer.json files have too. */
const isVersion = (merge: unknown): boolean => typeof merge === 'string' && merge.startsWith('#version')

/** The lines of a `merges.txt` or `vocab.bpe`: `a b`, after a `#version` line. */
export const readMergeLines = (text: string, file: string): [string, string][] =>
  text
    .split(/\r?\n/)
    .map((line, i) => [line, i] as const)
    .filter(([line]) => line !== '' && !isVersion(line))
    .map(([line, i]) => readMerge(line, () => new Field(file, line, `line ${i + 1}`)))

const optional = (field: Field): string | undefined => (field.missing ? undefined : field.string())

function readDropout(field: Field): number | undefined {
  if (field.missing) return undefined
  const { value } = field
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : field.fail('null or a number from 0 to 1')
}

const readIds = (field: Field): number[] | undefined =>
  field.missing ? undefined : field.list().map((id) => id.integer(0, largestId))

export function readBpe(field: Field): Model {
  return bpe({
    vocabulary: readVocabulary(field.get('vocab')),
    merges: readMerges(field.get('merges')),
    unknown: optional(field.get('unk_token')),
    fuseUnknown: field.get('fuse_unk').boolean(false),
    byteFallback: field.get('byte_fallback').boolean(false),
    continuingPrefix: optional(field.get('continuing_subword_prefix')),
    endOfWordSuffix: optional(field.get('end_of_word_suffix')),
    ignoreMerges: field.get('ignore_merges').boolean(false),
    wholeIds: readIds(field.get('whole_ids')),
    tiedRanks: field.get('tied_ranks').boolean(false),
    unusedIds: readIds(field.get('unused_ids')),
    dropout: readDropout(field.get('dropout')),
    file: field.file,
  })
}

/** Stages as tokenizer.json spells them, for tokenizers that are not read from one. */
import type { Json } from './field.ts'

export const normalizers = (...stages: readonly Json[]): Json => ({ type: 'Sequence', normalizers: stages })
export const preTokenizers = (...stages: readonly Json[]): Json => ({ type: 'Sequence', pretokenizers: stages })
export const decoders = (...stages: readonly Json[]): Json => ({ type: 'Sequence', decoders: stages })

/** Text as bytes, each byte a character (as a pre-tokenizer, a post-processor or a decoder). */
export const byteLevel = ({ addPrefixSpace = false, useRegex = true, trimOffsets = true } = {}): Json => ({
  type: 'ByteLevel',
  add_prefix_space: addPrefixSpace,
  trim_offsets: trimOffsets,
  use_regex: useRegex,
})

export const split = (regex: string, behavior: 'Isolated' | 'Removed', invert = false): Json => ({
  type: 'Split',
  pattern: { Regex: regex },
  behavior,
  invert,
})

/** A regular expression for a text itself. */
export const quoted = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

export const replace = (text: string, content: string): Json => ({
  type: 'Replace',
  pattern: { String: text },
  content,
})
export const replaceAll = (regex: string, content: string): Json => ({
  type: 'Replace',
  pattern: { Regex: regex },
  content,
})
export const strip = (left: boolean, right: boolean): Json => ({ type: 'Strip', strip_left: left, strip_right: right })

/** The mark that stands for a space in the vocabularies of SentencePiece. */
export const spaceMark = '▁'

/** Words begin with a mark (as a pre-tokenizer or a decoder). */
export const metaspace = (scheme: 'always' | 'first' | 'never', cut = true): Json => ({
  type: 'Metaspace',
  replacement: spaceMark,
  prepend_scheme: scheme,
  split: cut,
})

/** Pieces joined, marks turned into spaces, bytes into characters; then `spaces` are taken from the beginning. */
export const fusedDecoder = (spaces: 0 | 1): Json =>
  decoders(
    replace(spaceMark, ' '),
    { type: 'ByteFallback' },
    { type: 'Fuse' },
    ...(spaces ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
  )

/** The cleaning and cutting of BERT (Devlin et al. 2019). */
export const bertNormalizer = (
  options: { lowercase?: boolean; stripAccents?: boolean | null; chinese?: boolean; cleanText?: boolean } = {},
): Json => ({
  type: 'BertNormalizer',
  clean_text: options.cleanText ?? true,
  handle_chinese_chars: options.chinese ?? true,
  strip_accents: options.stripAccents ?? null,
  lowercase: options.lowercase ?? true,
})

/** Finds the id of a token. */
export type IdOf = (token: string) => number | undefined

/** A place in a template: `$A` and `$B` are the texts, others are special tokens; with the segment, which is 0 if left out. */
export type Place = string | readonly [string, number]

/** Special tokens around one text and around two. Tokens without an id are left out. */
export function template(single: readonly Place[], pair: readonly Place[], idOf: IdOf): Json {
  const special: Record<string, Json> = {}
  const items = (places: readonly Place[]): Json[] =>
    places.flatMap((place): Json[] => {
      const [name, segment] = typeof place === 'string' ? [place, 0] : place
      if (name === '$A' || name === '$B') return [{ Sequence: { id: name.slice(1), type_id: segment } }]
      const id = idOf(name)
      if (id === undefined) return []
      special[name] = { id: name, ids: [id], tokens: [name] }
      return [{ SpecialToken: { id: name, type_id: segment } }]
    })
  return { type: 'TemplateProcessing', single: items(single), pair: items(pair), special_tokens: special }
}

/** RoBERTa's way of putting special tokens around texts (as a template, but it trims offsets too). */
export const robertaProcessing = (
  { sep, cls }: { sep: string; cls: string },
  idOf: IdOf,
  { trimOffsets, addPrefixSpace }: { trimOffsets: boolean; addPrefixSpace: boolean },
): Json => ({
  type: 'RobertaProcessing',
  sep: [sep, idOf(sep)],
  cls: [cls, idOf(cls)],
  trim_offsets: trimOffsets,
  add_prefix_space: addPrefixSpace,
})

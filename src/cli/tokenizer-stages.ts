/** Names for the stages before a tokenizer's model, for people who choose them on the command line. */
import { usageError } from '../base/errors.ts'
import type { Json } from '../tokenizers/field.ts'
import { cl100kPattern, o200kPattern } from '../tokenizers/patterns/published.ts'
import { characterPattern, llama3Pattern } from '../tokenizers/patterns/scanners.ts'

const bert = (lowercase: boolean): Json => ({
  type: 'BertNormalizer',
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents: null,
  lowercase,
})

/** What a text is rewritten by, as in tokenizer.json. */
export const normalizers: Readonly<Record<string, Json>> = {
  nfc: { type: 'NFC' },
  nfd: { type: 'NFD' },
  nfkc: { type: 'NFKC' },
  nfkd: { type: 'NFKD' },
  lowercase: { type: 'Lowercase' },
  strip: { type: 'Strip', strip_left: true, strip_right: true },
  'strip-accents': { type: 'StripAccents' },
  nmt: { type: 'Nmt' },
  bert: bert(true),
  'bert-cased': bert(false),
}

const split = (pattern: string): Json => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
})
const byteLevel = (useRegex: boolean): Json => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
})

/** What cuts a text into words: stages one after the other. */
export const preTokenizers: Readonly<Record<string, readonly Json[]>> = {
  'byte-level': [byteLevel(true)],
  llama3: [split(llama3Pattern), byteLevel(false)],
  cl100k: [split(cl100kPattern), byteLevel(false)],
  o200k: [split(o200kPattern), byteLevel(false)],
  whitespace: [{ type: 'Whitespace' }],
  'whitespace-split': [{ type: 'WhitespaceSplit' }],
  bert: [{ type: 'BertPreTokenizer' }],
  metaspace: [{ type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true }],
  punctuation: [{ type: 'Punctuation', behavior: 'Isolated' }],
  digits: [{ type: 'Digits', individual_digits: true }],
  scripts: [{ type: 'UnicodeScripts' }],
  characters: [split(characterPattern)],
}

/** In the place of stages: that there are none. */
export const none = 'none'

/** Stages by name, one after the other; null for `none`, undefined where nothing was said. */
export function stagesNamed(
  flag: string,
  names: readonly string[],
  stages: Readonly<Record<string, Json | readonly Json[]>>,
  member: 'normalizers' | 'pretokenizers',
): Json | null | undefined {
  if (names.length === 0) return undefined
  if (names.includes(none)) {
    if (names.length > 1) throw usageError('BAD_USAGE', `${flag} ${none} stands alone; found ${names.join(', ')}.`)
    return null
  }
  const chosen = names.flatMap((name) => stages[name]!)
  return chosen.length === 1 ? chosen[0]! : { type: 'Sequence', [member]: chosen }
}

/** Names for the stages before a tokenizer's model, for people who choose them on the command line or in a recipe. */
import { usageError } from '../../base/errors.ts'
import type { Json } from '../field.ts'
import { cl100kPattern, o200kPattern } from '../patterns/published.ts'
import { characterPattern, llama3Pattern } from '../patterns/scanners.ts'
import { bertNormalizer, byteLevel, metaspace, split, strip } from '../stage-json.ts'

/** What a text is rewritten by, as in tokenizer.json. */
export const normalizers: Readonly<Record<string, Json>> = {
  nfc: { type: 'NFC' },
  nfd: { type: 'NFD' },
  nfkc: { type: 'NFKC' },
  nfkd: { type: 'NFKD' },
  lowercase: { type: 'Lowercase' },
  strip: strip(true, true),
  'strip-accents': { type: 'StripAccents' },
  nmt: { type: 'Nmt' },
  bert: bertNormalizer(),
  'bert-cased': bertNormalizer({ lowercase: false }),
}

const cut = (pattern: string): Json => split(pattern, 'Isolated')
const bytes = byteLevel({ useRegex: false })

/** What cuts a text into words: stages one after the other. */
export const preTokenizers: Readonly<Record<string, readonly Json[]>> = {
  'byte-level': [byteLevel()],
  llama3: [cut(llama3Pattern), bytes],
  cl100k: [cut(cl100kPattern), bytes],
  o200k: [cut(o200kPattern), bytes],
  whitespace: [{ type: 'Whitespace' }],
  'whitespace-split': [{ type: 'WhitespaceSplit' }],
  bert: [{ type: 'BertPreTokenizer' }],
  metaspace: [metaspace('always')],
  punctuation: [{ type: 'Punctuation', behavior: 'Isolated' }],
  digits: [{ type: 'Digits', individual_digits: true }],
  scripts: [{ type: 'UnicodeScripts' }],
  characters: [cut(characterPattern)],
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

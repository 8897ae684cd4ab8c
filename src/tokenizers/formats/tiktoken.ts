/** tiktoken's rank files: a token's bytes in base64 and its rank on each line. */
import { fromBase64 } from '../../base/base64.ts'
import { fileError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'
import { entryOf, largestId } from '../field.ts'
import { tiktokenPatterns } from '../patterns/published.ts'
import { llama3Pattern } from '../patterns/scanners.ts'
import { byteLevel, preTokenizers, split } from '../stage-json.ts'
import { byteCharacters } from '../text/bytes.ts'
import type { Parts } from './assemble.ts'
import { generateMerges } from './merges.ts'
import type { Settings } from './settings.ts'

const endOfText = '<|endoftext|>'
const fillInTheMiddle = ['<|fim_prefix|>', '<|fim_middle|>', '<|fim_suffix|>']

const harmony = {
  '<|return|>': 200002,
  '<|constrain|>': 200003,
  '<|channel|>': 200005,
  '<|start|>': 200006,
  '<|end|>': 200007,
  '<|message|>': 200008,
  '<|call|>': 200012,
}

const taken = [...Object.values(harmony), 200018]
const reserved = Array.from({ length: 1088 }, (_, i) => 200000 + i).filter((id) => !taken.includes(id))

/** The special tokens of the published encodings (openai_public.py of tiktoken 0.14). */
const published: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  gpt2: { [endOfText]: 50256 },
  r50k_base: { [endOfText]: 50256 },
  p50k_base: { [endOfText]: 50256 },
  p50k_edit: { [endOfText]: 50256, ...numbered(fillInTheMiddle, 50281) },
  cl100k_base: { [endOfText]: 100257, ...numbered(fillInTheMiddle, 100258), '<|endofprompt|>': 100276 },
  o200k_base: { [endOfText]: 199999, '<|endofprompt|>': 200018 },
  o200k_harmony: {
    '<|startoftext|>': 199998,
    [endOfText]: 199999,
    ...harmony,
    ...Object.fromEntries(reserved.map((id) => [`<|reserved_${id}|>`, id])),
  },
}

function numbered(tokens: readonly string[], first: number): Record<string, number> {
  return Object.fromEntries(tokens.map((token, i) => [token, first + i]))
}

const base64Line = /^([A-Za-z0-9+/]+={0,2}) (\d+)$/

/** Tokens, spelled in byte characters, by rank. Errors: `TOKENIZER_FIELD`, naming the line. */
function readRanks(text: string, file: string): Map<string, number> {
  const ranks = new Map<string, number>()
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line === '') continue
    const [, base64 = '', digits = ''] = base64Line.exec(line) ?? []
    const bytes = base64.length % 4 === 0 ? fromBase64(base64) : undefined
    const rank = Number(digits)
    if (!bytes?.length || rank > largestId)
      throw fileError(
        'TOKENIZER_FIELD',
        `${file}: line ${i + 1} is ${show(line)}.\nExpected a token in base64 and its rank, such as "aGVsbG8= 31373".`,
      )
    let token = ''
    for (const byte of bytes) token += byteCharacters[byte]
    ranks.set(token, rank)
  }
  return ranks
}

/**
 * A rank file → the parts of a tokenizer. `name` is the encoding's, such as `cl100k_base`: it gives the pattern and the special
 * tokens; for other names the pattern is Llama 3's, as in transformers, and there are no special tokens but those of the settings.
 */
export function tiktokenParts(name: string, text: string, file: string, settings: Settings): Parts {
  const ranks = readRanks(text, file)
  const rankOf = (token: string) => ranks.get(token)
  const tokens = [...ranks].sort((a, b) => a[1] - b[1]).map(([token]) => token)
  const special = entryOf(published, name) ?? {}
  return {
    settings,
    named: endOfText in special ? { bos: endOfText, eos: endOfText } : {},
    model: {
      type: 'BPE',
      ignore_merges: true,
      vocab: Object.fromEntries(ranks),
      merges: generateMerges(tokens, rankOf, { byRank: true }),
    },
    idOf: rankOf,
    size: (ranks.get(tokens.at(-1) ?? '') ?? -1) + 1,
    added: Object.keys(special).map((content) => ({ content, id: special[content], special: true })),
    stages: () => ({
      pre_tokenizer: preTokenizers(
        split(entryOf(tiktokenPatterns, name) ?? llama3Pattern, 'Isolated'),
        byteLevel({ useRegex: false }),
      ),
      decoder: byteLevel(),
      post_processor: byteLevel({ trimOffsets: false }),
    }),
  }
}

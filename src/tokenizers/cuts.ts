/** Where a long text may be cut so that its parts, encoded one by one, have the tokens of the whole. */
import type { Json } from './field.ts'
import { o200kPattern } from './patterns/published.ts'
import { scanners } from './patterns/scanners.ts'
import type { Tokenizer } from './tokenizer.ts'

/** Whether `text` may be cut before the unit `at`. */
export type CutCheck = (text: string, at: number) => boolean

/** Units on each side that are encoded to see what a cut does. */
const probeUnits = 24

/** Normalizers that rewrite a character by itself or with the marks that follow it. */
const localNormalizers: ReadonlySet<unknown> = new Set([
  'BertNormalizer',
  'Lowercase',
  'NFC',
  'NFD',
  'NFKC',
  'NFKD',
  'Nmt',
  'Precompiled',
  'StripAccents',
])

/** Runs of white space: beside a cut there is one white space only, and all of it on one side. */
const spacePatterns: ReadonlySet<unknown> = new Set([' +', ' {2,}', '\\s+', '\\s{2,}'])

/** A literal without white space lies on one side of a cut beside white space, and so does a single character. */
function isLocal(normalizer: Json | null | undefined): boolean {
  if (!normalizer) return true
  const { type, normalizers, pattern } = normalizer
  if (type === 'Sequence') return (normalizers as Json[]).every(isLocal)
  if (type !== 'Replace') return localNormalizers.has(type)
  const { String: literal, Regex: regex } = pattern as Json
  if (typeof literal === 'string') return !/\s/.test(literal) || [...literal].length === 1
  return spacePatterns.has(regex)
}

/** Patterns whose matches end at the white space before a word, or after it, whatever stands further away. */
const wordPatterns: ReadonlySet<unknown> = new Set([...scanners.keys(), o200kPattern])
const wordStages: ReadonlySet<unknown> = new Set(['BertPreTokenizer', 'Whitespace', 'WhitespaceSplit'])
/** Stages that cut pieces further, each piece by itself, and look at nothing but single characters. */
const furtherStages: ReadonlySet<unknown> = new Set(['ByteLevel', 'Digits', 'Metaspace', 'Punctuation'])

/** Whether pieces end at a cut between words, whatever stands further away. */
function isCutByWords(preTokenizer: Json | null | undefined): boolean {
  if (!preTokenizer) return false
  const { type, pretokenizers, pattern, behavior, invert } = preTokenizer
  if (type === 'Sequence') {
    const stages = pretokenizers as Json[]
    const first = stages.findIndex(isCutByWords)
    const before = ({ type }: Json) => type === 'Digits' || type === 'Punctuation'
    const after = (stage: Json) => furtherStages.has(stage.type) || isCutByWords(stage)
    return first >= 0 && stages.slice(0, first).every(before) && stages.slice(first + 1).every(after)
  }
  if (type === 'Split') return wordPatterns.has((pattern as Json).Regex) && behavior === 'Isolated' && invert !== true
  if (type === 'Metaspace') return preTokenizer.split !== false
  return type === 'ByteLevel' ? preTokenizer.use_regex !== false : wordStages.has(type)
}

/** Post-processors that change nothing of the tokens in their middle; trimmed offsets depend on where a text begins. */
function keepsTokens(postProcessor: Json | null | undefined): boolean {
  if (!postProcessor) return true
  const { type, processors, trim_offsets, add_prefix_space } = postProcessor
  if (type === 'Sequence') return (processors as Json[]).every(keepsTokens)
  return !(trim_offsets === true && add_prefix_space !== false)
}

/**
 * Which cuts leave the tokens of a text as they are; undefined for a tokenizer of which that cannot be known, since its stages may look
 * at any distance, or since what it makes of a text is cut to a length. Only cuts beside a line break or a space between words
 * are ever allowed. Special tokens in the text are parsed or taken as text.
 */
export function safeCuts(tokenizer: Tokenizer): CutCheck | undefined {
  const { normalizer, preTokenizer, postProcessor, truncation, padding, addedTokens = [] } = tokenizer.stages
  if (truncation || padding) return undefined
  if (!isLocal(normalizer?.json) || !isCutByWords(preTokenizer?.json) || !keepsTokens(postProcessor?.json))
    return undefined
  const added = [...new Set([...addedTokens, ...tokenizer.addedTokens].map(({ content }) => content))]
  const longest = added.reduce((most, { length }) => Math.max(most, length), 0)
  // Looked for as they are and as a normalizer may have changed both.
  const folded = added.map((content) => content.normalize('NFKC').toLowerCase())
  const hasAdded = (text: string): boolean => {
    const other = text.normalize('NFKC').toLowerCase()
    return added.some((content, i) => text.includes(content) || other.includes(folded[i]!))
  }
  const tokens = (text: string, shift: number): string[] => {
    const { ids, offsets } = tokenizer.encode(text, { special: 'text', addSpecialTokens: false })
    return ids.map((id, i) => `${id}:${offsets[i]![0] + shift}:${offsets[i]![1] + shift}`)
  }
  return (text, at) => {
    const around = (units: number) => text.slice(Math.max(0, at - units), at + units).toWellFormed()
    if (added.length > 0 && hasAdded(around(longest + 2))) return false
    const probe = around(probeUnits)
    const middle = Math.min(at, probeUnits)
    const parts = [...tokens(probe.slice(0, middle), 0), ...tokens(probe.slice(middle), middle)]
    return parts.join() === tokens(probe, 0).join()
  }
}

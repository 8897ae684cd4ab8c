/** Tokenizers learned from text: byte-level BPE and characters. */
import { usageError } from '../../base/errors.ts'
import { specialToken } from '../added-tokens.ts'
import { bytelevelBpe } from '../byte-level.ts'
import type { NamedTokens } from '../config.ts'
import { readDecoder } from '../decoders/index.ts'
import { Field } from '../field.ts'
import { gpt2Named } from '../load.ts'
import { vocabularyOf } from '../models/vocabulary.ts'
import { wordLevel } from '../models/word-level.ts'
import { characterPattern, scanGpt2 } from '../patterns/scanners.ts'
import { readPreTokenizer } from '../pre-tokenizers/index.ts'
import { byteCharacters, spellBytes } from '../text/bytes.ts'
import { IntegerList } from '../text/integer-list.ts'
import { wellFormed } from '../text/unicode.ts'
import { Tokenizer } from '../tokenizer.ts'
import { learnMerges } from './learn-merges.ts'

/** How far a training is: texts read (their number is not known beforehand), or tokens learned of those wanted. */
export type TrainProgress = { stage: 'read'; texts: number } | { stage: 'learn'; done: number; total: number }

export type TrainOptions = {
  /** The most tokens, special ones included. */
  vocabSize?: number
  /** What occurs less often does not become a token. */
  minFrequency?: number
  /** They get the first ids. */
  specialTokens?: readonly string[]
  /** Which of the special tokens plays which role. */
  named?: NamedTokens
  onProgress?: (progress: TrainProgress) => void
}

const checkSpecial = (specialTokens: readonly string[]): void => {
  if (specialTokens.includes('') || new Set(specialTokens).size < specialTokens.length)
    throw usageError(
      'BAD_SPECIAL_TOKENS',
      `The special tokens are ${JSON.stringify(specialTokens)}.\nExpected different ones, none empty.`,
    )
}

/** Only those whose token is there. */
const present = (named: NamedTokens, tokens: readonly string[]): NamedTokens =>
  Object.fromEntries(Object.entries(named).filter(([, token]) => tokens.includes(token)))

/** Pieces are cut out of texts of this length at most a time, so that a long text needs no list of all its pieces. */
const stretch = 1 << 20

/** Counts the pieces of GPT-2's split pattern over all texts. */
export function countWords(texts: Iterable<string>, onProgress?: TrainOptions['onProgress']): Map<string, number> {
  const counts = new Map<string, number>()
  const bounds = new IntegerList()
  let read = 0
  for (const text of texts) {
    const clean = wellFormed(text)
    for (let from = 0; from < clean.length; ) {
      const to = Math.min(clean.length, from + stretch)
      bounds.length = 0
      scanGpt2(clean, from, to, bounds)
      // The last two pieces of a stretch are cut again with the next one: it may hold the rest of a word, or of `'re`.
      const last = to < clean.length ? Math.max(2, bounds.length - 4) : bounds.length
      for (let i = 0; i < last; i += 2) {
        const word = clean.slice(bounds.data[i]!, bounds.data[i + 1]!)
        counts.set(word, (counts.get(word) ?? 0) + 1)
      }
      from = bounds.data[last - 1]!
    }
    onProgress?.({ stage: 'read', texts: ++read })
  }
  return counts
}

/**
 * Learns a byte-level BPE tokenizer like GPT-2's (Radford et al. 2019, §2.2). The same texts give the same tokenizer, and the
 * one that Hugging Face's trainer gives. The vocabulary holds the special tokens, the 256 bytes, then what was learned; it may
 * end up smaller than `vocabSize` if the texts have no more pairs. Errors: `BAD_SPECIAL_TOKENS`, `VOCABULARY_TOO_SMALL`.
 */
export function trainBytelevelBpe(
  texts: Iterable<string>,
  {
    vocabSize = 8000,
    minFrequency = 0,
    specialTokens = ['<|endoftext|>'],
    named = gpt2Named,
    onProgress,
  }: TrainOptions = {},
): Tokenizer {
  checkSpecial(specialTokens)
  const alphabet = [...specialTokens, ...byteCharacters.toSorted()]
  if (vocabSize < alphabet.length)
    throw usageError(
      'VOCABULARY_TOO_SMALL',
      `The vocabulary size is ${vocabSize}.\nExpected at least ${alphabet.length}: 256 bytes and ${specialTokens.length} special tokens.`,
    )
  const words = new Map<string, number>()
  for (const [word, count] of countWords(texts, onProgress)) words.set(spellBytes(word).text, count)
  const { tokens, merges } = learnMerges(words, {
    vocabSize,
    minFrequency,
    alphabet,
    onProgress: (done, total) => onProgress?.({ stage: 'learn', done, total }),
  })
  return bytelevelBpe({
    vocabulary: vocabularyOf(tokens),
    merges,
    addedTokens: specialTokens.map(specialToken),
    named: present(named, specialTokens),
  })
}

/** What the usual special tokens are for. */
const characterNamed: NamedTokens = { pad: '<pad>', unk: '<unk>', bos: '<s>', eos: '</s>' }

/**
 * A tokenizer whose tokens are characters (Unicode code points): the special tokens, then the characters of the texts, the most
 * frequent first and among equals by code point. Characters it does not have become `<unk>`, or are an error if that is not
 * among the special tokens. Errors: `BAD_SPECIAL_TOKENS`, `VOCABULARY_TOO_SMALL`.
 */
export function trainCharacters(
  texts: Iterable<string>,
  {
    vocabSize = Number.POSITIVE_INFINITY,
    minFrequency = 0,
    specialTokens = ['<pad>', '<unk>', '<s>', '</s>'],
    named = characterNamed,
    onProgress,
  }: TrainOptions = {},
): Tokenizer {
  checkSpecial(specialTokens)
  if (vocabSize <= specialTokens.length)
    throw usageError(
      'VOCABULARY_TOO_SMALL',
      `The vocabulary size is ${vocabSize}.\nExpected at least ${specialTokens.length + 1}: ${specialTokens.length} special tokens and a character.`,
    )
  const counts = new Map<string, number>()
  let read = 0
  for (const text of texts) {
    for (const character of wellFormed(text)) counts.set(character, (counts.get(character) ?? 0) + 1)
    onProgress?.({ stage: 'read', texts: ++read })
  }
  const characters = [...counts]
    .filter(([character, count]) => count >= minFrequency && !specialTokens.includes(character))
    .sort(([a, m], [b, n]) => n - m || a.codePointAt(0)! - b.codePointAt(0)!)
    .map(([character]) => character)
  const tokens = [...specialTokens, ...characters].slice(0, vocabSize)
  const stage = (json: Record<string, unknown>) => new Field('built-in', json)
  return new Tokenizer({
    model: wordLevel(vocabularyOf(tokens), named.unk ?? '<unk>'),
    preTokenizer: readPreTokenizer(
      stage({ type: 'Split', pattern: { Regex: characterPattern }, behavior: 'Isolated', invert: false }),
    ),
    decoder: readDecoder(stage({ type: 'Fuse' })),
    addedTokens: specialTokens.map(specialToken),
    named: present(named, specialTokens),
  })
}

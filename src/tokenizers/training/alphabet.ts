/** The characters that subword models begin with. */
import { usageError } from '../../base/errors.ts'
import { codePointOrder } from '../text/unicode.ts'
import type { LearnSettings, WordCounts } from './kind.ts'
import { affixed } from './learn-merges.ts'

/**
 * The characters of some words and the initial alphabet, by code point. Where there are more than `limitAlphabet` the rarest go,
 * among equals those of larger code points; those of the initial alphabet are the last to go.
 */
export function charactersOf(words: WordCounts, settings: LearnSettings): string[] {
  const { initialAlphabet = [], limitAlphabet = Number.POSITIVE_INFINITY } = settings
  const counts = new Map<string, number>()
  for (const [word, count] of words)
    for (const character of word) counts.set(character, (counts.get(character) ?? 0) + count)
  for (const character of initialAlphabet) counts.set(character, Number.POSITIVE_INFINITY)
  const found = [...counts]
  if (found.length > limitAlphabet)
    found.sort(([a, m], [b, n]) => (m === n ? codePointOrder(a, b) : n - m)).splice(limitAlphabet)
  return found.map(([character]) => character).sort(codePointOrder)
}

/**
 * What merging begins with: special tokens, characters, and the characters as they stand within words. Throws
 * VOCABULARY_TOO_SMALL where that is more than the vocabulary may have.
 */
export function alphabetOf(words: WordCounts, settings: LearnSettings): string[] {
  const { vocabSize, specialTokens, continuingPrefix: prefix, endOfWord: suffix } = settings
  const plain = new Set([...specialTokens, ...charactersOf(words, settings)])
  const within = new Set<string>()
  if (prefix || suffix)
    for (const word of words.keys()) {
      let place = 0
      for (const character of word) {
        const first = place === 0
        place += character.length
        if (plain.has(character)) within.add(affixed(character, first, place === word.length, prefix, suffix))
      }
    }
  const alphabet = new Set([...plain, ...[...within].sort(codePointOrder)])
  if (alphabet.size > vocabSize)
    throw usageError(
      'VOCABULARY_TOO_SMALL',
      `The vocabulary size is ${vocabSize}.\nExpected at least ${alphabet.size}: ${alphabet.size - specialTokens.length} characters and ${specialTokens.length} special tokens. Ask for more, or limit the alphabet.`,
    )
  return [...alphabet]
}

/** The characters that subword models begin with. */
import { usageError } from '../../base/errors.ts'
import { codePointOrder } from '../text/unicode.ts'
import { affixed } from './affixes.ts'
import { type LearnSettings, type WordCounts, wordsAtOnce } from './kind.ts'

/**
 * The characters of some words and the initial alphabet, by code point. Where there are more than `limitAlphabet` the rarest go,
 * among equals those of larger code points; those of the initial alphabet are the last to go.
 */
function* charactersOf(words: WordCounts, settings: LearnSettings): Generator<undefined, string[]> {
  const { initialAlphabet = [], limitAlphabet = Number.POSITIVE_INFINITY } = settings
  const counts = new Map<string, number>()
  let seen = 0
  for (const [word, count] of words) {
    for (const character of word) counts.set(character, (counts.get(character) ?? 0) + count)
    if (++seen % wordsAtOnce === 0) yield
  }
  for (const character of initialAlphabet) counts.set(character, Number.POSITIVE_INFINITY)
  const found = [...counts]
  if (found.length > limitAlphabet)
    found.sort(([a, m], [b, n]) => (m === n ? codePointOrder(a, b) : n - m)).splice(limitAlphabet)
  return found.map(([character]) => character).sort(codePointOrder)
}

/**
 * The characters as they stand within words, in the order in which they occur when the words are in order: that of the first word
 * with each, then of the places in it.
 */
function* affixedCharacters(
  words: WordCounts,
  known: ReadonlySet<string>,
  { continuingPrefix: prefix, endOfWord: suffix }: LearnSettings,
): Generator<undefined, string[]> {
  const firsts = new Map<string, { word: string; place: number }>()
  let seen = 0
  for (const word of words.keys()) {
    let place = 0
    for (const character of word) {
      const at = place
      place += character.length
      if (!known.has(character)) continue
      const symbol = affixed(character, at === 0, place === word.length, prefix, suffix)
      const first = firsts.get(symbol)
      if (!first || codePointOrder(word, first.word) < 0) firsts.set(symbol, { word, place: at })
    }
    if (++seen % wordsAtOnce === 0) yield
  }
  return [...firsts]
    .sort(([, a], [, b]) => codePointOrder(a.word, b.word) || a.place - b.place)
    .map(([symbol]) => symbol)
}

/**
 * What merging begins with: special tokens, characters, and the characters as they stand within words. Throws
 * VOCABULARY_TOO_SMALL where that is more than the vocabulary may have.
 */
export function* alphabetOf(words: WordCounts, settings: LearnSettings): Generator<undefined, string[]> {
  const { vocabSize, specialTokens, continuingPrefix, endOfWord } = settings
  const alphabet = new Set([...specialTokens, ...(yield* charactersOf(words, settings))])
  if (continuingPrefix || endOfWord)
    for (const symbol of yield* affixedCharacters(words, new Set(alphabet), settings)) alphabet.add(symbol)
  if (alphabet.size > vocabSize)
    throw usageError(
      'VOCABULARY_TOO_SMALL',
      `The vocabulary size is ${vocabSize}.\nExpected at least ${alphabet.size}: ${specialTokens.length} special token${specialTokens.length === 1 ? '' : 's'} and ${alphabet.size - specialTokens.length} characters. Ask for more, or limit the alphabet.`,
    )
  return [...alphabet]
}

/**
 * Special tokens that stand in the model's vocabulary like any other piece: a model of words, or Unigram, finds them in a text that only
 * spells them. They are told apart here, so that text which is to be taken as text never becomes one.
 */
import type { AddedToken } from './added-tokens.ts'
import type { Vocabulary } from './models/vocabulary.ts'

export type ReachableTokens = {
  /** Whether the units [from, to) of a text spell the special token `id`; the unknown token may stand for other text. */
  isSpelled(id: number, text: string, from: number, to: number): boolean
}

/** Undefined where the model's vocabulary has no special tokens. */
export function reachableTokens(tokens: readonly AddedToken[], vocabulary: Vocabulary): ReachableTokens | undefined {
  const contents = new Map<number, string>()
  // Almost all tokens lie outside this range: it is asked of every token.
  let [least, most] = [Number.POSITIVE_INFINITY, -1]
  for (const { id, content, special } of tokens) {
    if (!special || vocabulary.idOf(content) !== id || [...content].length === 1) continue
    contents.set(id, content)
    least = Math.min(least, id)
    most = Math.max(most, id)
  }
  if (contents.size === 0) return undefined
  return {
    isSpelled(id, text, from, to) {
      if (id < least || id > most) return false
      const content = contents.get(id)
      return content !== undefined && to - from === content.length && text.startsWith(content, from)
    },
  }
}

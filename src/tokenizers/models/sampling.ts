/** Subword regularization: encoding a text in one of its many ways, drawn at random, so that a model learns from all of them. */
import { usageError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'

export type Sampling = {
  /** The same seed and text give the same tokens: take another for every pass over the data. An integer from 0 to 2⁵³ − 1. */
  seed: number
  /**
   * Of Unigram (Kudo 2018): a way x to write the text is drawn with probability ∝ P(x)^alpha. 0 makes all equally likely, large
   * values leave the best. Default 1.
   */
  alpha?: number
  /** Of Unigram: draw from this many of the best ways; −1 or nothing is from all of them. */
  nBest?: number
  /**
   * Of byte pair encoding (Provilkov et al. 2020): how probable it is that a merge is passed over, each time it would be next;
   * 0 to 1. Default is the tokenizer's own.
   */
  dropout?: number
}

/** One of the ways to write the pieces of a text: three numbers for each token of a piece, as `Model.tokenize` gives them. */
export type Segmentation = { tokens: number[][]; score: number }

type Rule = { expected: string; holds: (value: number) => boolean }
const rules: Record<keyof Sampling, Rule> = {
  seed: { expected: 'an integer from 0 to 2^53 - 1', holds: (seed) => Number.isSafeInteger(seed) && seed >= 0 },
  alpha: { expected: 'a number from 0', holds: (alpha) => Number.isFinite(alpha) && alpha >= 0 },
  nBest: {
    expected: 'an integer from 1, or -1 for all',
    holds: (n) => Number.isSafeInteger(n) && (n >= 1 || n === -1),
  },
  dropout: { expected: 'a number from 0 to 1', holds: (p) => p >= 0 && p <= 1 },
}

/** Checks settings for a model that knows `seed` and the fields in `known`. Errors: `BAD_SAMPLING`. */
export function checkSampling(sampling: Sampling, model: string, known: readonly (keyof Sampling)[]): void {
  const fields: readonly (keyof Sampling)[] = ['seed', ...known]
  for (const [name, value] of Object.entries(sampling)) {
    if (value === undefined) continue
    if (!fields.includes(name as keyof Sampling))
      throw usageError(
        'BAD_SAMPLING',
        `sampling.${name} is nothing that ${model} knows.\nExpected only ${fields.join(', ')}.`,
      )
    const { expected, holds } = rules[name as keyof Sampling]
    if (typeof value !== 'number' || !holds(value))
      throw usageError('BAD_SAMPLING', `sampling.${name} is ${show(value)}.\nExpected ${expected}.`)
  }
  if (sampling.seed === undefined)
    throw usageError(
      'BAD_SAMPLING',
      'sampling.seed is missing.\nExpected an integer: the same seed gives the same tokens.',
    )
}

/** Choosing the next token from processed logits. */

import { nonfinite } from '../base/errors.ts'
import { randomUniform } from '../base/random.ts'
import { maximum } from './processors.ts'

/** A chosen token and the logarithm of its probability, the softmax of the processed logits. */
export type Choice = { readonly id: number; readonly logprob: number }

/** Chooses from one row of logits; `draw` gives a number uniform in [0, 1). */
export type Sampler = (logits: Float32Array, draw: () => number) => Choice

/** The most probable token, of equals the one with the lowest id. */
export const greedy: Sampler = (logits) => {
  const largest = maximum(logits)
  return { id: logits.indexOf(largest), logprob: -Math.log(massOf(logits, largest)) }
}

/** A token by its probability. Sums are in float64. */
export const multinomial: Sampler = (logits, draw) => {
  const largest = maximum(logits)
  const mass = massOf(logits, largest)
  let left = draw() * mass
  let id = logits.indexOf(largest)
  for (let i = 0; i < logits.length; i++) {
    const x = logits[i]!
    if (x === Number.NEGATIVE_INFINITY) continue
    const weight = Math.exp(x - largest)
    if (weight === 0) continue
    // The last token with any weight stays chosen if rounding leaves a rest.
    id = i
    left -= weight
    if (left < 0) break
  }
  return { id, logprob: logits[id]! - largest - Math.log(mass) }
}

/** Σ exp(x − largest). Throws NONFINITE_LOGITS where there is nothing to choose from. */
function massOf(logits: Float32Array, largest: number): number {
  let mass = 0
  for (let i = 0; i < logits.length; i++) {
    const x = logits[i]!
    if (x !== Number.NEGATIVE_INFINITY) mass += Math.exp(x - largest)
  }
  if (Number.isFinite(mass) && mass > 0) return mass
  throw nonfinite(
    'NONFINITE_LOGITS',
    largest === Number.NEGATIVE_INFINITY && !logits.some(Number.isNaN)
      ? 'No token is left to choose from: every one was removed.'
      : 'The model gave logits that are not numbers. Are its weights damaged (NaN or infinity)?',
  )
}

/** The number that decides about the token at a position of a text: same seed, position and sequence, same number. */
export const drawAt = (seed: number, position: number, sequence: number): number =>
  randomUniform({ seed, purpose: 'sampling', step: position, site: sequence }, 1)[0]!

/** Choosing the next token from processed logits. */

import { nonfinite } from '../base/errors.ts'
import { randomUniform } from '../base/random.ts'
import { maximum } from './processors.ts'

const removed = Number.NEGATIVE_INFINITY

/** A chosen token and the logarithm of its probability, the softmax of the processed logits. */
export type Choice = { readonly id: number; readonly logprob: number }

/** Chooses from one row of logits; `draw` gives a number uniform in [0, 1). */
export type Sampler = (logits: Float32Array, draw: () => number) => Choice

/** Tokens are summed in blocks of this many, so that the block of a drawn token is found without going through all of them. */
const blockLength = 1024

/** Σ exp(x − largest) of each block of a row and of all. Throws NONFINITE_LOGITS where there is nothing to choose from. */
function masses(logits: Float32Array, largest: number): { mass: number; blocks: Float64Array } {
  const blocks = new Float64Array(Math.ceil(logits.length / blockLength))
  let mass = 0
  for (let block = 0; block < blocks.length; block++) {
    const end = Math.min(logits.length, (block + 1) * blockLength)
    let sum = 0
    for (let i = block * blockLength; i < end; i++) if (logits[i] !== removed) sum += Math.exp(logits[i]! - largest)
    blocks[block] = sum
    mass += sum
  }
  if (Number.isFinite(mass) && mass > 0) return { mass, blocks }
  throw nonfinite(
    'NONFINITE_LOGITS',
    logits.every((x) => x === removed)
      ? 'No token is left to choose from: every one was removed.'
      : 'The model gave logits that are not numbers. Are its weights damaged (NaN or infinity)?',
  )
}

/** The most probable token, of equals the one with the lowest id. */
export const greedy: Sampler = (logits) => {
  const largest = maximum(logits)
  return { id: logits.indexOf(largest), logprob: -Math.log(masses(logits, largest).mass) }
}

/** A token by its probability; sums are in float64. */
export const multinomial: Sampler = (logits, draw) => {
  const largest = maximum(logits)
  const { mass, blocks } = masses(logits, largest)
  let left = draw() * mass
  let block = 0
  while (block < blocks.length - 1 && left >= blocks[block]!) left -= blocks[block++]!
  // Should rounding leave a rest, the last token with any weight is taken.
  let id = logits.indexOf(largest)
  for (let i = block * blockLength; i < logits.length; i++) {
    const weight = logits[i] === removed ? 0 : Math.exp(logits[i]! - largest)
    if (weight === 0) continue
    id = i
    left -= weight
    if (left < 0) break
  }
  return { id, logprob: logits[id]! - largest - Math.log(mass) }
}

/** Makes logits log-probabilities, in place. */
export function logSoftmax(logits: Float32Array): void {
  const largest = maximum(logits)
  const shift = largest + Math.log(masses(logits, largest).mass)
  for (let i = 0; i < logits.length; i++) logits[i] = logits[i]! - shift
}

/** The number that decides about the token at a position of a text: same seed, position and sequence, same number. */
export const drawAt = (seed: number, position: number, sequence: number): number =>
  randomUniform({ seed, purpose: 'sampling', step: position, site: sequence }, 1)[0]!

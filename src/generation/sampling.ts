/** Choosing the next token from processed logits. */

import { nonfinite, usageError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { randomUniform } from '../base/random.ts'
import type { SequenceState } from './processors/processor.ts'
import { decay, mass, maximum, removed } from './softmax.ts'

/** A chosen token and the logarithm of its probability, the softmax of the processed logits. */
export type Choice = { readonly id: number; readonly logprob: number }

/**
 * Chooses from one row of processed logits [vocabulary], where −∞ is a removed token. `draw` gives the number uniform in [0, 1) that
 * belongs to this position of this sequence, the same one at every call: with it alone as its chance, a sampler gives the same text for
 * the same seed. Where only an id is given, its log-probability is that of the softmax.
 */
export type Sampler = (logits: Float32Array, draw: () => number, state: SequenceState) => number | Choice

/** A sampler that needs to know nothing of the text. */
type Draw = (logits: Float32Array, draw: () => number) => Choice

/** Tokens are summed in blocks of this many, so that the block of a drawn token is found without going through all of them. */
const blockLength = 1024

/** Throws NONFINITE_LOGITS where there is nothing to choose from. */
function checkMass(total: number, logits: Float32Array): number {
  if (Number.isFinite(total) && total > 0) return total
  throw nonfinite(
    'NONFINITE_LOGITS',
    logits.every((x) => x === removed)
      ? 'No token is left to choose from: every one was removed.'
      : 'The model gave logits that are not numbers. Are its weights damaged (NaN or infinity)?',
  )
}

/** ln Σ e^x of a row. Throws NONFINITE_LOGITS. */
export function logSumExp(logits: Float32Array): number {
  const largest = maximum(logits)
  return largest + Math.log(checkMass(mass(logits, largest), logits))
}

/** The most probable token, of equals the one with the lowest id. */
export const greedy: Draw = (logits) => {
  const largest = maximum(logits)
  return { id: logits.indexOf(largest), logprob: -Math.log(checkMass(mass(logits, largest), logits)) }
}

/** A token by its probability; sums are in float64. */
export const multinomial: Draw = (logits, draw) => {
  const largest = maximum(logits)
  const blocks = new Float64Array(Math.ceil(logits.length / blockLength))
  let total = 0
  for (let block = 0; block < blocks.length; block++) {
    const end = Math.min(logits.length, (block + 1) * blockLength)
    blocks[block] = mass(logits, largest, block * blockLength, end)
    total += blocks[block]!
  }
  let left = draw() * checkMass(total, logits)
  let block = 0
  while (block < blocks.length - 1 && left >= blocks[block]!) left -= blocks[block++]!
  // Should rounding leave a rest, the last token with any weight is taken.
  let id = logits.indexOf(largest)
  for (let i = block * blockLength; i < logits.length; i++) {
    const weight = logits[i] === removed ? 0 : decay(largest - logits[i]!)
    if (weight === 0) continue
    id = i
    left -= weight
    if (left < 0) break
  }
  return { id, logprob: logits[id]! - largest - Math.log(total) }
}

/** A sampler of the caller's, its answers checked. Throws BAD_OPTION for what is no token that is left. */
export const checked =
  (sampler: Sampler) =>
  (logits: Float32Array, draw: () => number, state: SequenceState): Choice => {
    const found = sampler(logits, draw, state)
    const { id, logprob } = typeof found === 'object' && found !== null ? found : { id: found, logprob: undefined }
    const valid = Number.isInteger(id) && id >= 0 && id < logits.length && logits[id] !== removed
    if (!valid || (logprob !== undefined && !Number.isFinite(logprob)))
      throw usageError(
        'BAD_OPTION',
        `The sampler must give the id of a token that is not removed, or { id, logprob }, found ${show(found)}.`,
      )
    return { id, logprob: logprob ?? logits[id]! - logSumExp(logits) }
  }

/** Makes logits log-probabilities, in place. */
export function logSoftmax(logits: Float32Array): void {
  const shift = logSumExp(logits)
  for (let i = 0; i < logits.length; i++) logits[i] = logits[i]! - shift
}

/** The number that decides about the token at a position of a text: same seed, position and sequence, same number. */
export const drawAt = (seed: number, position: number, sequence: number): number =>
  randomUniform({ seed, purpose: 'sampling', step: position, site: sequence }, 1)[0]!

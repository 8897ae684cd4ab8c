/** Processors that reshape the distribution or remove improbable tokens by a threshold on each. */
import { decay, kthLargest, mass, maximum, removed } from '../softmax.ts'
import type { LogitsProcessor } from './processor.ts'

/** Below this, quotients of usual logits could leave the range of float32: they are taken relative to the largest logit. */
const cold = 1e-30

/** Divides the logits by a temperature above 0. */
export const temperature =
  (value: number): LogitsProcessor =>
  (logits) => {
    const origin = value < cold ? maximum(logits) : 0
    for (let i = 0; i < logits.length; i++) logits[i] = (logits[i]! - origin) / value
  }

/** Removes what is below a threshold. */
function removeBelow(logits: Float32Array, least: number): void {
  for (let i = 0; i < logits.length; i++) if (logits[i]! < least) logits[i] = removed
}

/** Removes what is below a threshold, but never one of the `keep` largest. */
function removeImprobable(logits: Float32Array, least: number, largest: number, keep: number): void {
  const kept = keep === 1 ? largest : kthLargest(logits, Math.min(keep, logits.length))
  removeBelow(logits, Math.min(least, kept))
}

/** Keeps the k largest logits (at least `keep`), and those equal to the smallest of them (Fan et al. 2018, §5.4). */
export const topK = (k: number, keep = 1): LogitsProcessor => {
  const count = Math.max(k, keep)
  return (logits) => {
    if (count < logits.length) removeBelow(logits, kthLargest(logits, count))
  }
}

/** Keeps tokens at least `p` times as probable as the most probable one (Nguyen et al. 2024, "Turning up the heat: min-p sampling"). */
export const minP = (p: number, keep = 1): LogitsProcessor => {
  const reach = Math.log(p)
  return (logits) => {
    const largest = maximum(logits)
    removeImprobable(logits, largest + reach, largest, keep)
  }
}

/** Keeps tokens of at least this probability (Hewitt et al. 2022, "Truncation sampling as language model desmoothing", §4.3). */
export const epsilonCutoff =
  (epsilon: number, keep = 1): LogitsProcessor =>
  (logits) => {
    const largest = maximum(logits)
    removeImprobable(logits, largest + Math.log(epsilon * mass(logits, largest)), largest, keep)
  }

/** Keeps tokens of at least the probability min(ε, √ε · e^(−entropy)): fewer are kept where the model is sure (ibid., §4.2). */
export const etaCutoff =
  (epsilon: number, keep = 1): LogitsProcessor =>
  (logits) => {
    const largest = maximum(logits)
    let total = 0
    let weighted = 0
    for (let i = 0; i < logits.length; i++) {
      if (logits[i] === removed) continue
      const below = largest - logits[i]!
      const weight = decay(below)
      total += weight
      weighted += weight * below
    }
    const logTotal = Math.log(total)
    const entropy = logTotal + weighted / total
    const least = Math.min(Math.log(epsilon), Math.log(epsilon) / 2 - entropy)
    removeImprobable(logits, largest + least + logTotal, largest, keep)
  }

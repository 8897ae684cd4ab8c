/** Processors that keep the fewest tokens, in some order, whose probabilities sum to a share. */
import { decay, depth, maximum, removed } from '../softmax.ts'
import type { LogitsProcessor } from './processor.ts'

const buckets = 1024
const scale = buckets / depth

/** Tokens counted into buckets by cost, so that only those of the bucket where a share is reached need be sorted. */
class Buckets {
  /** The bucket of each token. */
  of = new Uint16Array(0)
  readonly #mass = new Float64Array(buckets)
  readonly #count = new Uint32Array(buckets)

  reset(length: number): void {
    if (this.of.length !== length) this.of = new Uint16Array(length)
    this.#mass.fill(0)
    this.#count.fill(0)
  }

  /** A token of a weight; `cost` is 0 or more. Those without weight, as removed ones, count for nothing. */
  add(id: number, cost: number, weight: number): void {
    const bucket = cost < depth ? (cost * scale) | 0 : buckets - 1
    this.of[id] = bucket
    if (weight === 0) return
    this.#mass[bucket]! += weight
    this.#count[bucket]!++
  }

  /** The bucket in which `goal` is reached by weight and `keep` by count, and both before it. */
  border(goal: number, keep: number): { bucket: number; mass: number; count: number } {
    let bucket = 0
    let mass = 0
    let count = 0
    while (bucket < buckets - 1 && (mass + this.#mass[bucket]! < goal || count + this.#count[bucket]! < keep)) {
      mass += this.#mass[bucket]!
      count += this.#count[bucket++]!
    }
    return { bucket, mass, count }
  }

  /** Removes the tokens of later buckets; gives the ids in this one. */
  cut(logits: Float32Array, bucket: number): number[] {
    const { of } = this
    const ids: number[] = []
    for (let i = 0; i < logits.length; i++) {
      const own = of[i]!
      if (own > bucket) logits[i] = removed
      else if (own === bucket) ids.push(i)
    }
    return ids
  }
}

/**
 * Keeps the most probable tokens whose probabilities sum to at least p, at least `keep` (Holtzman et al. 2020, "The curious case of
 * neural text degeneration", §3.1). Of equal logits the lower id is kept first.
 */
export const topP = (p: number, keep = 1): LogitsProcessor => {
  const found = new Buckets()
  return (logits) => {
    if (p >= 1) return
    found.reset(logits.length)
    const largest = maximum(logits)
    let total = 0
    for (let i = 0; i < logits.length; i++) {
      const below = largest - logits[i]!
      const weight = decay(below)
      total += weight
      found.add(i, below, weight)
    }
    // Logits that are not numbers are left for the sampler to report.
    if (!(total < Number.POSITIVE_INFINITY)) return
    const border = found.border(p * total, keep)
    let { mass, count } = border
    const ids = found.cut(logits, border.bucket).sort((a, b) => logits[b]! - logits[a]! || a - b)
    for (const id of ids) {
      const weight = decay(largest - logits[id]!)
      if (mass >= p * total && count >= keep) logits[id] = removed
      mass += weight
      count++
    }
  }
}

/**
 * Keeps the tokens whose information is nearest to its mean, the entropy, up to a share p of the probability, at least `keep`, and those
 * as near as the last of them (Meister et al. 2022, "Locally typical sampling", §4).
 */
export const typicalP = (p: number, keep = 1): LogitsProcessor => {
  const found = new Buckets()
  let weights = new Float64Array(0)
  return (logits) => {
    if (p >= 1) return
    if (weights.length !== logits.length) weights = new Float64Array(logits.length)
    const largest = maximum(logits)
    let total = 0
    let weighted = 0
    for (let i = 0; i < logits.length; i++) {
      const below = largest - logits[i]!
      const weight = decay(below)
      weights[i] = weight
      total += weight
      if (weight > 0) weighted += weight * below
    }
    if (!(total < Number.POSITIVE_INFINITY)) return
    const mean = weighted / total
    const distance = (logit: number) => Math.abs(largest - logit - mean)
    found.reset(logits.length)
    for (let i = 0; i < logits.length; i++) found.add(i, distance(logits[i]!), weights[i]!)
    const border = found.border(p * total, keep)
    let { mass, count } = border
    let furthest = 0
    const ids = found.cut(logits, border.bucket).sort((a, b) => distance(logits[a]!) - distance(logits[b]!) || a - b)
    for (const id of ids) {
      const far = distance(logits[id]!)
      if (mass >= p * total && count >= keep && far > furthest) logits[id] = removed
      else furthest = far
      mass += weights[id]!
      count++
    }
  }
}

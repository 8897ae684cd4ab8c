/** Processors that keep the fewest tokens, in some order, whose probabilities sum to a share. */
import { decay, depth, maximum, removed } from '../softmax.ts'
import type { LogitsProcessor } from './processor.ts'

const buckets = 1024
const bucketOf = (cost: number): number => (cost < depth ? Math.floor((cost * buckets) / depth) : buckets - 1)

/** Where a share of the weight is reached when tokens are taken by cost, cheapest first. */
type Border = {
  /** Tokens of cheaper buckets are all taken, those of dearer ones none. */
  readonly bucket: number
  /** The tokens of this bucket, cheapest first; of equal costs the larger logit first, of equal logits the lower id. */
  readonly ids: readonly number[]
  /** How many of them are taken. */
  readonly taken: number
}

/** Arrays for one row, kept between steps. */
class Shares {
  costs = new Float64Array(0)
  weights = new Float64Array(0)
  readonly #mass = new Float64Array(buckets)
  readonly #count = new Uint32Array(buckets)

  resize(length: number): void {
    if (this.costs.length === length) return
    this.costs = new Float64Array(length)
    this.weights = new Float64Array(length)
  }

  /** Weights e^(x − largest) and costs largest − x of a row. Returns their sum; not finite where a logit is not a number. */
  read(logits: Float32Array): number {
    this.resize(logits.length)
    const { costs, weights } = this
    const largest = maximum(logits)
    let total = 0
    for (let i = 0; i < logits.length; i++) {
      const below = largest - logits[i]!
      const weight = decay(below)
      costs[i] = below
      weights[i] = weight
      total += weight
    }
    return total
  }

  /** Tokens are counted into buckets by cost, so that only those of the bucket where the goal is reached are sorted. */
  border(goal: number, keep: number, logits: Float32Array): Border {
    const { costs, weights } = this
    const mass = this.#mass.fill(0)
    const count = this.#count.fill(0)
    for (let i = 0; i < costs.length; i++) {
      const bucket = bucketOf(costs[i]!)
      mass[bucket]! += weights[i]!
      count[bucket]!++
    }
    let bucket = 0
    let sum = 0
    let before = 0
    while (bucket < buckets - 1 && (sum + mass[bucket]! < goal || before + count[bucket]! < keep)) {
      sum += mass[bucket]!
      before += count[bucket++]!
    }
    const ids: number[] = []
    for (let i = 0; i < costs.length; i++) if (bucketOf(costs[i]!) === bucket) ids.push(i)
    ids.sort((a, b) => costs[a]! - costs[b]! || logits[b]! - logits[a]! || a - b)
    let taken = 0
    while (taken < ids.length && (sum < goal || before + taken < keep)) sum += weights[ids[taken++]!]!
    return { bucket, ids, taken }
  }
}

/**
 * Keeps the most probable tokens whose probabilities sum to at least p, at least `keep` (Holtzman et al. 2020, "The curious case of
 * neural text degeneration", §3.1). Of equal logits the lower id is kept first.
 */
export const topP = (p: number, keep = 1): LogitsProcessor => {
  const shares = new Shares()
  return (logits) => {
    if (p >= 1) return
    const total = shares.read(logits)
    // Logits that are not numbers are left for the sampler to report.
    if (!(total < Number.POSITIVE_INFINITY)) return
    const { bucket, ids, taken } = shares.border(p * total, keep, logits)
    for (let i = 0; i < logits.length; i++) if (bucketOf(shares.costs[i]!) > bucket) logits[i] = removed
    for (const id of ids.slice(taken)) logits[id] = removed
  }
}

/**
 * Keeps the tokens whose information is nearest to its mean, the entropy, up to a share p of the probability, at least `keep`, and those
 * as near as the last of them (Meister et al. 2022, "Locally typical sampling", §4).
 */
export const typicalP = (p: number, keep = 1): LogitsProcessor => {
  const shares = new Shares()
  return (logits) => {
    if (p >= 1) return
    const total = shares.read(logits)
    if (!(total < Number.POSITIVE_INFINITY)) return
    const { costs, weights } = shares
    let mean = 0
    for (let i = 0; i < costs.length; i++) if (weights[i]! > 0) mean += weights[i]! * costs[i]!
    mean /= total
    for (let i = 0; i < costs.length; i++) costs[i] = Math.abs(costs[i]! - mean)
    const { ids, taken } = shares.border(p * total, keep, logits)
    const furthest = costs[ids[taken - 1]!]!
    for (let i = 0; i < logits.length; i++) if (costs[i]! > furthest) logits[i] = removed
  }
}

/** Changes to the logits before a token is chosen: removing tokens (−∞) and reshaping the distribution. */

/** What a processor may know of the sequence. */
export type SequenceState = {
  /** Prompt and new ids so far. */
  readonly ids: readonly number[]
  /** How many of them are the prompt's. */
  readonly promptLength: number
}

/** Changes one row of logits [vocabulary] in place. */
export type LogitsProcessor = (logits: Float32Array, state: SequenceState) => void

/** Below this, quotients of usual logits could leave the range of float32: they are taken relative to the largest logit. */
const cold = 1e-30

/** Divides the logits by a temperature above 0. */
export const temperature =
  (value: number): LogitsProcessor =>
  (logits) => {
    const origin = value < cold ? maximum(logits) : 0
    for (let i = 0; i < logits.length; i++) logits[i] = (logits[i]! - origin) / value
  }

/** Keeps the k largest logits, and those equal to the smallest of them. */
export const topK =
  (k: number): LogitsProcessor =>
  (logits) => {
    if (k >= logits.length) return
    const least = kthLargest(logits, k)
    for (let i = 0; i < logits.length; i++) if (logits[i]! < least) logits[i] = Number.NEGATIVE_INFINITY
  }

/** The k-th largest value, through a heap of the k largest so far with the smallest at its root: most values are looked at once. */
export function kthLargest(values: Float32Array, k: number): number {
  const heap = values.slice(0, k).sort()
  for (let i = k; i < values.length; i++) {
    const value = values[i]!
    if (!(value > heap[0]!)) continue
    let at = 0
    for (let child = 1; child < k; child = 2 * at + 1) {
      if (child + 1 < k && heap[child + 1]! < heap[child]!) child++
      if (!(heap[child]! < value)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = value
  }
  return heap[0]!
}

/** Logits further below the largest than this have a probability below 1e-20: one bucket holds them all. */
const depth = 46
const buckets = 1024

/**
 * Keeps the most probable tokens whose probabilities sum to at least p, at least one (Holtzman et al. 2020, "The curious case of
 * neural text degeneration", §3.1). Tokens are counted into buckets by logit; only the bucket in which the sum is reached is sorted.
 * Of equal logits the lower id is kept first.
 */
export const topP = (p: number): LogitsProcessor => {
  const mass = new Float64Array(buckets)
  let bucketOf = new Uint16Array(0)
  return (logits) => {
    if (p >= 1) return
    if (bucketOf.length < logits.length) bucketOf = new Uint16Array(logits.length)
    mass.fill(0)
    const largest = maximum(logits)
    let total = 0
    for (let i = 0; i < logits.length; i++) {
      const below = largest - logits[i]!
      const bucket = below < depth ? Math.floor((below * buckets) / depth) : buckets - 1
      bucketOf[i] = bucket
      const weight = Math.exp(-below)
      mass[bucket]! += weight
      total += weight
    }
    // Logits that are not numbers are left for the sampler to report.
    if (!(total < Number.POSITIVE_INFINITY)) return
    let border = 0
    let sum = 0
    while (border < buckets - 1 && sum + mass[border]! < p * total) sum += mass[border++]!
    const inBorder: number[] = []
    for (let i = 0; i < logits.length; i++) {
      const bucket = bucketOf[i]!
      if (bucket === border) inBorder.push(i)
      else if (bucket > border) logits[i] = Number.NEGATIVE_INFINITY
    }
    inBorder.sort((a, b) => logits[b]! - logits[a]! || a - b)
    for (const i of inBorder) {
      const weight = Math.exp(logits[i]! - largest)
      if (sum >= p * total) logits[i] = Number.NEGATIVE_INFINITY
      sum += weight
    }
  }
}

/** Removes tokens while `while_` holds (always, unless given). */
export const without =
  (ids: readonly number[], while_: (state: SequenceState) => boolean = () => true): LogitsProcessor =>
  (logits, state) => {
    if (while_(state)) for (const id of ids) logits[id] = Number.NEGATIVE_INFINITY
  }

/** The largest of a row; −∞ for a row without a number. */
export function maximum(row: Float32Array): number {
  let largest = Number.NEGATIVE_INFINITY
  for (let i = 0; i < row.length; i++) if (row[i]! > largest) largest = row[i]!
  return largest
}

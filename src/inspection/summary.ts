/** An array in a few numbers. */
import { type NdArray, toNumbers } from '../tensor/array.ts'

/** Over the finite elements; NaN where there are none. */
export type ArraySummary = {
  readonly shape: readonly number[]
  readonly mean: number
  /** Square root of the mean squared distance from the mean. */
  readonly deviation: number
  readonly min: number
  readonly max: number
  /** Elements that are NaN or infinite. */
  readonly nonfinite: number
}

/** Mean, standard deviation, extremes, and how many elements are no numbers. Two passes, so that large means cost no digits. */
export function summarize(array: NdArray): ArraySummary {
  let [sum, min, max, count] = [0, Infinity, -Infinity, 0]
  const values = toNumbers(array)
  for (const x of values) {
    if (!Number.isFinite(x)) continue
    sum += x
    count++
    if (x < min) min = x
    if (x > max) max = x
  }
  const mean = sum / count
  let squares = 0
  for (const x of values) if (Number.isFinite(x)) squares += (x - mean) ** 2
  const [least, most] = count ? [min, max] : [Number.NaN, Number.NaN]
  return {
    shape: array.shape,
    mean,
    deviation: Math.sqrt(squares / count),
    min: least,
    max: most,
    nonfinite: values.length - count,
  }
}

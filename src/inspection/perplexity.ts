/** Perplexity of a text under a causal language model, over strided windows. */
import { nonfinite, usageError } from '../base/errors.ts'
import type { NdArray } from '../tensor/array.ts'

/** What is needed of a model. */
export type Scorer = {
  readonly contextLength: number
  run(inputs: { input_ids: NdArray; labels: NdArray }): Promise<{ readonly loss?: NdArray }>
}

export type PerplexityOptions = {
  /** Tokens a window moves; the model's context unless given, so that windows do not overlap. */
  readonly stride?: number
  /** Tokens of a window; the model's context unless given. */
  readonly window?: number
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

export type Perplexity = {
  readonly loss: number
  readonly perplexity: number
  readonly bitsPerToken: number
  readonly tokens: number
  readonly windows: number
}

/**
 * exp of the mean negative log-likelihood (nats) of each token given what its window holds before it. Each window scores only the
 * tokens that the one before has not, as in Hugging Face's guide "Perplexity of fixed-length models", whose weights are kept: a
 * window counts for one less than its new tokens, because the first token of a window is not predicted.
 * Throws NONFINITE_LOSS where a window's loss is no number; TEXT_TOO_SHORT for fewer than two tokens, BAD_STRIDE for a stride that is not within 1 and the window.
 */
export async function perplexity(
  model: Scorer,
  ids: ArrayLike<number>,
  options: PerplexityOptions = {},
): Promise<Perplexity> {
  const window = options.window ?? model.contextLength
  const stride = options.stride ?? window
  if (!(Number.isInteger(window) && window >= 2 && window <= model.contextLength))
    throw usageError(
      'BAD_WINDOW',
      `window is ${window}, expected a whole number from 2 to the model's context of ${model.contextLength}.`,
    )
  if (!(Number.isInteger(stride) && stride >= 1 && stride <= window))
    throw usageError('BAD_STRIDE', `stride is ${stride}, expected a whole number from 1 to the window of ${window}.`)
  if (ids.length < 2)
    throw usageError('TEXT_TOO_SHORT', `The text has ${ids.length} token(s); perplexity needs two or more.`)
  let [sum, tokens, windows, scored] = [0, 0, 0, 0]
  for (let start = 0; scored < ids.length; start += stride) {
    options.signal?.throwIfAborted()
    const end = Math.min(start + window, ids.length)
    const data = Int32Array.from({ length: end - start }, (_, i) => ids[start + i]!)
    const labels = data.map((id, i) => (start + i < scored ? -100 : id))
    const count = end - scored - 1
    if (count > 0) {
      const shape = [1, data.length]
      const { loss } = await model.run({
        input_ids: { dtype: 'int32', shape, data },
        labels: { dtype: 'int32', shape, data: labels },
      })
      const each = loss!.data[0] as number
      if (!Number.isFinite(each))
        throw nonfinite(
          'NONFINITE_LOSS',
          `The loss of tokens ${start} to ${end - 1} is ${each}. Are the model's weights damaged (NaN or infinity)?`,
        )
      sum += each * count
      tokens += count
      windows++
    }
    scored = end
    options.onProgress?.(scored, ids.length)
  }
  const mean = sum / tokens
  return { loss: mean, perplexity: Math.exp(mean), bitsPerToken: mean / Math.LN2, tokens, windows }
}

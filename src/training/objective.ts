/** Objectives: what a batch is and what is minimized. */

import { fileError } from '../base/errors.ts'
import { randomBits } from '../base/random.ts'
import type { TokenSequence } from '../datasets/tokens.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Network } from '../models/definition.ts'
import { crossEntropy, input } from '../ops/index.ts'
import { type NdArray, zeros } from '../tensor/array.ts'

/** The leaves that a batch fills, and the loss (a scalar: the mean over what is predicted). */
export type Traced = { readonly inputs: Readonly<Record<string, Tensor>>; readonly loss: Tensor }
export type Batch = Readonly<Record<string, NdArray>>

/** Arrays for the inputs of a traced objective. */
export const emptyBatch = (inputs: Traced['inputs']): Batch =>
  Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, zeros(x.dtype, x.shape as readonly number[])]))

export type Objective = {
  trace(network: Network, rows: number, tokens: number): Traced
  /** Fills a batch's arrays with row `row` from windows of the text that start at `start`. */
  fill(batch: Batch, row: number, window: Int32Array): void
  /** Takes row `row` out of the loss. */
  blank(batch: Batch, row: number): void
  /** Ids a window needs for `tokens` predictions. */
  windowLength(tokens: number): number
}

/** Each token predicts the next one (causal language modelling): window [t + 1] → inputs [t] and targets [t]. */
export const nextToken: Objective = {
  trace(network, rows, tokens) {
    const inputs = {
      input_ids: input('input_ids', [rows, tokens], 'int32'),
      targets: input('targets', [rows, tokens], 'int32'),
    }
    return { inputs, loss: crossEntropy(network({ input_ids: inputs.input_ids! }).logits!, inputs.targets!) }
  },
  fill(batch, row, window) {
    const tokens = window.length - 1
    const put = (name: string, ids: Int32Array) => (batch[name]!.data as Int32Array).set(ids, row * tokens)
    put('input_ids', window.subarray(0, tokens))
    put('targets', window.subarray(1))
  },
  blank(batch, row) {
    const { data, shape } = batch.targets!
    ;(data as Int32Array).fill(-100, row * shape[1]!, (row + 1) * shape[1]!)
  },
  windowLength: (tokens) => tokens + 1,
}

export const objectives: Record<'next-token', Objective> = { 'next-token': nextToken }

/** Throws TEXT_TOO_SHORT unless a text has room for a window. `name` says which text it is. */
export function checkLength(text: TokenSequence, window: number, name: string): void {
  if (text.length < window)
    throw fileError(
      'TEXT_TOO_SHORT',
      `${name} has ${text.length} tokens, too few for one window of ${window}.\nUse more text or a smaller contextLength.`,
    )
}

/** Where the windows of a training batch start: drawn with replacement, a function of (seed, step, micro-batch) alone. */
export function drawStarts(
  place: { seed: number; step: number; site: number },
  rows: number,
  text: TokenSequence,
  window: number,
): number[] {
  const choices = text.length - window + 1
  // 53 random bits, so that any text length is reached evenly enough.
  const bits = randomBits({ ...place, purpose: 'shuffle' }, 2 * rows)
  return Array.from({ length: rows }, (_, i) =>
    Math.floor(((bits[2 * i]! * 2 ** 21 + (bits[2 * i + 1]! >>> 11)) / 2 ** 53) * choices),
  )
}

/** Starts of windows that do not overlap in what they predict, in order; at most `limit`, evenly spread. */
export function evaluationStarts(text: TokenSequence, window: number, limit: number | undefined): number[] {
  const step = window - 1
  const count = Math.floor((text.length - 1) / step)
  const kept = Math.min(count, limit ?? count)
  return Array.from({ length: kept }, (_, i) => Math.floor((i * count) / kept) * step)
}

/**
 * The logit lens (nostalgebraist 2020, "interpreting GPT: the logit lens"): what a model would answer if it stopped after a layer, by
 * doing to the residual stream there what is done to it at the end.
 */
import { usageError } from '../base/errors.ts'
import type { NdArray } from '../tensor/array.ts'
import { type Candidate, candidates } from './candidates.ts'
import { finite, type Inspectable, idsOf, type Reading } from './reading.ts'
import { streamOf } from './residual.ts'

export type LensOptions = {
  /** Candidates of each layer and position; 5 unless given. */
  readonly top?: number
  /** Positions looked at, the last ones of the text; all unless given. */
  readonly last?: number
}

export type LogitLens = {
  /** Places of the tokens looked at, rising; a column of what follows for each. */
  readonly positions: readonly number[]
  /** The embeddings (layer −1), then each layer; the last one gives what the model itself gives. */
  readonly layers: readonly {
    readonly layer: number
    /** [positions][top]: the likeliest next tokens, falling. */
    readonly candidates: readonly (readonly Candidate[])[]
  }[]
  /** For each position the first layer (−1: the embeddings) from which on the final answer stays the likeliest. */
  readonly settled: readonly number[]
}

/** Some rows of states [1, tokens, width], from `first` on. */
function lastRows({ shape, dtype, data }: NdArray, first: number): NdArray {
  const [, tokens, width] = shape as [number, number, number]
  return { dtype, shape: [1, tokens - first, width], data: data.slice(first * width) as Float32Array }
}

/**
 * The likeliest next tokens of each position after each layer. Throws NO_RESIDUAL for a model without a residual stream, BAD_LENS for
 * counts below 1, NO_TOKENIZER, EMPTY_TEXT, NONFINITE_LOGITS.
 */
export async function logitLens(model: Inspectable, text: Reading, options: LensOptions = {}): Promise<LogitLens> {
  const ids = idsOf(model, text)
  const { top = 5, last = ids.length } = options
  for (const [name, value] of Object.entries({ top, last }))
    if (!(Number.isInteger(value) && value >= 1))
      throw usageError('BAD_LENS', `${name} is ${value}, expected a whole number of 1 or more.`)
  const { start, layers: stream } = streamOf(model)
  const paths = [start, ...stream.map(({ end }) => end)]
  const { captured } = await model.run({ input_ids: [ids] }, { capture: paths })
  const first = Math.max(0, ids.length - last)
  const positions = ids.slice(first).map((_, i) => first + i)
  const layers: LogitLens['layers'][number][] = []
  for (const [i, path] of paths.entries()) {
    const logits = await model.readout(lastRows(captured[path]!, first))
    const data = finite(logits, 'logits', 'NONFINITE_LOGITS')
    const width = logits.shape.at(-1)!
    const row = (p: number) => data.subarray(p * width, (p + 1) * width)
    layers.push({ layer: i - 1, candidates: positions.map((_, p) => candidates(model, row(p), top)) })
  }
  const settled = positions.map((_, p) => {
    const answer = layers.at(-1)!.candidates[p]![0]!.id
    const other = layers.findLastIndex(({ candidates: each }) => each[p]![0]!.id !== answer)
    return layers[other + 1]!.layer
  })
  return { positions, layers, settled }
}

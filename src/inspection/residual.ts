/** The residual stream of a transformer: how large it is after each layer, and what attention and MLP add to it. */
import { usageError } from '../base/errors.ts'
import type { ResidualLayer } from '../models/index.ts'
import type { NdArray } from '../tensor/array.ts'
import { finite, type Inspectable, idsOf, type Reading } from './reading.ts'

/** √Σx² of each token's vector, [tokens]. */
export type Norms = readonly number[]

export type ResidualNorms = {
  /** Of the embeddings, where the stream starts. */
  readonly start: Norms
  readonly layers: readonly {
    /** Of what each part of the layer adds (`attention`, `mlp`), before it is added. */
    readonly adds: Readonly<Record<string, Norms>>
    /** Of the stream after the layer. */
    readonly end: Norms
  }[]
}

/** Paths of the stream's states. Throws NO_RESIDUAL for a model that has no such stream. */
export function streamOf({ checkpoint: { format, config } }: Inspectable): {
  readonly start: string
  readonly layers: readonly ResidualLayer[]
} {
  const layers = format.definition.residual?.(config)
  if (!layers) throw usageError('NO_RESIDUAL', `${format.definition.type} has no residual stream that could be read.`)
  return { start: format.definition.hiddenStates(config)[0]!, layers }
}

function normsOf(states: NdArray): number[] {
  const data = finite(states, 'states')
  const width = states.shape.at(-1)!
  return Array.from({ length: data.length / width }, (_, t) => {
    let sum = 0
    for (let i = t * width; i < (t + 1) * width; i++) sum += data[i]! * data[i]!
    return Math.sqrt(sum)
  })
}

/** Norms over a text, layer by layer. Throws NO_RESIDUAL, NO_TOKENIZER, EMPTY_TEXT, NONFINITE_VALUES. */
export async function residualNorms(model: Inspectable, text: Reading): Promise<ResidualNorms> {
  const { start, layers } = streamOf(model)
  const capture = [start, ...layers.flatMap(({ adds, end }) => [...Object.values(adds), end])]
  const { captured } = await model.run({ input_ids: [idsOf(model, text)] }, { capture })
  const at = (path: string) => normsOf(captured[path]!)
  return {
    start: at(start),
    layers: layers.map(({ adds, end }) => ({
      adds: Object.fromEntries(Object.entries(adds).map(([part, path]) => [part, at(path)])),
      end: at(end),
    })),
  }
}

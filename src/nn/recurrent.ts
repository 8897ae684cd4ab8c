/** Recurrent networks of several layers, with the names, gate orders and initial states of PyTorch's modules. */
//   b batch · t steps · i inputs · h width · l layers
import type { Axis } from '../graph/axis.ts'
import type { Tensor } from '../graph/tensor.ts'
import { full, gru, lstm, rnn, stack } from '../ops/index.ts'
import { uniform } from './init.ts'
import { module, param } from './module.ts'

export type RecurrentOptions = {
  layers?: number
  bias?: boolean
  /** Dropout rate of what one layer hands to the next. */
  dropout?: number
}

/** Every step's state of the last layer [b, t, h], and the last state of every layer [l, b, h]. */
export type RecurrentOutputs = { readonly output: Tensor; readonly hidden: Tensor }

type LayerWeights = { inputs: Tensor; states: Tensor; inputBias: Tensor | undefined; stateBias: Tensor | undefined }
type Weights = Record<string, Tensor>

/** Parameters as PyTorch names them; every one starts uniform in ±1/√h. */
function weights(inputs: number, width: number, gates: number, { layers = 1, bias = true }: RecurrentOptions): Weights {
  const init = uniform(1 / Math.sqrt(width))
  const entries = Array.from({ length: layers }, (_, layer): [string, Tensor][] => [
    [`weight_ih_l${layer}`, param([gates * width, layer === 0 ? inputs : width], init)],
    [`weight_hh_l${layer}`, param([gates * width, width], init)],
    ...(bias
      ? ['bias_ih', 'bias_hh'].map((name): [string, Tensor] => [`${name}_l${layer}`, param([gates * width], init)])
      : []),
  ])
  return Object.fromEntries(entries.flat())
}

const layerWeights = (m: Weights, layer: number): LayerWeights => ({
  inputs: m[`weight_ih_l${layer}`]!,
  states: m[`weight_hh_l${layer}`]!,
  inputBias: m[`bias_ih_l${layer}`],
  stateBias: m[`bias_hh_l${layer}`],
})

/** What the inputs add to each step's gates, for all steps in one product: [t, b, i] → [t, b, gates·h]. */
const project = (x: Tensor, { inputs }: LayerWeights, ...biases: (Tensor | undefined)[]): Tensor => {
  const bias = biases.filter((b) => b !== undefined).reduce<Tensor | undefined>((a, b) => a?.add(b) ?? b, undefined)
  const y = x.matmul(inputs, { transB: true })
  return bias ? y.add(bias) : y
}

/** Runs the layers one over the other; `run` gives a layer's states and what it ends with. */
function layered(
  x: Tensor,
  { layers = 1, dropout = 0 }: RecurrentOptions,
  run: (steps: Tensor, layer: number) => { states: Tensor; last: readonly Tensor[] },
): { output: Tensor; last: Tensor[] } {
  let steps = x.transpose([1, 0, 2])
  const ends: (readonly Tensor[])[] = []
  for (let layer = 0; layer < layers; layer++) {
    const { states, last } = run(layer === 0 ? steps : steps.dropout(dropout), layer)
    steps = states
    ends.push(last)
  }
  return { output: steps.transpose([1, 0, 2]), last: ends[0]!.map((_, i) => stack(ends.map((end) => end[i]!))) }
}

/** The given first states [l, b, h], layer by layer; zeros where none are given. */
const firstStates = (given: Tensor | undefined, layers: number, batch: Axis, width: number): Tensor[] =>
  given?.unstack(layers) ?? Array<Tensor>(layers).fill(full([batch, width], 0))

/** Elman's network: h′ = tanh(W·x + b + V·h + c), or relu. x [b, t, i], first states [l, b, h] (zeros unless given). */
export const Rnn = (
  inputs: number,
  width: number,
  options: RecurrentOptions & { nonlinearity?: 'tanh' | 'relu' } = {},
) =>
  module(weights(inputs, width, 1, options), (m, x: Tensor, hidden?: Tensor): RecurrentOutputs => {
    const first = firstStates(hidden, options.layers ?? 1, x.shape[0]!, width)
    const { output, last } = layered(x, options, (steps, layer) => {
      const w = layerWeights(m, layer)
      const xs = project(steps, w, w.inputBias, w.stateBias)
      const { states, last } = rnn(xs, w.states, first[layer]!, options.nonlinearity)
      return { states, last: [last] }
    })
    return { output, hidden: last[0]! }
  })

/** Gated recurrent units, see `gru`. x [b, t, i], first states [l, b, h] (zeros unless given). */
export const Gru = (inputs: number, width: number, options: RecurrentOptions = {}) =>
  module(weights(inputs, width, 3, options), (m, x: Tensor, hidden?: Tensor): RecurrentOutputs => {
    const first = firstStates(hidden, options.layers ?? 1, x.shape[0]!, width)
    const { output, last } = layered(x, options, (steps, layer) => {
      const w = layerWeights(m, layer)
      const { states, last } = gru(
        project(steps, w, w.inputBias),
        w.states,
        first[layer]!,
        w.stateBias ?? full([3 * width], 0),
      )
      return { states, last: [last] }
    })
    return { output, hidden: last[0]! }
  })

/** Long short-term memory, see `lstm`. x [b, t, i], first states and cells [l, b, h] (zeros unless given). */
export const Lstm = (inputs: number, width: number, options: RecurrentOptions = {}) =>
  module(
    weights(inputs, width, 4, options),
    (m, x: Tensor, hidden?: Tensor, cells?: Tensor): RecurrentOutputs & { readonly cell: Tensor } => {
      const layers = options.layers ?? 1
      const [first, firstCells] = [hidden, cells].map((given) => firstStates(given, layers, x.shape[0]!, width))
      const { output, last } = layered(x, options, (steps, layer) => {
        const w = layerWeights(m, layer)
        const xs = project(steps, w, w.inputBias, w.stateBias)
        const { states, last, cell } = lstm(xs, w.states, first![layer]!, firstCells![layer]!)
        return { states, last: [last, cell] }
      })
      return { output, hidden: last[0]!, cell: last[1]! }
    },
  )

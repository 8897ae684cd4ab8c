/** What every model says about itself, so that shared code never asks for its name. */
import { symbol } from '../graph/axis.ts'
import type { Cache, CacheShape, Tensor } from '../nn/index.ts'
import type { AnyModule } from '../nn/module.ts'
import { input } from '../ops/index.ts'

/** An argument of a model's forward function, named as in Hugging Face. */
export type InputSpec = {
  readonly name: string
  readonly dtype: 'int32' | 'float32'
  readonly axes: readonly string[]
  readonly optional: boolean
  /** Its values are whole numbers from 0 to below this, for a config. */
  readonly below?: 'vocabulary' | 'context'
  /** A value that means: leave this one out. */
  readonly ignored?: number
}

/**
 * Arguments by name. Decoders also take `logits_at`, int32 [batch, k]: the positions at which logits are wanted (for generation, which
 * needs one a row); it is not among `inputs`, because labels need them all.
 */
export type ModelInputs = { readonly [argument: string]: Tensor | undefined }
/** Outputs by their Hugging Face names (`logits`, `loss`, …). */
export type ModelOutputs = Record<string, Tensor>
export type Network = ((inputs: ModelInputs, cache?: Cache) => ModelOutputs) & AnyModule

/** What recipes ask for, in the same words for every model. */
export type Size = {
  layers: number
  heads: number
  width: number
  context: number
  vocabulary: number
  dropout?: number
}

/** One published size and its exact number of parameters, tied copies counted once. */
export type PublishedSize = Omit<Size, 'dropout'> & { readonly parameters: number; readonly paper?: string }

/** Taps of one layer of a residual stream: what its parts add to it, by the part's name, and the stream after it. */
export type ResidualLayer = { readonly adds: Readonly<Record<string, string>>; readonly end: string }

export type Definition<C = unknown> = {
  /** `model_type` in config.json. */
  readonly type: string
  /** `architectures` in config.json: the class that Python loads. */
  readonly architecture: string
  /** Name, authors, year. */
  readonly paper: string
  readonly inputs: readonly InputSpec[]
  readonly build: (config: C) => Network
  /** A config of any size, everything else as published. */
  readonly configure: (size: Size) => C
  readonly sizes: Readonly<Record<string, PublishedSize>>
  /** Taps that make up `hidden_states` and `attentions`, in order. */
  readonly hiddenStates: (config: C) => readonly string[]
  readonly attentions: (config: C) => readonly string[]
  /**
   * The residual stream, float32 [batch, tokens, width], layer by layer; it starts as the first of `hiddenStates`. Whatever the model
   * does after the last layer (a norm, the output layer) turns a state of the stream into logits. Absent where there is no such stream.
   */
  readonly residual?: (config: C) => readonly ResidualLayer[]
  /** Shape of the caches for decoding. */
  readonly cache: (config: C) => Omit<CacheShape, 'batch' | 'slots'>
  readonly vocabulary: (config: C) => number
  /** The most tokens it sees at once. */
  readonly context: (config: C) => number
}

const ids = (name: string, rest: Partial<InputSpec> = {}): InputSpec => ({
  name,
  dtype: 'int32',
  axes: ['batch', 'tokens'],
  optional: true,
  ...rest,
})

/** Arguments of decoder-only language models. */
export const causalInputs: readonly InputSpec[] = [
  ids('input_ids', { optional: false, below: 'vocabulary' }),
  ids('attention_mask'),
  ids('position_ids', { below: 'context' }),
  ids('labels', { below: 'vocabulary', ignored: -100 }),
]

/** Inputs for the arguments without which a model cannot be traced, by name, with a symbol for each axis. */
export const requiredInputs = ({ inputs }: Pick<Definition, 'inputs'>): Record<string, Tensor> =>
  Object.fromEntries(
    inputs
      .filter(({ optional }) => !optional)
      .map(({ name, axes, dtype }) => [name, input(name, axes.map(symbol), dtype)]),
  )

/** What a model of some size is made of and costs, found from its graph without allocating a weight. */
import { usageError } from './base/errors.ts'
import { type Axis, resolveAxis } from './graph/axis.ts'
import { flopsOf } from './graph/flops.ts'
import type { Tensor } from './graph/tensor.ts'
import { nodesOf } from './graph/walk.ts'
import { type ParameterTree, parameterTree } from './inspection/parameter-tree.ts'
import { type Definition, requiredInputs } from './models/definition.ts'
import { parameters as parametersOf, valuesIn } from './nn/index.ts'
import { sizeOf } from './tensor/array.ts'
import { type OptimizerConfig, optimizerFloats, optimizerSchema } from './training/optimizers/index.ts'
import { factors } from './transforms/in-blocks.ts'
import { codesShape } from './weights/quantize.ts'

/** Bytes of all weights by the form they are kept in. */
export type WeightBytes = { readonly [form in 'float32' | 'float16' | 'int8' | 'int4']: number }

export type ModelDescription = {
  /** `model_type` and `architectures` of config.json, and the paper. */
  readonly type: string
  readonly architecture: string
  readonly paper: string
  /** Every setting that the model is built from. */
  readonly config: Readonly<Record<string, unknown>>
  readonly context: number
  readonly vocabulary: number
  /** Trained values, tied copies counted once. */
  readonly parameters: number
  readonly tree: ParameterTree
  readonly flops: {
    /** Of one forward pass over n tokens: Σ coefficient·nᵈᵉᵍʳᵉᵉ. */
    readonly forward: readonly { readonly coefficient: number; readonly degree: number }[]
    /** Of a token with nothing before it, and of one at the end of a full context (their mean in a full prompt). */
    readonly firstToken: number
    readonly lastToken: number
    /** Of a prompt as long as the context. */
    readonly prompt: number
    /** Of forward and backward pass over as many tokens: three times the forward pass. */
    readonly trainingStep: number
  }
  /** Bytes. */
  readonly memory: {
    readonly weights: WeightBytes
    /** In float32: gradients, and what the optimizer keeps beside them. */
    readonly training: { readonly optimizer: string; readonly gradients: number; readonly state: number }
    /** Keys and values of one row in float32. */
    readonly cache: { readonly token: number; readonly context: number }
  }
}

export type DescribeOptions = {
  /** AdamW unless given. */
  readonly optimizer?: OptimizerConfig
}

/** The symbol that a text's length has in traced programs. */
const tokens = 'tokens'

/**
 * Describes a model from its definition and config. FLOPs are counted by asking the ops of its graph: 2·m·n·k for each product of
 * matrices, those of attention over every pair of positions among them; work on single elements is left out. Throws TOO_LARGE where
 * numbers are beyond counting.
 */
export function describeModel<C>(
  definition: Definition<C>,
  config: C,
  { optimizer = optimizerSchema.parse({ name: 'adamw' }) }: DescribeOptions = {},
): ModelDescription {
  const network = definition.build(config)
  const parameters = parametersOf(network)
  const values = valuesIn(parameters)
  const context = definition.context(config)
  const outputs = Object.values(network(requiredInputs(definition)))
  const terms = flopsOf(outputs)
  const forward = (length: number) => total(terms, length)
  const { layers, keyHeads, headWidth } = definition.cache(config)
  const cached = 4 * 2 * layers * keyHeads * headWidth
  const floats = [...parameters.values()].reduce(
    (sum, { shape }) => sum + optimizerFloats(optimizer, shape as readonly number[], 1),
    0,
  )
  const trainingStep = 3 * forward(context)
  if (![values, trainingStep, 4 * floats, cached * context].every(Number.isSafeInteger))
    throw usageError(
      'TOO_LARGE',
      `The ${definition.type} described has about ${values.toExponential(1)} parameters and takes ${trainingStep.toExponential(1)} FLOPs a step, too many to be counted exactly.\nAre its sizes meant?`,
    )
  return {
    type: definition.type,
    architecture: definition.architecture,
    paper: definition.paper,
    config: config as Readonly<Record<string, unknown>>,
    context,
    vocabulary: definition.vocabulary(config),
    parameters: values,
    tree: parameterTree(parameters),
    flops: {
      forward: terms.map((term) => ({ coefficient: total([term], 1), degree: degreeOf(term) })),
      firstToken: forward(1),
      lastToken: forward(context) / context,
      prompt: forward(context),
      trainingStep,
    },
    memory: {
      weights: weightBytes(outputs, [...parameters.values()]),
      training: { optimizer: optimizer.name, gradients: 4 * values, state: 4 * (floats - 2 * values) },
      cache: { token: cached, context: cached * context },
    },
  }
}

const degreeOf = (term: Axis): number => (typeof term === 'number' ? 0 : (term.powers.get(tokens) ?? 0))

/** The value of a sum for one row of some length. */
function total(terms: readonly Axis[], length: number): number {
  const bindings = new Map([
    ['batch', 1],
    [tokens, length],
  ])
  return terms.reduce<number>((sum, term) => sum + resolveAxis(term, bindings), 0)
}

/** Bytes of a matrix in blocks of 8 or 4 bits, each with a float32 scale; see `quantize`. */
function blockBytes(rows: number, inner: number, bits: 8 | 4): number {
  const [, blocks, bytes] = codesShape(rows, inner, bits)
  return rows * blocks * (bytes + 4)
}

/**
 * Bytes of all parameters in float32, in float16, and with the matrices that products can take in blocks in 8 or 4 bits, the rest in
 * float32. A matrix that something else reads too (an embedding that is the output layer) is there in both forms.
 */
function weightBytes(outputs: readonly Tensor[], parameters: readonly Tensor[]): WeightBytes {
  const size = (x: Tensor) => sizeOf(x.shape as readonly number[])
  const sum = (bytes: (x: Tensor) => number) => parameters.reduce((all, x) => all + bytes(x), 0)
  const turns = new Map(factors(outputs).map(({ matrix, turned }) => [matrix, turned]))
  const readElsewhere = new Set(
    nodesOf(outputs).flatMap(({ op, inputs }) => (op.inBlocks ? [] : inputs.filter((x) => turns.has(x)))),
  )
  const quantized = (bits: 8 | 4) =>
    sum((x) => {
      const turned = turns.get(x)
      if (turned === undefined) return 4 * size(x)
      const [first, second] = x.shape as [number, number]
      const bytes = turned ? blockBytes(first, second, bits) : blockBytes(second, first, bits)
      return readElsewhere.has(x) ? 4 * size(x) + bytes : bytes
    })
  return { float32: sum((x) => 4 * size(x)), float16: sum((x) => 2 * size(x)), int8: quantized(8), int4: quantized(4) }
}

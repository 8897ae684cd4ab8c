/** Checkpoints whose matrices are multiplied in 8 or 4 bits, made from whole weights when the values are first needed. */
import { fileError } from '../base/errors.ts'
import type { Blocks, BlocksOf } from '../graph/op.ts'
import { type ConstantSource, type Program, usedBy } from '../graph/program.ts'
import type { Tensor } from '../graph/tensor.ts'
import { requiredInputs } from '../models/definition.ts'
import { input } from '../ops/index.ts'
import { blocksIn, type WeightBits } from '../ops/quantized.ts'
import { toFloat32 } from '../tensor/half.ts'
import { factors, inBlocks } from '../transforms/in-blocks.ts'
import { atInference } from '../transforms/inference.ts'
import type { Checkpoint } from './match.ts'
import { countNonFinite } from './non-finite.ts'
import { type Quantization, quantizations } from './quantization.ts'
import { type Codes, codesShape, quantize } from './quantize.ts'

/** A parameter that products take in blocks. */
export type QuantizedMatrix = {
  /** The parameter's path. */
  readonly name: string
  readonly matrix: Tensor
  /** Its rows are outputs, as in PyTorch's Linear. */
  readonly turned: boolean
  readonly blocks: Blocks
  readonly codes: ConstantSource
  readonly scales: ConstantSource
}

export type Quantized = { readonly kind: Quantization; readonly matrices: readonly QuantizedMatrix[] }

type Traceable = Pick<Checkpoint, 'network' | 'format' | 'parameters'>

/** A forward pass with no more inputs than it needs. */
function forward({ network, format }: Pick<Traceable, 'network' | 'format'>): Omit<Program, 'constants'> {
  const inputs = requiredInputs(format.definition)
  return { inputs: new Map(Object.entries(inputs)), outputs: new Map(Object.entries(network(inputs))) }
}

/** The matrices of a model that products can take in blocks: those that a product has on its right as they are stored. */
export function quantizable(model: Traceable) {
  const { parameters } = model
  const names = new Map([...parameters].map(([name, tensor]) => [tensor, name]))
  return factors(atInference([...forward(model).outputs.values()])).flatMap(({ matrix, turned }) => {
    const name = names.get(matrix)
    return name === undefined ? [] : [{ name, matrix, turned }]
  })
}

/** Leaves for the codes and scales of a matrix. */
export function blocksFor(name: string, { shape }: Tensor, turned: boolean, kind: Quantization): Blocks {
  const bits = quantizations[kind]
  const [rows, inner] = (turned ? shape : [shape[1], shape[0]]) as [number, number]
  return {
    bits,
    codes: input(`${name}.codes`, codesShape(rows, inner, bits), 'uint8'),
    scales: input(`${name}.scales`, [rows, blocksIn(inner)]),
  }
}

/** The checkpoint with all its matrices in few bits for inference. Reading them throws NONFINITE_WEIGHTS where a weight is no number. */
export function quantized(checkpoint: Checkpoint, kind: Quantization): Checkpoint {
  const matrices = quantizable(checkpoint).map(({ name, matrix, turned }): QuantizedMatrix => {
    const { source } = checkpoint.constants.get(name)!
    let made: Promise<Codes> | undefined
    const once = () => (made ??= encode(name, source, turned, quantizations[kind]))
    return {
      name,
      matrix,
      turned,
      blocks: blocksFor(name, matrix, turned, kind),
      codes: { dtype: 'uint8', read: async () => (await once()).codes },
      scales: { dtype: 'float32', read: async () => (await once()).scales },
    }
  })
  return { ...checkpoint, quantized: { kind, matrices } }
}

async function encode(name: string, source: ConstantSource, turned: boolean, bits: WeightBits): Promise<Codes> {
  const values = toFloat32(await source.read())
  if (countNonFinite(values) > 0)
    throw fileError(
      'NONFINITE_WEIGHTS',
      `${name} holds NaN or infinity, which few bits cannot hold.\nLoad an undamaged copy of the model.`,
    )
  return await quantize(values, turned, bits)
}

/** A traced program as it is run for inference: nothing that only training needs, products in blocks, only the constants that are used. */
export function inferenceProgram({ constants, quantized }: Checkpoint, program: Omit<Program, 'constants'>): Program {
  const matrices = quantized?.matrices ?? []
  const blocksOf: BlocksOf = (matrix, turned) =>
    matrices.find((each) => each.matrix === matrix && each.turned === turned)?.blocks
  const whole = atInference([...program.outputs.values()])
  const lean = matrices.length ? inBlocks(whole, blocksOf) : whole
  const all = [...constants].map(([name, constant]) => [name, constant] as const)
  for (const { name, blocks, codes, scales } of matrices)
    all.push(
      [`${name}.codes`, { tensor: blocks.codes, source: codes }],
      [`${name}.scales`, { tensor: blocks.scales, source: scales }],
    )
  return {
    ...program,
    constants: usedBy(lean, new Map(all), ({ tensor }) => tensor),
    outputs: new Map([...program.outputs.keys()].map((name, i) => [name, lean[i]!])),
  }
}

/** A forward pass as it is run for inference. */
export const forwardProgram = (checkpoint: Checkpoint): Program => inferenceProgram(checkpoint, forward(checkpoint))

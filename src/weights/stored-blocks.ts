/** Model directories whose matrices are stored in few bits: `NAME.codes` and `NAME.scales` in place of NAME, or beside it where it is needed whole. */
import { writeJson } from '../base/atomic.ts'
import { path } from '../base/files.ts'
import type { ConstantSource } from '../graph/program.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Network } from '../models/definition.ts'
import { configName } from './config.ts'
import { type WriteOptions, writeWeights } from './directory.ts'
import type { Format } from './format.ts'
import type { Checkpoint } from './match.ts'
import { type Quantization, quantizationField } from './quantization.ts'
import { dequantize } from './quantize.ts'
import { blocksFor, forwardProgram, type Quantized, type QuantizedMatrix, quantizable } from './quantized.ts'
import type { Safetensors } from './safetensors.ts'
import type { TensorSource } from './safetensors-write.ts'

type Model = {
  readonly network: Network
  readonly format: Format
  readonly config: unknown
  readonly parameters: ReadonlyMap<string, Tensor>
}

/** The matrices that a directory holds in few bits; `source` finds where a stored tensor lies, having checked it against a leaf. */
export function storedBlocks(
  kind: Quantization | undefined,
  model: Model,
  { entries }: Pick<Safetensors, 'entries'>,
  source: (stored: string, tensor: Tensor) => ConstantSource,
): Quantized | undefined {
  if (!kind) return undefined
  const storedAs = new Map(
    [...entries.keys()].flatMap((stored) => {
      const [, base, part] = /^(.*)\.(codes|scales)$/.exec(stored) ?? []
      const name = base && model.format.parameterOf(base, model.config)
      return name ? [[`${name}.${part}`, stored] as const] : []
    }),
  )
  const matrices = quantizable(model).flatMap(({ name, matrix, turned }): QuantizedMatrix[] => {
    const [codes, scales] = [storedAs.get(`${name}.codes`), storedAs.get(`${name}.scales`)]
    if (codes === undefined || scales === undefined) return []
    const blocks = blocksFor(name, matrix, turned, kind)
    return [{ name, matrix, turned, blocks, codes: source(codes, blocks.codes), scales: source(scales, blocks.scales) }]
  })
  return { kind, matrices }
}

/** The whole matrix that codes stand for, made when it is asked for: for derivatives, and for what reads a weight otherwise. */
export const wholeMatrix = ({ matrix, turned, blocks, codes, scales }: QuantizedMatrix): ConstantSource => ({
  dtype: 'float32',
  read: async () => {
    const inner = matrix.shape[turned ? 1 : 0] as number
    return dequantize({ codes: await codes.read(), scales: await scales.read() }, inner, turned, blocks.bits)
  },
})

/**
 * Writes config.json and weights of a checkpoint that was made by `quantized`. Loading the directory gives the same model as quantizing
 * at every load; matrices that are also needed whole (an embedding that is the output layer too) are stored both ways.
 */
export async function writeQuantized(directory: string, checkpoint: Checkpoint, options?: WriteOptions): Promise<void> {
  const { kind } = checkpoint.quantized!
  const tensors = new Map<string, TensorSource>()
  for (const [name, { tensor, source }] of forwardProgram(checkpoint).constants)
    tensors.set(name, { dtype: source.dtype, shape: tensor.shape as readonly number[], read: source.read })
  await writeWeights(directory, tensors, options)
  await writeJson(path().join(directory, configName), { ...checkpoint.file, ...quantizationField(kind) })
}

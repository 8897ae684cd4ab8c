/** Kinds of weights in few bits, and the field of config.json that tells of them. */
import { fileError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { blockLength, type WeightBits } from '../ops/quantized.ts'
import type { ConfigFile } from './format.ts'

/** Blocks of 32 weights with one scale each, all around zero. */
export const quantizations = { int8: 8, int4: 4 } as const satisfies Record<string, WeightBits>
export type Quantization = keyof typeof quantizations

/** `quant_method` in config.json: no other program reads these directories. */
const method = 'pellucid'

/** What the field quantization_config of a config.json asks for. Throws QUANTIZED_MODEL for weights that others have quantized. */
export function quantizationOf({ quantization_config: field }: ConfigFile, name: string): Quantization | undefined {
  if (field == null) return undefined
  const { quant_method, bits, block_size } = field as { [key: string]: unknown }
  const kind = (Object.keys(quantizations) as Quantization[]).find((each) => quantizations[each] === bits)
  if (quant_method === method && block_size === blockLength && kind) return kind
  throw fileError(
    'QUANTIZED_MODEL',
    quant_method === method
      ? `${name}: quantization_config is ${show(field)}, expected bits of 8 or 4 and a block_size of ${blockLength}.`
      : `${name}: quantization_config says that the weights are quantized by ${show(quant_method)}, which is not supported.\n` +
          'Load the model that they were made from; --quantize (quantize) makes 8 or 4 bits of it.',
  )
}

/** The field for a kind. */
export const quantizationField = (kind: Quantization): ConfigFile => ({
  quantization_config: { quant_method: method, bits: quantizations[kind], block_size: blockLength },
})

/** A small model with random weights, for tests. */
import { siteOf } from '../base/random.ts'
import { type Gpt2Config, gpt2 } from '../models/gpt2.ts'
import { normal, parameters } from '../nn/index.ts'
import type { NdArray } from '../tensor/array.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { gpt2Format } from '../weights/gpt2.ts'

/** Heads of 8, the width that the native kernel wants; weights large enough that attention matters. */
export function randomCheckpoint(changes: Partial<Gpt2Config> = {}, seed = 6): Checkpoint {
  const size = { layers: 2, heads: 2, width: 16, context: 32, vocabulary: 50 }
  const config: Gpt2Config = { ...gpt2.configure(size), ...changes }
  const network = gpt2.build(config)
  const leaves = parameters(network)
  const constants = new Map(
    [...leaves].map(([name, tensor]) => {
      const shape = tensor.shape as readonly number[]
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
      normal(0.4).fill(data, shape, seed, siteOf(name))
      const array: NdArray = { dtype: 'float32', shape, data }
      return [name, { tensor, source: { dtype: 'float32' as const, read: async () => array } }]
    }),
  )
  return { format: gpt2Format, config, file: {}, network, parameters: leaves, constants, warnings: [] }
}

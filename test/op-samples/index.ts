/** The samples of every op, by the op's name. */
import type { OpSamples } from '../op-suite/sample.ts'
import { attendSamples } from './attend.ts'
import { binarySamples } from './binary.ts'
import { indexingSamples } from './indexing.ts'
import { matmulSamples } from './matmul.ts'
import { normalizeSamples } from './normalize.ts'
import { quantizedSamples } from './quantized.ts'
import { recurrentSamples } from './recurrent.ts'
import { reduceSamples } from './reduce.ts'
import { shapeSamples } from './shape.ts'
import { trainingSamples } from './training.ts'
import { unarySamples } from './unary.ts'

export const opSamples: ReadonlyMap<string, OpSamples> = new Map(
  [
    unarySamples,
    binarySamples,
    reduceSamples,
    shapeSamples,
    indexingSamples,
    matmulSamples,
    quantizedSamples,
    normalizeSamples,
    recurrentSamples,
    trainingSamples,
    attendSamples,
  ].flatMap((table) => Object.entries(table)),
)

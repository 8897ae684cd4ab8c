/** The op table and the names that models are written with. */
import './methods.ts'
import type { Op } from '../graph/op.ts'
import * as activations from './activations.ts'
import * as binary from './binary.ts'
import * as indexing from './indexing.ts'
import * as leaves from './leaves.ts'
import * as loss from './loss.ts'
import * as matmul from './matmul.ts'
import * as normalize from './normalize.ts'
import * as quantized from './quantized.ts'
import * as recurrent from './recurrent.ts'
import * as reduce from './reduce.ts'
import * as scans from './scan.ts'
import * as shape from './shape.ts'
import * as training from './training.ts'
import * as unary from './unary.ts'

const isOp = (value: unknown): value is Op => typeof value === 'object' && value !== null && 'name' in value

/** Every op, by name. */
export const opTable: ReadonlyMap<string, Op> = new Map(
  [
    activations,
    binary,
    indexing,
    leaves,
    loss,
    matmul,
    normalize,
    quantized,
    recurrent,
    reduce,
    scans,
    shape,
    training,
    unary,
  ]
    .flatMap((file) => Object.values(file).filter(isOp))
    .map((op) => [op.name, op]),
)

export { where } from './binary.ts'
export { einsum } from './einsum.ts'
export { scatterRows, writeRows } from './indexing.ts'
export { arange, constant, input, parameter } from './leaves.ts'
export { crossEntropy } from './loss.ts'
export { layerNorm, rmsNorm } from './normalize.ts'
export { gru, lstm, type Recurrence, rnn } from './recurrent.ts'
export { scan } from './scan.ts'
export { concat, full, stack } from './shape.ts'

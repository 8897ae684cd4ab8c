/** Log-probabilities of many rows of logits, computed by the runtime: on a large vocabulary several times faster than here. */
import { symbol } from '../graph/axis.ts'
import { input } from '../ops/index.ts'
import type { CompileOptions, Executable, Runtime } from '../runtime/runtime.ts'
import { type NdArray, zeros } from '../tensor/array.ts'
import { logSumExp } from './sampling.ts'

/** Logits of some rows → their log-probabilities, valid until as many rows are computed again. Errors: NONFINITE_LOGITS. */
export type LogSoftmax = (logits: readonly Float32Array[]) => Promise<Float32Array[]>

export async function compileLogSoftmax(runtime: Runtime, options: CompileOptions): Promise<Executable> {
  const logits = input('logits', [symbol('rows'), symbol('vocabulary')])
  const program = {
    inputs: new Map([['logits', logits]]),
    constants: new Map(),
    outputs: new Map([['logprobs', logits.logSoftmax()]]),
  }
  return await runtime.compile(program, options)
}

/** The function that one search calls, with its own memory. */
export function logSoftmaxOf(executable: Executable): LogSoftmax {
  const outputs = new Map<number, NdArray>()
  return async (rows) => {
    const [count, vocabulary] = [rows.length, rows[0]!.length]
    const logprobs = outputs.get(count) ?? zeros('float32', [count, vocabulary])
    outputs.set(count, logprobs)
    await executable.run({ logits: { dtype: 'float32', shape: [count, vocabulary], data: joined(rows) } }, { logprobs })
    return rows.map((logits, row) => {
      const found = (logprobs.data as Float32Array).subarray(row * vocabulary, (row + 1) * vocabulary)
      // One logit that is no number makes all of its row such, and this says which way.
      if (Number.isNaN(found[0])) logSumExp(logits)
      return found
    })
  }
}

/** Rows as one array: that in which they lie one behind the other, or a copy. */
function joined(rows: readonly Float32Array[]): Float32Array {
  const { buffer, byteOffset, byteLength } = rows[0]!
  const adjacent = rows.every((row, i) => row.buffer === buffer && row.byteOffset === byteOffset + i * byteLength)
  if (adjacent) return new Float32Array(buffer, byteOffset, rows.length * rows[0]!.length)
  const all = new Float32Array(rows.length * rows[0]!.length)
  for (const [i, row] of rows.entries()) all.set(row, i * row.length)
  return all
}

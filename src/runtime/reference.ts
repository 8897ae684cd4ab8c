/** The reference runtime: every op's own definition, one after another, in float64 or float32. No dependency; the oracle for the rest. */
import { evaluator } from '../graph/evaluate.ts'
import { bindSymbols, type Program } from '../graph/program.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { NdArray } from '../tensor/array.ts'
import { Value } from '../tensor/value.ts'
import { type Arrays, type Executable, outputArrays, type Runtime } from './runtime.ts'

export type ReferenceOptions = { precision?: 'float64' | 'float32' }

/** A runtime without any dependency. Arithmetic in float64 unless `precision` is 'float32' (outputs keep their declared dtype). */
export const referenceRuntime = ({ precision = 'float64' }: ReferenceOptions = {}): Runtime => ({
  name: 'reference',
  capabilities: { contrib: false, integerBlocks: false },
  environment: async () => ({ precision }),
  async compile(program: Program): Promise<Executable> {
    const constants = new Map<Tensor, Value>()
    for (const { tensor, source } of program.constants.values()) {
      const { shape, data } = Value.from(await source.read())
      constants.set(tensor, new Value(shape, tensor.dtype, data))
    }
    const outputs = [...program.outputs]
    const evaluate = evaluator(outputs.map(([, tensor]) => tensor))
    const compute = (inputs: Arrays, given: Arrays | undefined): Record<string, NdArray> => {
      const arrays = outputArrays(program, inputs, given)
      const leaves = new Map(constants)
      for (const [name, tensor] of program.inputs) leaves.set(tensor, Value.from(inputs[name]!))
      const results = evaluate(leaves, { bindings: bindSymbols(program, inputs), round: precision === 'float32' })
      for (const [i, [name, { dtype }]] of outputs.entries())
        arrays[name]!.data.set(results[i]!.toArray(dtype).data as never)
      return arrays
    }
    return {
      run: async (inputs, outputs) => compute(inputs, outputs),
      bind: (inputs, outputs) => async () => void compute(inputs, outputs),
      dispose: async () => {},
    }
  },
})

/** The reference runtime: every op's own definition, one after another, in float64 or float32. Slow, obvious, the oracle for the rest. */
import { resolveShape } from '../graph/axis.ts'
import { type ConcreteType, isComposite } from '../graph/op.ts'
import { bindSymbols, type Program } from '../graph/program.ts'
import { bodyOf, type Node, type Tensor } from '../graph/tensor.ts'
import { nodesOf, rewrite } from '../graph/walk.ts'
import type { NdArray } from '../tensor/array.ts'
import { isFloat } from '../tensor/dtype.ts'
import { Value } from '../tensor/value.ts'
import { type Arrays, type Executable, outputArrays, type Runtime } from './runtime.ts'

/** The graph in primitive ops only. */
export function decompose(outputs: readonly Tensor[]): Tensor[] {
  let current = [...outputs]
  while (nodesOf(current).some((node) => isComposite(node.op)))
    current = rewrite(current, (node, inputs) =>
      isComposite(node.op) ? bodyOf({ ...node, inputs, body: undefined }) : undefined,
    )
  return current
}

/** Rounds floats to float32 where the graph says float32. */
const rounded = (value: Value) => (value.dtype === 'float32' ? value.map(Math.fround) : value)

/** Evaluates tensors from the values of leaves; `round` keeps float32 results in float32. */
export function evaluate(
  outputs: readonly Tensor[],
  leaves: ReadonlyMap<Tensor, Value>,
  bindings: ReadonlyMap<string, number>,
  round: boolean,
): Value[] {
  const primitive = decompose(outputs)
  const values = new Map<Node, readonly Value[]>()
  for (const [leaf, value] of leaves) values.set(leaf.node, [value])
  for (const node of nodesOf(primitive)) {
    const { op } = node
    if (values.has(node) || isComposite(op)) continue
    const types: ConcreteType[] = node.outputs.map((y) => ({ shape: resolveShape(y.shape, bindings), dtype: y.dtype }))
    const result = op.evaluate(
      node.inputs.map((x) => values.get(x.node)![x.index]!),
      node.attributes,
      types,
    )
    const list = Array.isArray(result) ? (result as readonly Value[]) : [result as Value]
    values.set(node, round && list.some((v) => isFloat(v.dtype)) ? list.map(rounded) : list)
  }
  return primitive.map((x) => values.get(x.node)![x.index]!)
}

export type ReferenceOptions = { precision?: 'float64' | 'float32' }

/** A runtime without any dependency. Arithmetic in float64 unless `precision` is 'float32' (outputs keep their declared dtype). */
export const referenceRuntime = ({ precision = 'float64' }: ReferenceOptions = {}): Runtime => ({
  name: 'reference',
  capabilities: { contrib: false },
  async compile(program: Program): Promise<Executable> {
    const constants = new Map<Tensor, Value>()
    for (const { tensor, source } of program.constants.values()) constants.set(tensor, Value.from(await source.read()))
    const compute = (inputs: Arrays, given: Arrays | undefined): Record<string, NdArray> => {
      const arrays = outputArrays(program, inputs, given)
      const leaves = new Map(constants)
      for (const [name, tensor] of program.inputs) leaves.set(tensor, Value.from(inputs[name]!))
      const results = evaluate(
        [...program.outputs.values()],
        leaves,
        bindSymbols(program, inputs),
        precision === 'float32',
      )
      for (const [i, name] of [...program.outputs.keys()].entries()) {
        const { data } = results[i]!.toArray(arrays[name]!.dtype)
        arrays[name]!.data.set(data as never)
      }
      return arrays
    }
    return {
      run: async (inputs, outputs) => compute(inputs, outputs),
      bind: (inputs, outputs) => async () => void compute(inputs, outputs),
      dispose: async () => {},
    }
  },
})

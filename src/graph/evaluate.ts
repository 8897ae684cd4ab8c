/** The reference evaluator: every op's own definition, one after another, in float64. Slow, obvious, the oracle for the rest. */
import { failure, PellucidError } from '../base/errors.ts'
import type { Value } from '../tensor/value.ts'
import { type Bindings, resolveShape, shapeText } from './axis.ts'
import { type ConcreteType, isComposite, type Primitive } from './op.ts'
import type { Node, Tensor } from './tensor.ts'
import { nodesOf, openComposites } from './walk.ts'

/** The graph in primitive ops only. */
export function decompose(outputs: readonly Tensor[]): Tensor[] {
  let current = [...outputs]
  while (nodesOf(current).some((node) => isComposite(node.op)))
    current = openComposites(current, (node) => isComposite(node.op))
  return current
}

export type EvaluateOptions = {
  /** Values of the symbols. */
  readonly bindings?: Bindings
  /** Rounds every float32 result to float32; without it all arithmetic is in float64. */
  readonly round?: boolean
}

export type Evaluator = (leaves: ReadonlyMap<Tensor, Value>, options?: EvaluateOptions) => Value[]

/** Makes ready to evaluate tensors from the values of leaves, again and again. */
export function evaluator(outputs: readonly Tensor[]): Evaluator {
  const primitive = decompose(outputs)
  const order = nodesOf(primitive)
  return (leaves, { bindings = new Map(), round = false } = {}) => {
    const values = new Map<Node, readonly Value[]>()
    for (const [leaf, value] of leaves) values.set(leaf.node, [value])
    for (const node of order) {
      if (values.has(node)) continue
      const inputs = node.inputs.map((x) => values.get(x.node)![x.index]!)
      const results = evaluateNode(node, inputs, bindings)
      values.set(node, round ? results.map(rounded) : results)
    }
    return primitive.map((x) => values.get(x.node)![x.index]!)
  }
}

/** Rounds floats to float32 where the graph says float32. */
const rounded = (value: Value) => (value.dtype === 'float32' ? value.map(Math.fround) : value)

/** One node's results; what the shape rule promised and what the definition gave must agree. */
function evaluateNode(node: Node, inputs: readonly Value[], bindings: Bindings): readonly Value[] {
  const op = node.op as Primitive<unknown>
  const types: ConcreteType[] = node.outputs.map((y) => ({ shape: resolveShape(y.shape, bindings), dtype: y.dtype }))
  const place = `${op.name}${node.scope ? ` (in ${node.scope})` : ''}`
  let results: readonly Value[]
  try {
    const result = op.evaluate(inputs, node.attributes, types)
    results = Array.isArray(result) ? (result as readonly Value[]) : [result as Value]
  } catch (error) {
    throw error instanceof PellucidError ? failure(error.code, `${place}: ${error.message}`, error) : error
  }
  for (const [i, { shape, dtype }] of types.entries()) {
    const found = results[i]
    if (found?.dtype !== dtype || String(found.shape) !== String(shape))
      throw failure(
        'SHAPE_RULE',
        `${place}: the shape rule says ${dtype}${shapeText(shape)}, the definition gave ${found?.dtype}${shapeText(found?.shape ?? [])}.`,
      )
  }
  return results
}

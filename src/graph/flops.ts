/** What a graph costs to compute, counted by asking its ops. */
import { type Axis, SymbolicAxis } from './axis.ts'
import { isComposite } from './op.ts'
import { bodyOf, type Node, type Tensor } from './tensor.ts'
import { nodesOf } from './walk.ts'

/** The terms of a graph's nodes; composites are counted by their parts unless they say themselves. */
function* termsOf(outputs: readonly Tensor[], skip?: (node: Node) => boolean): Generator<Axis> {
  for (const node of nodesOf(outputs, skip)) {
    if (node.op.flops) yield* node.op.flops(node.inputs, node.outputs, node.attributes)
    else if (isComposite(node.op)) yield* termsOf(bodyOf(node), (inner) => node.inputs.some((x) => x.node === inner))
  }
}

/**
 * Floating-point operations of the products that `outputs` need (see the ops' `flops`): a sum of terms in the symbols of the graph's
 * axes, one for each product of powers, lower degrees first. Resolve each (`resolveAxis`) and add them up.
 */
export function flopsOf(outputs: readonly Tensor[]): Axis[] {
  const sums = new Map<string, { coefficient: number; powers: ReadonlyMap<string, number> }>()
  for (const term of termsOf(outputs)) {
    const { coefficient, powers } = typeof term === 'number' ? { coefficient: term, powers: new Map() } : term
    const key = JSON.stringify([...powers])
    sums.set(key, { coefficient: (sums.get(key)?.coefficient ?? 0) + coefficient, powers })
  }
  const degree = (powers: ReadonlyMap<string, number>) => [...powers.values()].reduce((sum, power) => sum + power, 0)
  return [...sums.values()]
    .filter(({ coefficient }) => coefficient > 0)
    .sort((a, b) => degree(a.powers) - degree(b.powers))
    .map(({ coefficient, powers }) => (powers.size === 0 ? coefficient : new SymbolicAxis(coefficient, powers)))
}

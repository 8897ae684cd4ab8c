/** Walks over a graph, all iterative: deep graphs would overflow the stack. */

import { inScope } from './scope.ts'
import type { Node, Tensor } from './tensor.ts'
import { apply, bodyOf } from './tensor.ts'

/** Every node that `outputs` need, inputs before users; nothing at or behind a node that `skip` holds for. */
export function nodesOf(outputs: readonly Tensor[], skip: (node: Node) => boolean = () => false): Node[] {
  const order: Node[] = []
  const state = new Map<Node, 'open' | 'done'>()
  const stack = outputs
    .map((x) => x.node)
    .filter((node) => !skip(node))
    .reverse()
  while (stack.length > 0) {
    const node = stack.at(-1)!
    const seen = state.get(node)
    if (seen === undefined) {
      state.set(node, 'open')
      for (let i = node.inputs.length - 1; i >= 0; i--) {
        const input = node.inputs[i]!.node
        if (!state.has(input) && !skip(input)) stack.push(input)
      }
    } else {
      stack.pop()
      if (seen === 'open') {
        state.set(node, 'done')
        order.push(node)
      }
    }
  }
  return order
}

/**
 * Rebuilds a graph. `replace(node, inputs)` gives a node's new outputs (over the already rebuilt inputs), or undefined to keep it;
 * untouched parts are shared with the old graph.
 */
export function rewrite(
  outputs: readonly Tensor[],
  replace: (node: Node, inputs: readonly Tensor[]) => readonly Tensor[] | undefined,
): Tensor[] {
  const rebuilt = new Map<Node, readonly Tensor[]>()
  const of = (x: Tensor) => rebuilt.get(x.node)![x.index]!
  for (const node of nodesOf(outputs)) {
    const inputs = node.inputs.map(of)
    const replaced = inScope(node.scope, () => replace(node, inputs), true)
    if (replaced) rebuilt.set(node, replaced)
    else if (inputs.every((x, i) => x === node.inputs[i])) rebuilt.set(node, node.outputs)
    else
      rebuilt.set(
        node,
        inScope(node.scope, () => apply(node.op, inputs, node.attributes), true),
      )
  }
  return outputs.map(of)
}

/** The graph with the composites that `chosen` holds for replaced by their parts, retraced over the rebuilt inputs. One level deep. */
export const openComposites = (outputs: readonly Tensor[], chosen: (node: Node) => boolean): Tensor[] =>
  rewrite(outputs, (node, inputs) => (chosen(node) ? bodyOf({ ...node, inputs, body: undefined }) : undefined))

/** Reverse-mode differentiation, graph in, graph out. */
import { failure } from '../base/errors.ts'
import { axesEqual, type Shape, shapesEqual } from '../graph/axis.ts'
import { isComposite } from '../graph/op.ts'
import { inScope } from '../graph/scope.ts'
import type { Node, Tensor } from '../graph/tensor.ts'
import { nodesOf, openComposites } from '../graph/walk.ts'
import { full } from '../ops/index.ts'

/** Sums a cotangent over the axes that broadcasting repeated. */
function sumTo(dy: Tensor, shape: Shape): Tensor {
  if (shapesEqual(dy.shape, shape)) return dy
  const extra = dy.rank - shape.length
  const axes = dy.shape.flatMap((axis, i) =>
    i < extra || (axesEqual(shape[i - extra]!, 1) && !axesEqual(axis, 1)) ? [i] : [],
  )
  const summed = axes.length ? dy.sum(axes) : dy
  return summed.shape.length === shape.length ? summed.broadcastTo(shape) : summed.reshape(shape).broadcastTo(shape)
}

/** a + b; where b adds something up onto zeros, it starts from a instead. */
const sumOf = (a: Tensor, b: Tensor): Tensor => b.node.op.onto?.(a, b.node.inputs, b.node.attributes) ?? a.add(b)

/** Nodes from which a leaf of `wrt` can be reached. */
function dependents(nodes: readonly Node[], wrt: ReadonlySet<Node>): Set<Node> {
  const found = new Set<Node>()
  for (const node of nodes) if (wrt.has(node) || node.inputs.some((x) => found.has(x.node))) found.add(node)
  return found
}

/** Opens composites that lie between `wrt` and the outputs and have no derivative rule of their own. */
function open(outputs: readonly Tensor[], wrt: ReadonlySet<Node>): Tensor[] {
  let current = [...outputs]
  for (;;) {
    const on = dependents(nodesOf(current), wrt)
    const closed = (node: Node) => isComposite(node.op) && !node.op.vjp
    if (![...on].some(closed)) return current
    current = openComposites(current, (node) => on.has(node) && closed(node))
  }
}

/**
 * The derivative of a scalar by leaves. Returns `outputs` again, sharing every intermediate value with the derivatives, and one
 * gradient per leaf of `wrt` (zeros where the loss does not depend on it). Throws when the loss is not a scalar.
 */
export function gradients(
  loss: Tensor,
  wrt: readonly Tensor[],
  others: readonly Tensor[] = [],
): { loss: Tensor; outputs: Tensor[]; gradients: Tensor[] } {
  if (loss.rank !== 0) throw failure('NOT_SCALAR', `A derivative starts from a scalar, got ${loss}.`)
  const leaves = new Set(wrt.map((x) => x.node))
  const [y, ...outputs] = open([loss, ...others], leaves)
  const nodes = nodesOf([y!])
  const active = dependents(nodes, leaves)
  const cotangents = new Map<Node, (Tensor | undefined)[]>()
  const accumulate = (x: Tensor, dy: Tensor) => {
    const slots = cotangents.get(x.node) ?? []
    const before = slots[x.index]
    slots[x.index] = before ? sumOf(before, dy) : dy
    cotangents.set(x.node, slots)
  }
  accumulate(y!, full([], 1, y!.dtype))
  for (const node of nodes.toReversed()) {
    const dys = cotangents.get(node)
    if (!dys || !active.has(node) || leaves.has(node)) continue
    const { vjp } = node.op
    if (!vjp || vjp === 'none') continue
    const given = node.outputs.map((_, i) => dys[i])
    const dxs = inScope(node.scope, () => vjp(given, node.inputs, node.outputs, node.attributes), true)
    for (const [i, x] of node.inputs.entries()) {
      const dx = dxs[i]
      if (dx && active.has(x.node)) accumulate(x, sumTo(dx, x.shape))
    }
  }
  return {
    loss: y!,
    outputs,
    gradients: wrt.map((x) => cotangents.get(x.node)?.[x.index] ?? full(x.shape, 0, x.dtype)),
  }
}

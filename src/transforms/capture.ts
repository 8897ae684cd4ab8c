/** Finds tapped values by path, opening the composites that hide them. */
import { isComposite } from '../graph/op.ts'
import { bodyOf, type Node, type Tensor } from '../graph/tensor.ts'
import { nodesOf, openComposites } from '../graph/walk.ts'

/** The path of the value that a node taps, if it does. */
export const pathOf = (node: Node): string | undefined => node.op.tapName?.(node.attributes, node.scope)

/** A pattern with `*` for any run of characters but a dot, and `**` for any run. */
export const matcher = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      // More stars in a row mean no more than two, and each pair would multiply the time that a path takes to fail.
      .replace(/\*{2,}/g, '**')
      .split('**')
      .map((part) =>
        part
          .split('*')
          .map((s) => s.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
          .join('[^.]*'),
      )
      .join('.*')}$`,
  )

/**
 * The outputs with every composite opened that holds a tap matching one of the patterns, and the matching values by path, in graph order.
 * A path seen twice (a module called twice) gets `#1`, `#2`, … from its second call on.
 */
export function capture(
  outputs: readonly Tensor[],
  patterns: readonly string[],
): { outputs: Tensor[]; captured: Map<string, Tensor> } {
  const wanted = patterns.map(matcher)
  const matches = (node: Node) => {
    const path = pathOf(node)
    return path !== undefined && wanted.some((pattern) => pattern.test(path))
  }
  const hides = (node: Node): boolean =>
    isComposite(node.op) &&
    nodesOf(bodyOf(node), (inner) => node.inputs.some((x) => x.node === inner)).some(
      (inner) => matches(inner) || hides(inner),
    )
  let current = [...outputs]
  while (nodesOf(current).some(hides)) current = openComposites(current, hides)
  const captured = new Map<string, Tensor>()
  const calls = new Map<string, number>()
  for (const node of nodesOf(current).filter(matches)) {
    const path = pathOf(node)!
    const call = calls.get(path) ?? 0
    calls.set(path, call + 1)
    captured.set(call === 0 ? path : `${path}#${call}`, node.outputs[0]!)
  }
  return { outputs: current, captured }
}

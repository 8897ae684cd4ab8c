/** Products with weights in few bits, in place of those with whole ones. */
import type { BlocksOf } from '../graph/op.ts'
import type { Tensor } from '../graph/tensor.ts'
import { nodesOf, rewrite } from '../graph/walk.ts'

/** The graph with every matrix for which `blocksOf` has blocks multiplied as such; nothing else changes. */
export const inBlocks = (outputs: readonly Tensor[], blocksOf: BlocksOf): Tensor[] =>
  rewrite(outputs, (node, inputs) => {
    const y = node.op.inBlocks?.(inputs, node.attributes, blocksOf)
    return y && [y]
  })

/** The matrices that are multiplied as they are given, without anything computed from them first; each with how it is turned. */
export function factors(outputs: readonly Tensor[]): { readonly matrix: Tensor; readonly turned: boolean }[] {
  const found: { matrix: Tensor; turned: boolean }[] = []
  for (const { op, inputs, attributes } of nodesOf(outputs))
    op.inBlocks?.(inputs, attributes, (matrix, turned) => {
      if (matrix.node.op.external && !found.some((each) => each.matrix === matrix && each.turned === turned))
        found.push({ matrix, turned })
      return undefined
    })
  return found
}

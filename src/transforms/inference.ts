/** Drops what only training needs: every op becomes what it is at inference. */
import type { Tensor } from '../graph/tensor.ts'
import { rewrite } from '../graph/walk.ts'

export const atInference = (outputs: readonly Tensor[]): Tensor[] =>
  rewrite(outputs, (node, inputs) => {
    const result = node.op.atInference?.(inputs, node.attributes)
    return result && (Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor])
  })

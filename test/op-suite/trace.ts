/** Samples as graphs: traced, with ops replaced where a test injects broken ones, and differentiated. */
import type { Op } from '../../src/graph/op.ts'
import { apply, type Tensor } from '../../src/graph/tensor.ts'
import { rewrite } from '../../src/graph/walk.ts'
import { input } from '../../src/ops/index.ts'
import { isFloat } from '../../src/tensor/dtype.ts'
import { gradients } from '../../src/transforms/gradients.ts'
import { axesOf, type Sample, type Sizes } from './sample.ts'

/** Ops that stand in for those of the same name. */
export type Replacements = ReadonlyMap<string, Op>

/** `wrt` is what a derivative is taken by. */
export type Traced = {
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
  readonly wrt: readonly Tensor[]
}

/** The sample's graph: over symbols, or over the lengths given. */
export function trace({ inputs: specs, call }: Sample, replacements: Replacements, sizes?: Sizes): Traced {
  const inputs = specs.map((spec, i) => input(`x${i}`, axesOf(spec, sizes), spec.dtype))
  const result = call(...inputs)
  const outputs = replaced(Array.isArray(result) ? result : [result as Tensor], replacements)
  return { inputs, outputs, wrt: inputs.filter((x, i) => isFloat(x.dtype) && !specs[i]!.fixed) }
}

/** The graph with every op that has a replacement replaced. */
export const replaced = (outputs: readonly Tensor[], replacements: Replacements): Tensor[] =>
  replacements.size === 0
    ? [...outputs]
    : rewrite(outputs, (node, inputs) => {
        const op = replacements.get(node.op.name)
        return op && node.op !== op ? apply(op, inputs, node.attributes) : undefined
      })

/**
 * Σ weight·output over the float outputs, its derivative by every float input, and the weights: one input for each of those outputs.
 */
export function differentiate(traced: Traced): {
  loss: Tensor
  weights: Tensor[]
  outputs: Tensor[]
  gradients: Tensor[]
} {
  const smooth = traced.outputs.filter((y) => isFloat(y.dtype))
  const weights = smooth.map((y, i) => input(`w${i}`, y.shape, y.dtype))
  const total = smooth.map((y, i) => y.mul(weights[i]!).sum()).reduce((a, b) => a.add(b))
  return { weights, ...gradients(total, traced.wrt, traced.outputs) }
}

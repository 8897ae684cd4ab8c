/** Enters a graph in its middle: a value that it would compute is given instead. */
import { usageError } from '../base/errors.ts'
import type { Tensor } from '../graph/tensor.ts'
import { rewrite } from '../graph/walk.ts'
import { input } from '../ops/index.ts'
import { capture } from './capture.ts'

/** The graph with a value of it replaced by an input `name` of its type, and that input. */
export function enterAt(outputs: readonly Tensor[], at: Tensor, name: string) {
  const given = input(name, at.shape, at.dtype)
  return { outputs: rewrite(outputs, (node) => (node === at.node ? [given] : undefined)), input: given }
}

/**
 * The graph with the value tapped at `path` replaced by an input `name` of its type, and that input. What only that value needed is no
 * longer part of the graph. Throws NOTHING_CAPTURED where no value has the path.
 */
export function enter(
  outputs: readonly Tensor[],
  path: string,
  name: string,
): { readonly outputs: Tensor[]; readonly input: Tensor } {
  const opened = capture(outputs, [path])
  const at = opened.captured.get(path)
  if (!at) throw usageError('NOTHING_CAPTURED', `No value has the path ${path}.`)
  return enterAt(opened.outputs, at, name)
}

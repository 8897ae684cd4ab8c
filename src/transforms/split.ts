/** Splits a program where all of it passes through one value. */
import { usageError } from '../base/errors.ts'
import type { Program } from '../graph/program.ts'
import type { Tensor } from '../graph/tensor.ts'
import { nodesOf, rewrite } from '../graph/walk.ts'
import { input } from '../ops/index.ts'

/** Values tapped at paths, but for those within composites. */
export function taps(outputs: readonly Tensor[]): ReadonlyMap<string, Tensor> {
  const found = new Map<string, Tensor>()
  for (const node of nodesOf(outputs)) {
    const path = node.op.tapName?.(node.attributes, node.scope)
    if (path !== undefined && !found.has(path)) found.set(path, node.outputs[0]!)
  }
  return found
}

/** The program of these outputs, with only the inputs and constants that they need. */
function reduced(program: Program, outputs: ReadonlyMap<string, Tensor>): Program {
  const used = new Set(nodesOf([...outputs.values()]))
  const inputs = new Map([...program.inputs].filter(([, tensor]) => used.has(tensor.node)))
  const constants = new Map([...program.constants].filter(([, { tensor }]) => used.has(tensor.node)))
  return { inputs, constants, outputs }
}

/**
 * Two programs that one after the other do what the program does: the first gives the value tapped at `path`, under that name, to the
 * second, and each has the outputs that it can compute. Throws NOTHING_CAPTURED where no value has the path.
 */
export function split(program: Program, path: string): readonly [Program, Program] {
  const outputs = [...program.outputs.values()]
  const at = taps(outputs).get(path)
  if (!at) throw usageError('NOTHING_CAPTURED', `No value has the path ${path}.`)
  const given = input(path, at.shape, at.dtype)
  const second = rewrite(outputs, (node) => (node === at.node ? [given] : undefined))
  const [before, after] = [new Map([[path, at]]), new Map<string, Tensor>()]
  for (const [i, name] of [...program.outputs.keys()].entries()) {
    // What the value's absence leaves as it was does not depend on it.
    if (second[i] === outputs[i]) before.set(name, outputs[i]!)
    else after.set(name, second[i]!)
  }
  const inputs = new Map([...program.inputs, [path, given]])
  return [reduced(program, before), reduced({ ...program, inputs }, after)]
}

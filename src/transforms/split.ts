/** Splits a program where all of it passes through one value. */
import { usageError } from '../base/errors.ts'
import { type Program, usedBy } from '../graph/program.ts'
import type { Tensor } from '../graph/tensor.ts'
import { nodesOf } from '../graph/walk.ts'
import { pathOf } from './capture.ts'
import { enterAt } from './enter.ts'

/** Values tapped at paths, but for those within composites. */
export function taps(outputs: readonly Tensor[]): ReadonlyMap<string, Tensor> {
  const found = new Map<string, Tensor>()
  for (const node of nodesOf(outputs)) {
    const path = pathOf(node)
    if (path !== undefined && !found.has(path)) found.set(path, node.outputs[0]!)
  }
  return found
}

/** The program of these outputs, with only the inputs and constants that they need. */
function reduced({ inputs, constants }: Program, named: ReadonlyMap<string, Tensor>): Program {
  const outputs = [...named.values()]
  return {
    inputs: usedBy(outputs, inputs, (tensor) => tensor),
    constants: usedBy(outputs, constants, ({ tensor }) => tensor),
    outputs: named,
  }
}

/**
 * Two programs that one after the other do what the program does: the first gives the value tapped at `path`, under that name, to the
 * second, and each has the outputs that it can compute. Throws NOTHING_CAPTURED where no value has the path.
 */
export function split(program: Program, path: string): readonly [Program, Program] {
  const outputs = [...program.outputs.values()]
  const at = taps(outputs).get(path)
  if (!at) throw usageError('NOTHING_CAPTURED', `No value has the path ${path}.`)
  const second = enterAt(outputs, at, path)
  const [before, after] = [new Map([[path, at]]), new Map<string, Tensor>()]
  for (const [i, name] of [...program.outputs.keys()].entries()) {
    // What the value's absence leaves as it was does not depend on it.
    if (second.outputs[i] === outputs[i]) before.set(name, outputs[i]!)
    else after.set(name, second.outputs[i]!)
  }
  const inputs = new Map([...program.inputs, [path, second.input]])
  return [reduced(program, before), reduced({ ...program, inputs }, after)]
}

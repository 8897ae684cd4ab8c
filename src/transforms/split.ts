/** Splits a program where all of it passes through one value. */
import type { Program } from '../graph/program.ts'
import type { Tensor } from '../graph/tensor.ts'
import { nodesOf } from '../graph/walk.ts'
import { capture } from './capture.ts'
import { enter } from './enter.ts'

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
  const names = [...program.outputs.keys()]
  const { outputs, captured } = capture([...program.outputs.values()], [path])
  const second = enter(outputs, path, path)
  const [before, after] = [new Map<string, Tensor>(), new Map<string, Tensor>()]
  for (const [i, name] of names.entries()) {
    // What the value's absence leaves as it was does not depend on it.
    if (second.outputs[i] === outputs[i]) before.set(name, outputs[i]!)
    else after.set(name, second.outputs[i]!)
  }
  const inputs = new Map([...program.inputs, [path, second.input]])
  return [reduced(program, before.set(path, captured.get(path)!)), reduced({ ...program, inputs }, after)]
}

/** A program: a graph with named ways in and out, ready to be compiled for a runtime. */
import { failure } from '../base/errors.ts'
import type { NdArray } from '../tensor/array.ts'
import type { DType } from '../tensor/dtype.ts'
import { type Bindings, type Shape, shapeText } from './axis.ts'
import type { Tensor } from './tensor.ts'
import { nodesOf } from './walk.ts'

/** A weight fixed when the program is compiled: read when needed, or used where it lies in a file. */
export type ConstantSource = {
  readonly dtype: DType
  readonly read: () => Promise<NdArray>
  /** The bytes of a file that hold it, if they can be used as they are. */
  readonly location?: {
    readonly path: string
    readonly offset: number
    readonly length: number
    /** Rejects where the file is no longer what it was when it was described. */
    readonly unchanged?: () => Promise<void>
  }
}

export type Program = {
  /** Leaves fed at every run. */
  readonly inputs: ReadonlyMap<string, Tensor>
  /** Leaves with a value fixed at compile time. */
  readonly constants: ReadonlyMap<string, { readonly tensor: Tensor; readonly source: ConstantSource }>
  readonly outputs: ReadonlyMap<string, Tensor>
}

/** A program from records. */
export const program = (
  inputs: Readonly<Record<string, Tensor>>,
  outputs: Readonly<Record<string, Tensor>>,
  constants: Program['constants'] = new Map(),
): Program => ({ inputs: new Map(Object.entries(inputs)), constants, outputs: new Map(Object.entries(outputs)) })

/** Those of some leaves that outputs need. */
export function usedBy<T>(outputs: readonly Tensor[], leaves: ReadonlyMap<string, T>, tensorOf: (leaf: T) => Tensor) {
  const used = new Set(nodesOf(outputs))
  return new Map([...leaves].filter(([, leaf]) => used.has(tensorOf(leaf).node)))
}

/**
 * The values of the symbols that the inputs declare. Throws where an input is missing, where its shape or dtype differs from the
 * declared one, or where two inputs disagree about a symbol; the message names the input and the axis.
 */
export function bindSymbols(program: Program, given: Readonly<Record<string, NdArray>>): Bindings {
  const bindings = new Map<string, number>()
  for (const [name, tensor] of program.inputs) {
    const array = given[name]
    if (!array)
      throw failure('MISSING_INPUT', `Input ${name} is missing; expected ${tensor.dtype}${shapeText(tensor.shape)}.`)
    const found = `${array.dtype}[${array.shape.join(', ')}]`
    if (array.dtype !== tensor.dtype || array.shape.length !== tensor.rank)
      throw failure('INPUT_TYPE', `Input ${name} is ${found}, expected ${tensor.dtype}${shapeText(tensor.shape)}.`)
    for (const [axis, declared] of tensor.shape.entries()) {
      const length = array.shape[axis]!
      const expected = typeof declared === 'number' ? declared : symbolOf(declared, bindings, length)
      if (expected !== length)
        throw failure(
          'INPUT_SHAPE',
          `Input ${name} is ${found}: axis ${axis} (${declared}) should have ${expected} elements.`,
        )
    }
  }
  return bindings
}

/** Binds a bare symbol on first sight; else what its value asks for. */
function symbolOf(axis: Exclude<Shape[number], number>, bindings: Map<string, number>, length: number): number {
  const [[name, power] = ['', 0], ...rest] = axis.powers
  if (power !== 1 || rest.length > 0)
    throw failure('INPUT_AXIS', `An input's axis must be a number or one symbol, got ${axis}.`)
  if (!bindings.has(name) && length % axis.coefficient === 0) bindings.set(name, length / axis.coefficient)
  return axis.coefficient * (bindings.get(name) ?? 0)
}

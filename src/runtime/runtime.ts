/** The one interface of all runtimes: compile a program, run it on arrays that the caller owns. */
import { failure } from '../base/errors.ts'
import { resolveShape } from '../graph/axis.ts'
import type { Capabilities } from '../graph/op.ts'
import { bindSymbols, type Program } from '../graph/program.ts'
import { type NdArray, sizeOf, zeros } from '../tensor/array.ts'
import type { Profiler } from './profile.ts'

export type Arrays = Readonly<Record<string, NdArray>>

export type CompileOptions = {
  /** Threads of this program; by default as many as the machine has cores. */
  readonly threads?: number
  /** Where to write a trace of the time each node takes (native runtime). */
  readonly profile?: string
}

export interface Executable {
  /**
   * Runs once. `outputs` may hold arrays to write into, for some or all outputs; one that is also an input is updated in place.
   * The rest is allocated. Throws when an input is missing or has another type than declared.
   */
  run(inputs: Arrays, outputs?: Arrays): Promise<Record<string, NdArray>>
  /** Prepares a run on fixed arrays: the returned function computes from and into them, again and again. */
  bind(inputs: Arrays, outputs: Arrays): () => Promise<void>
  dispose(): Promise<void>
}

/** What numbers depend on besides program and inputs: the engine, its version and settings, the processor's instruction sets. */
export type Environment = Readonly<Record<string, string | readonly string[]>>

export interface Runtime {
  readonly name: string
  readonly capabilities: Capabilities
  /** Whether it rearranges constant matrices when it compiles, which takes time: on one thread for each program. */
  readonly packs?: boolean
  environment(): Promise<Environment>
  compile(program: Program, options?: CompileOptions): Promise<Executable>
  /** This runtime again, watched; absent where the engine cannot say what time its nodes take. */
  profiler?(): Promise<Profiler>
}

/** Every output's array: the caller's where given (checked), else new. */
export function outputArrays(program: Program, inputs: Arrays, given: Arrays = {}): Record<string, NdArray> {
  const bindings = bindSymbols(program, inputs)
  const arrays: Record<string, NdArray> = {}
  for (const [name, tensor] of program.outputs) {
    const shape = resolveShape(tensor.shape, bindings)
    const array = given[name] ?? zeros(tensor.dtype, shape)
    if (array.dtype !== tensor.dtype || array.data.length !== sizeOf(shape) || String(array.shape) !== String(shape))
      throw failure(
        'OUTPUT_TYPE',
        `Output ${name} is ${tensor.dtype}[${shape}], its array is ${array.dtype}[${array.shape}].`,
      )
    arrays[name] = array
  }
  return arrays
}

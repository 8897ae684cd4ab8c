/** Programs that hand values to each other, run as one. */
import type { Program } from '../graph/program.ts'
import type { NdArray } from '../tensor/array.ts'
import { type Arrays, type CompileOptions, type Executable, outputArrays, type Runtime } from './runtime.ts'

const only = (arrays: Arrays, { outputs }: Program): Record<string, NdArray> =>
  Object.fromEntries([...outputs.keys()].flatMap((name) => (arrays[name] ? [[name, arrays[name]]] : [])))

/** Compiles programs side by side that are then run one after another; outputs of one are inputs of those behind it, by name. */
export async function compileInSequence(
  runtime: Runtime,
  programs: readonly Program[],
  options?: CompileOptions,
): Promise<Executable> {
  const [single, ...others] = programs
  if (single && others.length === 0) return await runtime.compile(single, options)
  const made = await Promise.allSettled(programs.map((program) => runtime.compile(program, options)))
  const executables = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const dispose = async () => {
    for (const executable of executables) await executable.dispose()
  }
  const failed = made.find((each) => each.status === 'rejected')
  if (failed) {
    await dispose()
    throw failed.reason
  }
  const inputsOf = ({ inputs }: Program, arrays: Arrays): Arrays =>
    Object.fromEntries([...inputs.keys()].map((name) => [name, arrays[name]!]))
  return {
    async run(inputs, given = {}) {
      let results: Record<string, NdArray> = {}
      for (const [i, program] of programs.entries()) {
        const arrays = inputsOf(program, { ...inputs, ...results })
        results = { ...results, ...(await executables[i]!.run(arrays, only(given, program))) }
      }
      return results
    },
    bind(inputs, given) {
      let known: Arrays = inputs
      const runs = programs.map((program, i) => {
        const arrays = inputsOf(program, known)
        const outputs = outputArrays(program, arrays, only(given, program))
        known = { ...known, ...outputs }
        return executables[i]!.bind(arrays, outputs)
      })
      return async () => {
        for (const run of runs) await run()
      }
    },
    dispose,
  }
}

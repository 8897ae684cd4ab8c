/** The web runtime: programs lowered to ONNX and run by ONNX Runtime's WebAssembly build, in a page or in Node. */
import { failure, usageError } from '../base/errors.ts'
import type { Program } from '../graph/program.ts'
import { lower, outputName } from '../onnx/lower.ts'
import type { NdArray } from '../tensor/array.ts'
import { type Arrays, type CompileOptions, type Executable, outputArrays, type Runtime } from './runtime.ts'
import type { MountedWeights, WebSession } from './web/engine.ts'

export type WebOptions = {
  /**
   * At most so many threads; by default one a processor. A page has one thread unless it is cross-origin isolated and the engine's
   * script is a file of its own (bundle with code splitting, or give `wasmPaths`). The first session decides for all.
   */
  readonly threads?: number
  /** URL of the folder that serves ort-wasm-simd-threaded.wasm and .mjs, with a slash at its end; by default the script's folder. */
  readonly wasmPaths?: string
}

const capabilities = { contrib: true, integerBlocks: false }

/**
 * ONNX Runtime as WebAssembly. A run occupies the thread it is called on: a page with a live interface calls from a worker. Inputs are
 * copied into the engine's memory and outputs out of it.
 */
export const webRuntime = (defaults: WebOptions = {}): Runtime => ({
  name: 'web',
  capabilities,
  environment: async () => ({ onnxruntimeWeb: (await import('./web/engine.ts')).engineVersion() }),
  async compile(program: Program, { threads = defaults.threads }: CompileOptions = {}): Promise<Executable> {
    if (threads !== undefined && !(Number.isInteger(threads) && threads > 0))
      throw usageError('BAD_THREADS', `threads must be a positive whole number, found ${threads}`)
    checkTypes(program)
    const { bytes } = lower({ ...program, constants: placed(program.constants) }, capabilities)
    const { createWebSession } = await import('./web/engine.ts')
    const weights = await mounted(program.constants)
    return executable(program, await createWebSession(bytes, weights, { ...defaults, threads }))
  },
})

/** The engine takes bfloat16 as a constant only, converted by the graph. */
function checkTypes({ inputs, outputs }: Program): void {
  for (const [name, { dtype }] of [...inputs, ...outputs])
    if (dtype === 'bfloat16')
      throw failure('WEB_DTYPE', `${name} is bfloat16, which the web runtime cannot take in or give out; use float16.`)
}

type Constants = Program['constants']

/** Each constant is a file of its own to the engine, named by its number. */
const placed = (constants: Constants): Constants =>
  new Map(
    [...constants].map(([name, { tensor, source }], i) => {
      const { dtype, read } = source
      return [name, { tensor, source: { dtype, read, location: { path: `${i}`, offset: 0, length: 0 } } }]
    }),
  )

/** The bytes that `placed` refers to: views, which the engine copies once. */
async function mounted(constants: Constants): Promise<MountedWeights[]> {
  const files: MountedWeights[] = []
  for (const { source } of constants.values()) {
    const { buffer, byteOffset, byteLength } = (await source.read()).data
    files.push({ path: `${files.length}`, data: new Uint8Array(buffer, byteOffset, byteLength) })
  }
  return files
}

function executable(program: Program, session: WebSession): Executable {
  /** Results go into the caller's arrays where there are some; else the engine's copy is kept. */
  const prepare = (inputs: Arrays, given: Arrays) => {
    const outputs = [...program.outputs.keys()]
    const targets = outputArrays(only(program, given), inputs, given)
    const run = session.prepare(inputs, outputs.map(outputName))
    return async (): Promise<Record<string, NdArray>> => {
      const results = await run()
      return Object.fromEntries(
        outputs.map((name, i) => {
          const target = targets[name]
          target?.data.set(results[i]!.data as never)
          return [name, target ?? results[i]!]
        }),
      )
    }
  }
  return {
    run: async (inputs, given = {}) => await prepare(inputs, given)(),
    bind(inputs, given) {
      const run = prepare(inputs, outputArrays(program, inputs, given))
      return async () => void (await run())
    },
    dispose: () => session.dispose(),
  }
}

/** The program with those outputs for which the caller has arrays. */
const only = (program: Program, given: Arrays): Program => ({
  ...program,
  outputs: new Map([...program.outputs].filter(([name]) => given[name])),
})

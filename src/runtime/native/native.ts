/** The native runtime: programs lowered to ONNX and run by ONNX Runtime's C library, on the caller's arrays. */
import type { Program } from '../../graph/program.ts'
import { lower, outputName } from '../../onnx/lower.ts'
import type { NdArray } from '../../tensor/array.ts'
import { type Arrays, type CompileOptions, type Executable, outputArrays, type Runtime } from '../runtime.ts'
import { nativeLibrary } from './library.ts'
import { processor } from './processor.ts'
import { createProfiler } from './profiler.ts'
import { createNativeSession, type NativeSession, type NativeSessionOptions } from './session.ts'
import { memoryPlace, weightsPlace } from './weights.ts'

export type NativeOptions = Pick<NativeSessionOptions, 'optimization' | 'prepack'> & { readonly threads?: number }

const capabilities = { contrib: true, integerBlocks: true }

/** ONNX Runtime through its C interface, with its own operators (FusedMatMul, GroupQueryAttention, …). */
export const nativeRuntime = (defaults: NativeOptions = {}): Runtime => ({
  name: 'native',
  capabilities,
  packs: defaults.prepack !== false,
  environment: async () => ({
    onnxruntime: nativeLibrary().version,
    provider: 'CPU',
    optimization: defaults.optimization ?? 'all',
    processor: processor().features,
  }),
  async compile(program: Program, options: CompileOptions = {}): Promise<Executable> {
    await checkUnchanged(program.constants)
    const { constants, folder, file } = placed(program.constants)
    const { bytes, external } = lower({ ...program, constants }, capabilities, file)
    const initializers: { name: string; array: NdArray }[] = []
    for (const [name, source] of external) if (!source.location) initializers.push({ name, array: await source.read() })
    const settings = { ...defaults, ...options, weightsFolder: folder, initializers }
    const session = await createNativeSession(bytes, settings).catch(async (error) => {
      await checkUnchanged(program.constants)
      throw error
    })
    await checkUnchanged(program.constants).catch(async (error) => {
      await session.dispose()
      throw error
    })
    return executable(program, session)
  },
  profiler: () => createProfiler(nativeRuntime(defaults)),
})

type Constants = Program['constants']

/** The library reads weights from their files itself, whatever they hold by then: rejects where they are not what was described. */
async function checkUnchanged(constants: Constants): Promise<void> {
  for (const unchanged of new Set([...constants.values()].map(({ source }) => source.location?.unchanged)))
    await unchanged?.()
}

/** Weights whose files are used where they lie must lie in one folder; those of other folders are read. `file` is one of the folder. */
function placed(constants: Constants): { constants: Constants; folder: string; file: string } {
  const files = new Set([...constants].flatMap(([, { source }]) => source.location?.path ?? []))
  const places = new Map([...files].map((path) => [path, weightsPlace(path)]))
  const { folder, name } = [...places.values()][0] ?? memoryPlace()
  const entries = [...constants].map(([key, constant]) => {
    const { location, ...rest } = constant.source
    const place = location && places.get(location.path)
    const here = location && place?.folder === folder ? { location: { ...location, path: place.name } } : {}
    return [key, { ...constant, source: { ...rest, ...here } }] as const
  })
  return { constants: new Map(entries), folder, file: name }
}

function executable(program: Program, session: NativeSession): Executable {
  const used = new Set(session.inputNames)
  const bindings = (inputs: Arrays, outputs: Arrays) =>
    session.bind(
      Object.entries(inputs).flatMap(([name, array]) => (used.has(name) ? [{ name, array }] : [])),
      [...program.outputs.keys()].map((name) => ({ name: outputName(name), array: outputs[name]! })),
    )
  return {
    async run(inputs, given) {
      const outputs = outputArrays(program, inputs, given)
      await bindings(inputs, outputs).run()
      return outputs
    },
    bind(inputs, outputs) {
      const bound = bindings(inputs, outputArrays(program, inputs, outputs))
      return () => bound.run()
    },
    dispose: () => session.dispose(),
  }
}

/** Picks the runtime: native where it loads, else WebAssembly. */
import { failure, usageError } from '../base/errors.ts'
import { onNode } from '../base/platform.ts'
import { referenceRuntime } from './reference.ts'
import type { Runtime } from './runtime.ts'
import { webRuntime } from './web.ts'

export const runtimeNames = ['native', 'web', 'reference'] as const
export type RuntimeName = (typeof runtimeNames)[number]

export type ChooseOptions = {
  /** Threads of every program; by default as many as the machine has cores. */
  readonly threads?: number
  /** Gets one line when WebAssembly takes the place of the native runtime; `console.warn` unless given. */
  readonly warn?: (message: string) => void
}

/**
 * The runtime of a name, or the fastest that works here. Throws BAD_RUNTIME for an unknown name; NATIVE_UNAVAILABLE, saying what is
 * missing, where 'native' is asked for and cannot load.
 */
export async function chooseRuntime(name?: RuntimeName, options: ChooseOptions = {}): Promise<Runtime> {
  if (name === undefined) return await fastest(options)
  const make = makers[name]
  if (!make) throw usageError('BAD_RUNTIME', `There is no runtime ${name}; choose one of ${runtimeNames.join(', ')}.`)
  return await make(options)
}

const makers: Record<RuntimeName, (options: ChooseOptions) => Runtime | Promise<Runtime>> = {
  native: async ({ threads }) => {
    const { nativeLibrary, nativeRuntime, startEnvironment } = await native()
    nativeLibrary()
    startEnvironment(threads).catch(() => {}) // reported by the first session
    return nativeRuntime({ threads })
  },
  web: ({ threads }) => webRuntime({ threads }),
  reference: () => referenceRuntime(),
}

/** Loaded only where it can work, so that a page never asks for it. */
async function native() {
  if (!onNode) throw failure('NATIVE_UNAVAILABLE', 'The native runtime needs Node; a page uses the runtime web.')
  const [library, environment, runtime] = await Promise.all([
    import('./native/library.ts'),
    import('./native/environment.ts'),
    import('./native/native.ts'),
  ])
  return { ...library, ...environment, ...runtime }
}

async function fastest(options: ChooseOptions): Promise<Runtime> {
  if (!onNode) return makers.web(options)
  const found = (await native()).nativeProblem()
  if (!found) return await makers.native(options)
  const { warn = console.warn } = options
  warn(`Running on WebAssembly, several times slower: ${found.problem}. To mend it: ${found.mend}.`)
  return makers.web(options)
}

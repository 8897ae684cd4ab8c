/**
 * ONNX Runtime's WebAssembly build, started once per process or page. Imported when first needed, and by web.ts alone, so that a
 * bundler with code splitting puts the engine into a file of its own: its threads load the file that this module ends up in.
 */
import * as ort from '#onnxruntime-web'
import { failure } from '../../base/errors.ts'
import { onNode } from '../../base/platform.ts'
import type { NdArray } from '../../tensor/array.ts'
import type { WebOptions } from '../web.ts'
import { describeWebFailure } from './failures.ts'
import { arrayOfTensor, tensorOf } from './values.ts'

/** The version of ONNX Runtime's WebAssembly build. */
export const engineVersion = (): string => ort.env.versions.web ?? 'unknown'

const logFatalOnly = 4 // every failure comes back as an error, which we report ourselves

/** Whether threads would run a page's own script again, because engine and page are one file. */
function insidePageScript(): boolean {
  if (onNode) return false
  if (typeof document === 'undefined') return self.location.href === import.meta.url
  return [...document.scripts].some((script) => script.src === import.meta.url)
}

/** The most threads that can work here. Threads share memory, which a page may only if it is cross-origin isolated. */
function threadsHere({ wasmPaths }: WebOptions): number {
  if (onNode) return process.getBuiltinModule('node:os').availableParallelism()
  return self.crossOriginIsolated && (wasmPaths || !insidePageScript()) ? navigator.hardwareConcurrency : 1
}

let started = false

/** Settings count until the first session; after that the engine stays as it is. */
function start(options: WebOptions): void {
  if (started) return
  started = true
  const most = threadsHere(options)
  ort.env.logLevel = 'fatal'
  ort.env.wasm.numThreads = Math.min(options.threads ?? most, most)
  if (options.wasmPaths) ort.env.wasm.wasmPaths = options.wasmPaths
}

let last: Promise<unknown> = Promise.resolve()

/** One call after another: calls share the engine's stack and its table of weights, and would corrupt each other's. */
function inTurn<T>(call: () => Promise<T>): Promise<T> {
  const result = last.then(call).catch((error) => {
    throw describeWebFailure(error)
  })
  last = result.catch(() => {})
  return result
}

/** A tensor's bytes under the name that the model gives as their place. */
export type MountedWeights = { readonly path: string; readonly data: Uint8Array }

/** A model made ready to run. */
export class WebSession {
  #session: ort.InferenceSession | undefined

  constructor(session: ort.InferenceSession) {
    this.#session = session
  }

  /**
   * Ties inputs to arrays for many runs. The returned function computes on this thread and the engine's own, and gives the outputs
   * in the order of their names, in new memory. It rejects with WEB_NODE_FAILED, WEB_FAILED, OUT_OF_MEMORY or CLOSED.
   */
  prepare(inputs: Readonly<Record<string, NdArray>>, outputs: readonly string[]): () => Promise<NdArray[]> {
    const used = this.#open().inputNames
    const feeds = Object.fromEntries(used.map((name) => [name, tensorOf(inputs[name]!)]))
    return () =>
      inTurn(async () => {
        const results = await this.#open().run(feeds, outputs, { logSeverityLevel: logFatalOnly })
        return outputs.map((name) => arrayOfTensor(results[name]!))
      })
  }

  /** Frees the session's memory, after the runs that were asked for before. */
  dispose(): Promise<void> {
    return inTurn(async () => {
      const session = this.#session
      this.#session = undefined
      await session?.release()
    })
  }

  #open(): ort.InferenceSession {
    if (!this.#session) throw failure('CLOSED', 'This session was disposed.')
    return this.#session
  }
}

/** Throws WEB_UNAVAILABLE where the engine cannot start, WEB_FAILED or WEB_NODE_FAILED if it refuses the model. */
export function createWebSession(
  model: Uint8Array,
  externalData: readonly MountedWeights[],
  options: WebOptions,
): Promise<WebSession> {
  start(options)
  return inTurn(async () => {
    const session = await ort.InferenceSession.create(model, {
      executionProviders: ['wasm'],
      externalData: [...externalData],
      logSeverityLevel: logFatalOnly,
    })
    return new WebSession(session)
  })
}

/** A session: one ONNX model made ready by ONNX Runtime, run on arrays that the caller owns. */
import { failure, usageError } from '../../base/errors.ts'
import { fs } from '../../base/files.ts'
import { check, created, nativeApi, settling } from './api.ts'
import { type NamedArray, NativeBinding, type SessionCore } from './binding.ts'
import { environment, startEnvironment } from './environment.ts'
import { nativeLibrary } from './library.ts'
import { Runs } from './runs.ts'
import { addressOf, tensorOf } from './values.ts'
import { memoryPlace, sharePacked, unsharePacked } from './weights.ts'

const optimizationLevels = { none: 0, basic: 1, all: 99 } as const

export type NativeSessionOptions = {
  /** Threads to compute with; by default those of the shared pool. Another count gets a pool of its own. */
  readonly threads?: number
  /** Folder of the files that the model's external initializers name; see `weightsPlace`. */
  readonly weightsFolder?: string
  /** Graph rewriting: 'all' (the default), 'basic' (constant folding and the like), 'none'. */
  readonly optimization?: keyof typeof optimizationLevels
  /** Writes a trace of every run to a file whose name starts so; complete after `endProfile` or `dispose`. */
  readonly profile?: string
  /** Keep a packed second copy of constant matrices: faster products for more memory and a slower start. True by default. */
  readonly prepack?: boolean
  /**
   * Arrays used in place, without a copy, for initializers that the model declares as external data at `memoryPlace`.
   * Sessions that are given the same list share its packed copies too.
   */
  readonly initializers?: readonly NamedArray[]
  /**
   * Compute once what depends on constants alone (a transposed weight is then a second copy of it). Default: true, unless there
   * are `initializers`, whose values the optimizer cannot see.
   */
  readonly foldConstants?: boolean
}

/** A file name as the C interface takes it on this platform: UTF-16 on Windows, else UTF-8. */
const nativePath = (file: string): Uint8Array =>
  Buffer.from(`${file}\0`, process.platform === 'win32' ? 'utf16le' : 'utf8')

function configure(handle: bigint, options: NativeSessionOptions): void {
  const { api, threads } = environment(options.threads)
  const wanted = options.threads ?? threads
  if (wanted === threads) check(api.DisablePerSessionThreads(handle))
  else check(api.SetIntraOpNumThreads(handle, wanted))
  check(api.SetInterOpNumThreads(handle, 1))
  // A planned memory pattern is a second block beside what the first run took: 1.3–1.6 times the peak memory, and no faster.
  check(api.DisableMemPattern(handle))
  check(api.SetSessionGraphOptimizationLevel(handle, optimizationLevels[options.optimization ?? 'all']))
  const entry = (key: string, value: string) => check(api.AddSessionConfigEntry(handle, key, value))
  const folder = options.weightsFolder ?? (options.initializers?.length ? memoryPlace().folder : undefined)
  if (folder !== undefined) entry('session.model_external_initializers_file_folder_path', fs().realpathSync(folder))
  if (options.prepack === false) entry('session.disable_prepacking', '1')
  if (options.profile !== undefined) check(api.EnableProfiling(handle, nativePath(options.profile)))
  const fold = options.foldConstants ?? !options.initializers?.length
  if (!fold) entry('optimization.disable_specified_optimizers', 'ConstantFolding')
  for (const { name, array } of options.initializers ?? []) check(api.AddInitializer(handle, name, tensorOf(array)))
}

/** Loads on a worker thread: parsing, optimizing and packing take from milliseconds to seconds. */
async function load(model: Uint8Array, options: NativeSessionOptions): Promise<bigint> {
  const { api, env } = await startEnvironment(options.threads)
  const settings = created((out) => api.CreateSessionOptions(out))
  const packed = sharePacked(options.initializers)
  try {
    configure(settings, options)
    const out = new BigUint64Array(1)
    const held = [model, out] // the library reads and writes them until the callback
    const place = addressOf(out)
    const create = api.CreateSessionFromArrayWithPrepackedWeightsContainer
    await new Promise<void>((resolve, reject) => {
      const settle = settling(resolve, reject)
      create.async(env, addressOf(model), model.byteLength, settings, packed, place, (error, status) => {
        held.length = 0
        settle(error, status)
      })
    })
    return out[0]!
  } catch (error) {
    unsharePacked(options.initializers)
    throw error
  } finally {
    api.ReleaseSessionOptions(settings)
  }
}

function namesOf(handle: bigint, kind: 'Input' | 'Output'): string[] {
  const { api, allocator } = environment()
  const count = Number(created((out) => api[`SessionGet${kind}Count`](handle, out)))
  return Array.from({ length: count }, (_, i) =>
    takeText(created((out) => api[`SessionGet${kind}Name`](handle, i, allocator, out))),
  )
}

/** A C string that was allocated for us: its text; the memory is given back. */
function takeText(address: bigint): string {
  const { api, allocator } = environment()
  const text = nativeLibrary().koffi.decode.string(address)
  check(api.AllocatorFree(allocator, address))
  return text
}

/** The address of each name's text in one buffer of C strings, which must be held as long as the addresses are used. */
function encodeNames(names: readonly string[]): { text: Uint8Array; addresses: Map<string, bigint> } {
  const text = Buffer.from(`${names.join('\0')}\0`)
  const addresses = new Map<string, bigint>()
  let at = addressOf(text)
  for (const name of names) {
    addresses.set(name, at)
    at += BigInt(Buffer.byteLength(name) + 1)
  }
  return { text, addresses }
}

/** Releases sessions that were dropped without `dispose`. */
const forgotten = new FinalizationRegistry<bigint>((handle) => nativeApi().ReleaseSession(handle))

/** A model ready to run. Made by `createNativeSession`. */
export class NativeSession {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  readonly #core: SessionCore
  readonly #runs = new Runs()
  readonly #initializers: readonly NamedArray[] | undefined
  #handle: bigint | undefined

  constructor(handle: bigint, initializers?: readonly NamedArray[]) {
    this.#handle = handle
    this.#initializers = initializers
    forgotten.register(this, handle, this)
    this.inputNames = namesOf(handle, 'Input')
    this.outputNames = namesOf(handle, 'Output')
    const inputs = encodeNames(this.inputNames)
    const outputs = encodeNames(this.outputNames)
    this.#core = {
      inputNames: inputs.addresses,
      outputNames: outputs.addresses,
      runs: this.#runs,
      held: [inputs.text, outputs.text, initializers],
      open: () => this.#open(),
    }
  }

  /**
   * Ties names to arrays for many runs. Outputs that are not named are not computed.
   * Throws UNKNOWN_NAME, or SHAPE_MISMATCH if an array does not fill its shape.
   */
  bind(inputs: readonly NamedArray[], outputs: readonly NamedArray[]): NativeBinding {
    return new NativeBinding(this.#core, inputs, outputs)
  }

  /** One run on a worker thread; see `NativeBinding.run`. */
  async run(inputs: readonly NamedArray[], outputs: readonly NamedArray[]): Promise<void> {
    await this.bind(inputs, outputs).run()
  }

  /** One run on this thread. */
  runSync(inputs: readonly NamedArray[], outputs: readonly NamedArray[]): void {
    this.bind(inputs, outputs).runSync()
  }

  /** Ends every run in flight before its next node; their promises reject with NATIVE_CANCELLED. */
  cancel(): void {
    this.#runs.cancelAll()
  }

  /** Completes the trace of a session made with `profile`; returns its file name. */
  endProfile(): string {
    const { api, allocator } = environment()
    return takeText(created((out) => api.SessionEndProfiling(this.#open(), allocator, out)))
  }

  /** Frees the session's memory, once its runs in flight have ended. Its bindings throw CLOSED from now on. */
  async dispose(): Promise<void> {
    const handle = this.#handle
    if (handle === undefined) return
    this.#handle = undefined
    await this.#runs.settled()
    forgotten.unregister(this)
    this.#runs.release()
    nativeApi().ReleaseSession(handle)
    unsharePacked(this.#initializers)
  }

  #open(): bigint {
    if (this.#handle === undefined) throw failure('CLOSED', 'This session was disposed.')
    return this.#handle
  }
}

/**
 * Makes a session of a serialized ONNX model. Throws NATIVE_UNAVAILABLE where the library cannot load, NATIVE_FAILED or
 * NATIVE_NODE_FAILED if it refuses the model.
 */
export async function createNativeSession(
  model: Uint8Array,
  options: NativeSessionOptions = {},
): Promise<NativeSession> {
  const { threads } = options
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0))
    throw usageError('BAD_THREADS', `threads must be a positive whole number, found ${threads}`)
  return new NativeSession(await load(model, options), options.initializers)
}

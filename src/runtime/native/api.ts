/** The functions of ONNX Runtime's C interface that this folder calls, and its statuses turned into errors. */
import type { PellucidError } from '../../base/errors.ts'
import { describeFailure } from '../failures.ts'
import { type NativeLibrary, nativeLibrary, type Pointer } from './library.ts'

const pointer = 'void *'
const text = 'const char *'

/**
 * Position in the `OrtApi` table and C arguments; the table only ever grows at its end. Opaque handles, arrays and places for a
 * result are all pointers. Each function returns a status unless its last entry says otherwise.
 */
const functions = {
  GetErrorMessage: [2, [pointer], text],
  DisableTelemetryEvents: [6, [pointer]],
  Run: [9, [pointer, pointer, pointer, pointer, 'size_t', pointer, 'size_t', pointer]],
  CreateSessionOptions: [10, [pointer]],
  EnableProfiling: [14, [pointer, pointer]],
  DisableMemPattern: [17, [pointer]],
  SetSessionGraphOptimizationLevel: [23, [pointer, 'int']],
  SetIntraOpNumThreads: [24, [pointer, 'int']],
  SetInterOpNumThreads: [25, [pointer, 'int']],
  SessionGetInputCount: [30, [pointer, pointer]],
  SessionGetOutputCount: [31, [pointer, pointer]],
  SessionGetInputName: [36, [pointer, 'size_t', pointer, pointer]],
  SessionGetOutputName: [37, [pointer, 'size_t', pointer, pointer]],
  CreateRunOptions: [39, [pointer]],
  RunOptionsSetTerminate: [46, [pointer]],
  RunOptionsUnsetTerminate: [47, [pointer]],
  CreateTensorWithDataAsOrtValue: [49, [pointer, pointer, 'size_t', pointer, 'size_t', 'int', pointer]],
  CreateCpuMemoryInfo: [69, ['int', 'int', pointer]],
  AllocatorFree: [76, [pointer, pointer]],
  GetAllocatorWithDefaultOptions: [78, [pointer]],
  ReleaseStatus: [93, [pointer], 'void'],
  ReleaseSession: [95, [pointer], 'void'],
  ReleaseValue: [96, [pointer], 'void'],
  ReleaseRunOptions: [97, [pointer], 'void'],
  ReleaseSessionOptions: [100, [pointer], 'void'],
  SessionEndProfiling: [110, [pointer, pointer, pointer]],
  CreateEnvWithGlobalThreadPools: [119, ['int', text, pointer, pointer]],
  DisablePerSessionThreads: [120, [pointer]],
  CreateThreadingOptions: [121, [pointer]],
  ReleaseThreadingOptions: [122, [pointer], 'void'],
  GetAvailableProviders: [125, [pointer, pointer]],
  ReleaseAvailableProviders: [126, [pointer, 'int']],
  AddSessionConfigEntry: [130, [pointer, text, text]],
  SetGlobalIntraOpNumThreads: [147, [pointer, 'int']],
  SetGlobalInterOpNumThreads: [148, [pointer, 'int']],
  SetGlobalSpinControl: [149, [pointer, 'int']],
  AddInitializer: [150, [pointer, text, pointer]],
  CreatePrepackedWeightsContainer: [166, [pointer]],
  ReleasePrepackedWeightsContainer: [167, [pointer], 'void'],
  CreateSessionFromArrayWithPrepackedWeightsContainer: [169, [pointer, pointer, 'size_t', pointer, pointer, pointer]],
} as const satisfies { readonly [name: string]: readonly [number, readonly string[], string?] }

type Argument<C> = C extends typeof pointer ? Pointer | ArrayBufferView : C extends typeof text ? string : number
type Arguments<A> = { -readonly [I in keyof A]: Argument<A[I]> }
type Result<F> = F extends readonly [number, readonly string[], infer R]
  ? R extends 'void'
    ? undefined
    : string
  : Pointer
type Native<A extends unknown[], R> = ((...args: A) => R) & {
  /** The same call on a worker thread of the process. */
  async: (...args: [...A, done: (error: Error | null, result: R) => void]) => void
}

/** Each function by its name in the C header. */
export type NativeApi = {
  readonly [F in keyof typeof functions]: Native<Arguments<(typeof functions)[F][1]>, Result<(typeof functions)[F]>>
}

function decodeTable({ koffi, table }: NativeLibrary): NativeApi {
  const entries = Object.entries(functions).map(([name, [index, args, result = pointer]]) => {
    const address = koffi.decode(table, index * koffi.sizeof(pointer), pointer) as bigint
    return [name, koffi.decode(address, koffi.proto(result, [...args]))]
  })
  return Object.fromEntries(entries) as NativeApi
}

let api: NativeApi | undefined

/** The functions, decoded once. Throws NATIVE_UNAVAILABLE where the library cannot load. */
export const nativeApi = (): NativeApi => (api ??= decodeTable(nativeLibrary()))

/** Calls a function whose last argument is the place for a pointer; returns that pointer. */
export function created(call: (out: BigUint64Array) => Pointer): bigint {
  const out = new BigUint64Array(1)
  check(call(out))
  return out[0]!
}

/** Throws what a status says; null is success. */
export function check(status: Pointer): void {
  if (status !== null) throw statusError(status)
}

/** What an asynchronous call reports to, settling a promise. */
export const settling =
  (resolve: () => void, reject: (error: Error) => void) =>
  (error: Error | null, status: Pointer): void => {
    if (error) reject(error)
    else if (status !== null) reject(statusError(status))
    else resolve()
  }

/** The error in a status, which is released. */
function statusError(status: Pointer): PellucidError {
  const message = nativeApi().GetErrorMessage(status)
  nativeApi().ReleaseStatus(status)
  return describe(message)
}

/** What a status says, as an error for a person. */
export const describe = (message: string): PellucidError => describeFailure(message, 'native')

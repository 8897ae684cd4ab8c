/** What the native runtime finds on this machine, for `doctor` and for the one line that announces a fallback. */
import { check, created, nativeApi } from './api.ts'
import { nativeLibrary, nativeProblem } from './library.ts'
import { type Processor, processor } from './processor.ts'

export type NativeProbe = {
  /** Path of the shared library. */
  readonly library?: string
  readonly version?: string
  /** Execution providers compiled into it. Programs run on the CPU provider. */
  readonly providers: readonly string[]
  readonly processor: Processor
  /** Threads used unless a program asks for another count. */
  readonly threads: number
  /** Why native running is not possible, and what to do about it. */
  readonly problem?: string
  readonly mend?: string
}

function availableProviders(): string[] {
  const api = nativeApi()
  const { koffi } = nativeLibrary()
  const count = new Int32Array(1)
  const list = created((out) => api.GetAvailableProviders(out, count))
  const names = koffi.decode(list, koffi.array('const char *', count[0]!)) as string[]
  check(api.ReleaseAvailableProviders(list, count[0]!))
  return names
}

/** Looks without running anything. Never throws. */
export function probeNative(): NativeProbe {
  const machine = processor()
  const common = { processor: machine, threads: machine.cores }
  const problem = nativeProblem()
  if (problem) return { ...common, providers: [], ...problem }
  const { file, version } = nativeLibrary()
  return { ...common, library: file, version, providers: availableProviders() }
}

/** The one ONNX Runtime environment of the process, with the thread pool that its sessions share. */
import { check, created, type NativeApi, nativeApi } from './api.ts'
import { physicalCores } from './processor.ts'

/** `threads` is the size of the shared pool; `memory` describes plain CPU memory, for tensors over our own arrays. */
export type Environment = {
  readonly api: NativeApi
  readonly env: bigint
  readonly threads: number
  readonly memory: bigint
  readonly allocator: bigint
}

const logFatalOnly = 4 // every failure comes back as a status, which we report ourselves
const arenaAllocator = 1
const defaultMemory = 0

function create(threads: number): Environment {
  const api = nativeApi()
  const pools = created((out) => api.CreateThreadingOptions(out))
  check(api.SetGlobalIntraOpNumThreads(pools, threads))
  check(api.SetGlobalInterOpNumThreads(pools, 1))
  check(api.SetGlobalSpinControl(pools, 1))
  const env = created((out) => api.CreateEnvWithGlobalThreadPools(logFatalOnly, 'pellucid', pools, out))
  api.ReleaseThreadingOptions(pools)
  check(api.DisableTelemetryEvents(env))
  return {
    api,
    env,
    threads,
    memory: created((out) => api.CreateCpuMemoryInfo(arenaAllocator, defaultMemory, out)),
    allocator: created((out) => api.GetAllocatorWithDefaultOptions(out)),
  }
}

let shared: Environment | undefined

/**
 * The environment, created on first use. Pools of several sessions fight over the cores (8 sessions: 1.8–2.1 times slower), so
 * there is one, as large as the first session asks (by default one thread a core); a session that asks for another count later
 * gets a pool of its own.
 */
export const environment = (threads?: number): Environment => (shared ??= create(threads ?? physicalCores()))

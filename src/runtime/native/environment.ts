/** The one ONNX Runtime environment of the process, with the thread pool that its sessions share. */
import { check, created, type NativeApi, nativeApi, settling } from './api.ts'
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
const name = 'pellucid'

/** Options for the shared pool; to be released. */
function poolOptions(threads: number): bigint {
  const api = nativeApi()
  const pools = created((out) => api.CreateThreadingOptions(out))
  check(api.SetGlobalIntraOpNumThreads(pools, threads))
  check(api.SetGlobalInterOpNumThreads(pools, 1))
  check(api.SetGlobalSpinControl(pools, 1))
  return pools
}

function complete(env: bigint, pools: bigint, threads: number): Environment {
  const api = nativeApi()
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

function create(threads: number): Environment {
  const pools = poolOptions(threads)
  const env = created((out) => nativeApi().CreateEnvWithGlobalThreadPools(logFatalOnly, name, pools, out))
  return complete(env, pools, threads)
}

let shared: Environment | undefined

/**
 * The environment, created on first use. Pools of several sessions fight over the cores (8 sessions: 1.8–2.1 times slower), so
 * there is one, as large as the first session asks (by default one thread a core); a session that asks for another count later
 * gets a pool of its own.
 */
export const environment = (threads?: number): Environment => (shared ??= create(threads ?? physicalCores()))

let starting: Promise<Environment> | undefined

/**
 * Creates the environment on another thread, where it takes 50 ms that a program's tracing can use. Resolves to the one that
 * `environment` returns from then on.
 */
export async function startEnvironment(threads?: number): Promise<Environment> {
  if (shared) return shared
  starting ??= createElsewhere(threads ?? physicalCores())
  return (shared ??= await starting)
}

async function createElsewhere(threads: number): Promise<Environment> {
  const pools = poolOptions(threads)
  const out = new BigUint64Array(new ArrayBuffer(8)) // over a buffer, so that it stays where it is
  await new Promise<void>((resolve, reject) =>
    nativeApi().CreateEnvWithGlobalThreadPools.async(logFatalOnly, name, pools, out, settling(resolve, reject)),
  )
  return complete(out[0]!, pools, threads)
}

/** What the processor offers: cores, and the instruction sets that decide how fast the kernels are. */
import { fs } from '../../base/files.ts'

const os = () => process.getBuiltinModule('node:os')

const readText = (file: string): string => {
  try {
    return fs().readFileSync(file, 'utf8')
  } catch {
    return '' // not Linux, or not readable: the caller has another source
  }
}

/** Distinct (package, core) pairs of /proc/cpuinfo; 0 where it does not list them (arm64, containers without it). */
export function coresOf(cpuinfo: string): number {
  const cores = new Set<string>()
  for (const block of cpuinfo.split('\n\n')) {
    const core = /^core id\s*: (\d+)/m.exec(block)?.[1]
    if (core !== undefined) cores.add(`${/^physical id\s*: (\d+)/m.exec(block)?.[1]}/${core}`)
  }
  return cores.size
}

/** Whole processors that a control group may use ("200000 100000" → 2; "max 100000" → no limit). */
export function quotaOf(cpuMax: string): number {
  const [quota, period] = cpuMax.trim().split(/\s+/).map(Number)
  return quota && period ? Math.max(1, Math.floor(quota / period)) : Number.POSITIVE_INFINITY
}

/**
 * How many threads to compute with: one a physical core, within the processors this process may use and its container's quota.
 * Two threads on one core share its vector units and only slow matrix products down. Off Linux the cores are not listed: there
 * half of the x64 processors are taken to be second threads of a core, and no arm64 ones.
 */
export function physicalCores(): number {
  const available = os().availableParallelism()
  const listed = coresOf(readText('/proc/cpuinfo'))
  const guessed = process.platform !== 'linux' && process.arch === 'x64' ? Math.ceil(available / 2) : available
  return Math.max(1, Math.min(available, listed || guessed, quotaOf(readText('/sys/fs/cgroup/cpu.max'))))
}

/** Instruction sets that ONNX Runtime's kernels choose between, as Linux names them. */
const notable =
  /^(avx|avx2|fma|f16c|avx512f|avx512_vnni|avx_vnni|avx512_bf16|amx_tile|amx_int8|amx_bf16|asimd|asimddp|i8mm|bf16|sve|sve2)$/

/** Notable instruction sets, from the text of /proc/cpuinfo; empty off Linux. */
export const featuresOf = (cpuinfo: string): string[] => {
  const flags = /^(?:flags|Features)\s*: (.*)$/m.exec(cpuinfo)?.[1] ?? ''
  return flags.split(' ').filter((flag) => notable.test(flag))
}

export type Processor = { readonly model: string; readonly cores: number; readonly features: readonly string[] }

/** The processor of this machine. `cores` counts what `physicalCores` would use. */
export const processor = (): Processor => ({
  model: os().cpus()[0]?.model.trim() ?? 'unknown',
  cores: physicalCores(),
  features: featuresOf(readText('/proc/cpuinfo')),
})

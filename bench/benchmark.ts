/** What a benchmark is, and the little that benchmarks share: finding peers, timing processes, printing tables. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

export type BenchmarkOptions = {
  /** A Python with PyTorch and transformers. */
  python: string
  /** A checkout of karpathy/nanoGPT. */
  nanogpt?: string
  /** A folder with node-llama-cpp and other tokenizers in its node_modules. */
  peers?: string
  /** A text to encode; tiny Shakespeare or the built-in one unless given. */
  text?: string
  /** A GPT-2 directory to decode with; one is made unless given. */
  model?: string
  /** Texts at once in the decoding benchmark. */
  batches?: number[]
  threads: number
  seeds: number[]
  keep: boolean
  /** Configs of the training benchmark and modes of its peer, all unless given; seconds for each pair of them. */
  configs?: string[]
  modes?: string[]
  seconds: number
  /** Steps of the long run whose memory is watched. */
  steps: number
}

/** One benchmark: ours against a peer in one run. The result goes to standard output as JSON with --json. */
export type Benchmark = {
  name: string
  description: string
  run(options: BenchmarkOptions, log: (line: string) => void): Promise<unknown>
}

/** Thrown when a peer is not installed: the benchmark is skipped and the reason printed. */
export class Skip extends Error {}

/** The path, or a skip that says what is missing and how to get it. */
export function need(path: string | undefined, what: string, how: string): string {
  if (path === undefined || !existsSync(path)) throw new Skip(`${what}${path ? ` (${path})` : ''} is not there; ${how}`)
  return path
}

/** How long a program took and what it printed to standard output. */
export type Run = { seconds: number; output: string }

/** Runs a program to its end. Throws with the end of its complaints if it fails. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { cwd, env }: { cwd?: string; env?: Record<string, string | undefined> } = {},
): Promise<Run> {
  const start = performance.now()
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let complaints = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (complaints += chunk))
  const code = await new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (status, signal) => resolve(status ?? signal ?? 'unknown'))
  })
  const seconds = (performance.now() - start) / 1000
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${complaints.slice(-2000)}`)
  return { seconds, output }
}

/** The Python to use, after making sure that it has the modules. */
export async function pythonWith(python: string, modules: readonly string[]): Promise<string> {
  try {
    await runProgram(python, ['-c', `import ${modules.join(', ')}`])
    return python
  } catch {
    throw new Skip(`${python} lacks one of ${modules.join(', ')}; install them and pass --python or PYTHON`)
  }
}

export const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length
export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
/** The value below which a share of the values lies. */
export const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!

/** Rows of cells as aligned lines; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

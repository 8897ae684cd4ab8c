/** The two sides of the training benchmarks: our step and PyTorch's, each in a process of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BenchmarkOptions, pythonWith, runProgram } from '../benchmark.ts'
import type { StepConfig } from './configs.ts'
import { Contender } from './contender.ts'
import type { Step } from './report.ts'

const worker = new URL('worker.ts', import.meta.url).pathname
const peer = new URL('peer.py', import.meta.url).pathname

/** PyTorch's modes: float32 or bfloat16 autocast, eager or compiled. */
export const modes = ['f32', 'compiled', 'bf16', 'bf16-compiled']

/** Steps before memory is read and timing begins; a compiled model is compiled in the first of them. */
const warmUp = 3

/** What a side says of itself when it is ready. */
type Ready = {
  readonly versions: Readonly<Record<string, string>>
  readonly parameters: number
  /** Parts of our micro-batch. */
  readonly splits?: number
}

/** A side that has warmed up. Memory was read before anything but steps had run in it. */
export type Warm = Ready & { readonly contender: Contender; readonly peak: number; readonly first: readonly Step[] }

async function warm(contender: Contender): Promise<Warm> {
  const ready = await contender.next<Ready>()
  const first = (await contender.ask<{ steps: Step[] }>({ steps: warmUp })).steps
  const { peak } = await contender.ask<{ peak: number }>({ memory: true })
  return { ...ready, contender, peak, first }
}

const ourArguments = ({ name }: StepConfig, threads: number) => ['--import', 'tsx', worker, name, String(threads)]

export const openOurs = (config: StepConfig, threads: number): Promise<Warm> =>
  warm(new Contender(process.execPath, ourArguments(config, threads)))

/** PyTorch with our first weights and batches. */
export type Peer = {
  /** How torch.optim.AdamW walks over the parameters: the fastest way here. */
  readonly optimizer: string
  open(mode: string): Promise<Warm>
  close(): void
}

/** Throws `Skip` where PyTorch is missing. */
export async function preparePeer(config: StepConfig, options: BenchmarkOptions): Promise<Peer> {
  const threads = String(options.threads)
  // Some machines' OPENBLAS_CORETYPE would choose slower kernels.
  const env = { OMP_NUM_THREADS: threads, OPENBLAS_CORETYPE: undefined }
  const python = await pythonWith(options.python, ['torch'])
  const work = mkdtempSync(join(tmpdir(), 'pellucid-bench-'))
  const close = () => rmSync(work, { recursive: true })
  const theirArguments = (mode: string, optimizer: string) => [
    ...[peer, mode, optimizer, threads, work],
    JSON.stringify(config),
  ]
  try {
    await runProgram(process.execPath, [...ourArguments(config, options.threads), work])
    const choice = await runProgram(python, theirArguments('f32', 'choose'), { env })
    const { optimizer } = JSON.parse(choice.output.trim().split('\n').at(-1)!) as { optimizer: string }
    return { optimizer, open: (mode) => warm(new Contender(python, theirArguments(mode, optimizer), env)), close }
  } catch (error) {
    close()
    throw error
  }
}

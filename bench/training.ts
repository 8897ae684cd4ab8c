/** Whole training steps against an equal PyTorch model: tokens/s, share of the machine's GEMM rate, optimizer, peak memory. */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Benchmark, type BenchmarkOptions, median, pythonWith, quantile, runProgram, Skip } from './benchmark.ts'
import { productFlops, type StepConfig, seed, stepConfigs } from './training/configs.ts'
import { Contender } from './training/contender.ts'
import { type Measured, type Result, report, type Step } from './training/report.ts'

const worker = new URL('training/worker.ts', import.meta.url).pathname
const peer = new URL('training/peer.py', import.meta.url).pathname

/** PyTorch's modes: float32 or bfloat16 autocast, eager or compiled. */
const modes = ['f32', 'compiled', 'bf16', 'bf16-compiled']
/** Steps before memory is read and timing begins; a compiled model is compiled in the first of them. */
const warmUp = 3
/** Milliseconds of a block of steps, after which the other side has its turn. */
const blockTime = 400
const fewestRounds = 3
/** Side of the square matrices whose product gives the machine's GEMM rate. */
const matrix = 2048

type Ready = { versions: Record<string, string>; parameters: number; splits?: number }

/** A side that has warmed up, and what was measured of it so far. */
type Side = {
  readonly contender: Contender
  readonly ready: Ready
  readonly peak: number
  readonly first: readonly Step[]
  steps: Step[]
  blocks: number[]
  gemm: number[]
  idle: number[]
}

/** Memory is read before anything but steps has run in the process. */
async function open(contender: Contender): Promise<Side> {
  const ready = await contender.next<Ready>()
  const first = (await contender.ask<{ steps: Step[] }>({ steps: warmUp })).steps
  const { peak } = await contender.ask<{ peak: number }>({ memory: true })
  await contender.ask({ product: matrix })
  return { contender, ready, peak, first, steps: [], blocks: [], gemm: [], idle: [] }
}

/** A block of steps and a product, while the other sides should be quiet. */
async function turn(side: Side, others: readonly Side[]): Promise<void> {
  const before = others.map(({ contender }) => contender.processorTime())
  const start = performance.now()
  const each = median((side.steps.length > 0 ? side.steps : side.first).map(({ total }) => total))
  const { steps } = await side.contender.ask<{ steps: Step[] }>({ steps: Math.max(1, Math.round(blockTime / each)) })
  side.steps.push(...steps)
  side.blocks.push(median(steps.map(({ total }) => total)))
  side.gemm.push((await side.contender.ask<{ gflops: number }>({ product: matrix })).gflops)
  const seconds = (performance.now() - start) / 1000
  for (const [i, { contender, idle }] of others.entries()) idle.push((contender.processorTime() - before[i]!) / seconds)
}

/** All sides in turns; each turn begins with another one. */
async function alternate(sides: readonly Side[], seconds: number): Promise<void> {
  for (const side of sides) Object.assign(side, { steps: [], blocks: [], gemm: [], idle: [] })
  const end = performance.now() + 1000 * seconds
  for (let round = 0; round < fewestRounds || performance.now() < end; round++)
    for (const side of round % 2 === 0 ? sides : sides.toReversed())
      await turn(
        side,
        sides.filter((other) => other !== side),
      )
}

function summary({ peak, first, steps, blocks, gemm, idle }: Side): Measured {
  const times = steps.map(({ total }) => total)
  return {
    milliseconds: median(times),
    quartiles: [quantile(times, 0.25), quantile(times, 0.75)],
    update: median(steps.map(({ update }) => update)),
    peak,
    gemm: median(gemm),
    idle: median(idle.length > 0 ? idle : [0]),
    firstLosses: first.map(({ loss }) => loss),
    blocks,
    count: times.length,
  }
}

/** Ours and PyTorch in each of the modes, the modes one after another. */
async function measure(config: StepConfig, options: BenchmarkOptions, log: (line: string) => void): Promise<Result> {
  const { threads, seconds } = options
  const work = mkdtempSync(join(tmpdir(), 'pellucid-bench-'))
  const ourArguments = ['--import', 'tsx', worker, config.name, String(threads)]
  // Some machines' OPENBLAS_CORETYPE would choose slower kernels.
  const env = { OMP_NUM_THREADS: String(threads), OPENBLAS_CORETYPE: undefined }
  const theirArguments = (mode: string, optimizer: string) => [
    ...[peer, mode, optimizer, String(threads), work],
    JSON.stringify(config),
  ]
  const result: Result = {
    config,
    flops: productFlops(config),
    versions: {},
    parameters: 0,
    splits: 1,
    comparisons: [],
  }
  const ours = await open(new Contender(process.execPath, ourArguments))
  const { versions, parameters, splits = 1 } = ours.ready
  Object.assign(result, { parameters, splits })
  Object.assign(result.versions, versions)
  try {
    const python = await pythonWith(options.python, ['torch'])
    await runProgram(process.execPath, [...ourArguments, work])
    const choice = await runProgram(python, theirArguments('f32', 'choose'), { env })
    const { optimizer } = JSON.parse(choice.output.trim().split('\n').at(-1)!) as { optimizer: string }
    result.peerOptimizer = optimizer
    for (const mode of options.modes ?? modes) {
      const contender = new Contender(python, theirArguments(mode, optimizer), env)
      try {
        const theirs = await open(contender)
        Object.assign(result.versions, theirs.ready.versions)
        await alternate([ours, theirs], seconds)
        result.comparisons.push({ mode, theirs: summary(theirs), ours: summary(ours) })
      } catch (error) {
        log(`PyTorch ${mode} skipped: ${(error as Error).message}`)
      } finally {
        await contender.close()
      }
    }
  } catch (error) {
    if (!(error instanceof Skip)) throw error
    log(`PyTorch skipped: ${error.message}`)
  } finally {
    if (result.comparisons.length === 0) {
      await alternate([ours], seconds)
      result.alone = summary(ours)
    }
    await ours.contender.close()
    rmSync(work, { recursive: true })
  }
  return result
}

export const training: Benchmark = {
  name: 'training',
  description: 'Whole training steps against an equal PyTorch model in four modes: speed, GEMM rate, memory',
  async run(options, log) {
    const { threads, configs: names = stepConfigs.map(({ name }) => name) } = options
    const unknown = names.find((name) => !stepConfigs.some((config) => config.name === name))
    if (unknown) throw new Skip(`no config is named ${unknown}; there are ${stepConfigs.map((c) => c.name).join(', ')}`)
    const processor = cpus()[0]?.model.trim()
    log(`${processor}, ${threads} threads, seed ${seed}; GEMM: ${matrix} × ${matrix} × ${matrix}`)
    const results = []
    for (const config of stepConfigs.filter(({ name }) => names.includes(name))) {
      const result = await measure(config, options, log)
      report(result, log)
      results.push(result)
    }
    return { processor, threads, seed, matrix, results }
  },
}

/** Whole training steps against an equal PyTorch model: tokens/s, share of the machine's GEMM rate, optimizer, peak memory. */
import { cpus } from 'node:os'
import { type Benchmark, type BenchmarkOptions, median, quantile, Skip } from './benchmark.ts'
import { chooseConfigs, productFlops, type StepConfig, seed } from './training/configs.ts'
import { type Comparison, type Measured, type Result, report, type Step } from './training/report.ts'
import { modes, openOurs, type Peer, preparePeer, type Warm } from './training/sides.ts'

/** Milliseconds of a block of steps, after which the other side has its turn. */
const blockTime = 400
const fewestRounds = 3
/** Side of the square matrices whose product gives the machine's GEMM rate. */
const matrix = 2048

/** What was measured of a side so far: a block, a GEMM rate and the other side's idleness for each of its turns. */
type Record = { readonly side: Warm; steps: Step[]; blocks: number[]; gemm: number[]; idle: number[] }

const multiply = async ({ contender }: Warm): Promise<number> =>
  (await contender.ask<{ gflops: number }>({ product: matrix })).gflops

/** A block of steps and a product, while the other side should be quiet. */
async function turn(record: Record, other: Record | undefined): Promise<void> {
  const { side, steps: before, blocks, gemm } = record
  const busy = other?.side.contender.processorTime() ?? 0
  const start = performance.now()
  const each = median((before.length > 0 ? before : side.first).map(({ total }) => total))
  const count = Math.max(1, Math.round(blockTime / each))
  const { steps } = await side.contender.ask<{ steps: Step[] }>({ steps: count })
  before.push(...steps)
  blocks.push(median(steps.map(({ total }) => total)))
  gemm.push(await multiply(side))
  const seconds = (performance.now() - start) / 1000
  other?.idle.push((other.side.contender.processorTime() - busy) / seconds)
}

/** All sides in turns, every other round the other way about. */
async function alternate(sides: readonly Warm[], seconds: number): Promise<Measured[]> {
  const records = sides.map((side): Record => ({ side, steps: [], blocks: [], gemm: [], idle: [] }))
  for (const side of sides) await multiply(side)
  const end = performance.now() + 1000 * seconds
  for (let round = 0; round < fewestRounds || performance.now() < end; round++)
    for (const record of round % 2 === 0 ? records : records.toReversed())
      await turn(
        record,
        records.find((other) => other !== record),
      )
  return records.map(summary)
}

function summary({ side, steps, blocks, gemm, idle }: Record): Measured {
  const times = steps.map(({ total }) => total)
  return {
    milliseconds: median(times),
    quartiles: [quantile(times, 0.25), quantile(times, 0.75)],
    update: median(steps.map(({ update }) => update)),
    peak: side.peak,
    gemm: median(gemm),
    idle: idle.length > 0 ? median(idle) : 0,
    firstLosses: side.first.map(({ loss }) => loss),
    blocks,
    count: times.length,
  }
}

/** Ours in turns with PyTorch in each of the modes, the modes one after another. */
async function compare(ours: Warm, peer: Peer, options: BenchmarkOptions, log: (line: string) => void) {
  const comparisons: Comparison[] = []
  for (const mode of options.modes ?? modes) {
    let theirs: Warm | undefined
    try {
      theirs = await peer.open(mode)
      const [our, their] = await alternate([ours, theirs], options.seconds)
      comparisons.push({ mode, versions: theirs.versions, theirs: their!, ours: our! })
      const times = `${our!.milliseconds.toFixed(1)} ms, PyTorch ${mode} ${their!.milliseconds.toFixed(1)} ms`
      log(`Pellucid ${times}`)
    } catch (error) {
      log(`PyTorch ${mode} skipped: ${(error as Error).message}`)
    } finally {
      await theirs?.contender.close()
    }
  }
  return comparisons
}

async function measure(config: StepConfig, options: BenchmarkOptions, log: (line: string) => void): Promise<Result> {
  let peer: Peer | undefined
  try {
    peer = await preparePeer(config, options)
  } catch (error) {
    if (!(error instanceof Skip)) throw error
    log(`PyTorch skipped: ${error.message}`)
  }
  const ours = await openOurs(config, options.threads)
  try {
    const comparisons = peer ? await compare(ours, peer, options, log) : []
    const alone = comparisons.length > 0 ? undefined : (await alternate([ours], options.seconds))[0]
    const { versions, parameters, splits = 1 } = ours
    const flops = productFlops(config)
    return { config, flops, versions, parameters, splits, peerOptimizer: peer?.optimizer, alone, comparisons }
  } finally {
    await ours.contender.close()
    peer?.close()
  }
}

export const training: Benchmark = {
  name: 'training',
  description: 'Whole training steps against an equal PyTorch model in four modes: speed, GEMM rate, memory',
  async run(options, log) {
    const processor = cpus()[0]?.model.trim()
    log(`${processor}, ${options.threads} threads, seed ${seed}; GEMM: ${matrix} × ${matrix} × ${matrix}`)
    const results = []
    for (const config of chooseConfigs(options.configs)) {
      const result = await measure(config, options, log)
      report(result, log)
      results.push(result)
    }
    return { processor, threads: options.threads, seed, matrix, results }
  },
}

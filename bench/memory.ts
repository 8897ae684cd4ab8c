/** Memory of training: whether it grows over a long run, and its peak against PyTorch's. */
import { type Benchmark, type BenchmarkOptions, median, runProgram, Skip, table } from './benchmark.ts'
import { chooseConfigs, type StepConfig } from './training/configs.ts'
import { openOurs, preparePeer } from './training/sides.ts'

const longRun = new URL('training/long-run.ts', import.meta.url).pathname
/** The long run is that of the first config; what it holds is measured from here on. */
const settled = 1000
const fewestSteps = 2 * settled

const mebibyte = 1 << 20
type Sample = { step: number; rss: number; heap: number; buffers: number }

/** Bytes more at the end of a run than after it has settled, each taken as the median of half a thousand steps. */
function growth(samples: readonly Sample[], value: (sample: Sample) => number): number {
  const last = samples.at(-1)!.step
  const early = samples.filter(({ step }) => step >= settled && step <= settled + 500)
  const late = samples.filter(({ step }) => step >= last - 500)
  return median(late.map(value)) - median(early.map(value))
}

async function watchLongRun(config: StepConfig, { threads, steps }: BenchmarkOptions, log: (line: string) => void) {
  if (!(steps >= fewestSteps)) throw new Skip(`--steps is ${steps}, expected ${fewestSteps} or more`)
  const args = ['--expose-gc', '--import', 'tsx', longRun, config.name, String(steps), String(threads)]
  const { seconds, output } = await runProgram(process.execPath, args)
  const samples = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Sample)
  const row = (name: string, value: (sample: Sample) => number) => {
    const at = (step: number) => value(samples.findLast((sample) => sample.step <= step)!) / mebibyte
    return [name, ...[settled, samples.at(-1)!.step / 2, steps].map((step) => at(step).toFixed(1))]
  }
  log(`\n(${config.name}) ${steps} steps in ${seconds.toFixed(0)} s, evaluated and saved every 1000; MiB at step`)
  log(
    table([
      ['', String(settled), String(samples.at(-1)!.step / 2), String(steps)],
      row('resident', ({ rss }) => rss),
      row('JavaScript heap', ({ heap }) => heap),
      row('array buffers', ({ buffers }) => buffers),
    ]),
  )
  const [resident, heap] = [growth(samples, ({ rss }) => rss), growth(samples, (s) => s.heap + s.buffers)]
  const change = (bytes: number) => `${bytes >= 0 ? '+' : ''}${(bytes / mebibyte).toFixed(2)} MiB`
  log(`from step ${settled} to ${steps}: resident ${change(resident)}, heap and buffers ${change(heap)}`)
  return { config: config.name, steps, seconds, resident, heap, samples }
}

/** Peaks of fresh processes after a few steps, one process at a time. */
async function peaks(config: StepConfig, options: BenchmarkOptions) {
  const ours = await openOurs(config, options.threads)
  await ours.contender.close()
  const peer = await preparePeer(config, options)
  try {
    const theirs: Record<string, number> = {}
    for (const mode of options.modes ?? ['f32']) {
      const warm = await peer.open(mode)
      theirs[mode] = warm.peak
      await warm.contender.close()
    }
    return { config: config.name, ours: ours.peak, theirs }
  } finally {
    peer.close()
  }
}

export const memory: Benchmark = {
  name: 'memory',
  description: 'Memory of training: growth over a long run, and the peak against PyTorch',
  async run(options, log) {
    const configs = chooseConfigs(options.configs)
    const long = await watchLongRun(configs[0]!, options, log)
    const results = []
    try {
      for (const config of configs) results.push(await peaks(config, options))
    } catch (error) {
      if (!(error instanceof Skip)) throw error
      log(`PyTorch skipped: ${error.message}`)
    }
    const cells = results.flatMap(({ config, ours, theirs }) =>
      Object.entries(theirs).map(([mode, peak]) => [
        config,
        ours.toFixed(0),
        `${peak.toFixed(0)} (${mode})`,
        (ours / peak).toFixed(2),
      ]),
    )
    if (cells.length > 0) log(`\n${table([['', 'peak MiB', 'PyTorch', 'ratio'], ...cells])}`)
    return { long, peaks: results }
  },
}

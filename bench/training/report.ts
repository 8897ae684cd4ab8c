/** What was measured of training steps, as a table with ratios and verdicts. */
import { median, quantile, table } from '../benchmark.ts'
import type { StepConfig } from './configs.ts'

/** Milliseconds of a step and of its update (clipping and optimizer), and the loss before it. */
export type Step = { readonly total: number; readonly update: number; readonly loss: number }

/** One side in one comparison. */
export type Measured = {
  readonly milliseconds: number
  /** First and third quartile of a step. */
  readonly quartiles: readonly [number, number]
  /** Milliseconds of clipping and optimizer. */
  readonly update: number
  /** Peak memory in MiB after the first steps of a fresh process. */
  readonly peak: number
  /** GFLOP/s of a plain product. */
  readonly gemm: number
  /** Cores kept busy while it was the other side's turn, at most. */
  readonly idle: number
  readonly firstLosses: readonly number[]
  /** The median step of each turn, in ms. */
  readonly blocks: readonly number[]
  readonly count: number
}

/** PyTorch in one of its modes, and ours in turns with it. */
export type Comparison = {
  readonly mode: string
  readonly versions: Readonly<Record<string, string>>
  readonly theirs: Measured
  readonly ours: Measured
}

export type Result = {
  readonly config: StepConfig
  /** Floating-point operations of a step's products. */
  readonly flops: number
  versions: Readonly<Record<string, string>>
  readonly parameters: number
  /** Parts that our batch is computed in. */
  readonly splits: number
  /** How PyTorch's AdamW walks over the parameters: the fastest here. */
  readonly peerOptimizer?: string | undefined
  /** Ours where there was nobody to compare with. */
  readonly alone?: Measured | undefined
  readonly comparisons: readonly Comparison[]
}

/** Their time divided by ours, turn by turn: how many times as many tokens a second we compute. */
export function ratios({ theirs, ours }: Comparison): { median: number; quartiles: [number, number] } {
  const each = theirs.blocks.flatMap((time, i) => (i < ours.blocks.length ? [time / ours.blocks[i]!] : []))
  return { median: median(each), quartiles: [quantile(each, 0.25), quantile(each, 0.75)] }
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`

/** The machine's GEMM rate in float32: the better of ONNX Runtime's and PyTorch's. */
const gemmRate = ({ alone, comparisons }: Result): { ours: number; theirs?: number; best: number } => {
  const ours = median([...(alone ? [alone] : []), ...comparisons.map((c) => c.ours)].map(({ gemm }) => gemm))
  const theirs = comparisons.find(({ mode }) => mode === 'f32')?.theirs.gemm
  return { ours, theirs, best: Math.max(ours, theirs ?? 0) }
}

export function report(result: Result, log: (line: string) => void): void {
  const { config, flops, parameters, comparisons, alone, peerOptimizer } = result
  const rate = gemmRate(result)
  const tokens = config.rows * config.tokens
  const shape = `${config.layers} layers, ${config.heads} heads, ${config.width} wide, vocabulary ${config.vocabulary}`
  log(`\n(${config.name}) ${config.label}: ${shape}, batch ${config.rows} × ${config.tokens}`)
  log(
    `    ${(parameters / 1e6).toFixed(1)}M parameters, products of ${(flops / 1e9).toFixed(1)} GFLOP a step; ` +
      `GEMM ${rate.ours.toFixed(0)} GFLOP/s (ONNX Runtime)${rate.theirs ? `, ${rate.theirs.toFixed(0)} (PyTorch)` : ''}` +
      `${peerOptimizer ? `; PyTorch's AdamW: ${peerOptimizer}` : ''}`,
  )
  const share = ({ milliseconds, update }: Measured) => flops / 1e6 / (milliseconds - update) / rate.best
  const row = (name: string, side: Measured, comparison?: Comparison) => {
    const ratio = comparison && ratios(comparison)
    return [
      name,
      `${side.milliseconds.toFixed(1)} (${side.quartiles.map((x) => x.toFixed(1)).join('–')})`,
      ((1000 * tokens) / side.milliseconds).toFixed(0),
      percent(share(side)),
      `${side.update.toFixed(1)} ms, ${percent(side.update / side.milliseconds)}`,
      side.peak.toFixed(0),
      ratio ? `${ratio.median.toFixed(2)} (${ratio.quartiles.map((x) => x.toFixed(2)).join('–')})` : '',
    ]
  }
  const head = [
    '',
    'ms a step',
    'tokens/s',
    'forward+backward of GEMM',
    'optimizer',
    'peak MiB',
    'Pellucid is … times as fast',
  ]
  const rows = comparisons.flatMap((comparison) => [
    row(`PyTorch ${comparison.mode}`, comparison.theirs, comparison),
    row('  Pellucid in turns', comparison.ours),
  ])
  log(table([head, ...(alone ? [row('Pellucid', alone)] : []), ...rows]))
  for (const line of verdicts(result, share)) log(line)
}

/** The aims of a config and whether they were met here. */
function verdicts({ config, comparisons, alone }: Result, share: (side: Measured) => number): string[] {
  const lines: string[] = []
  const verdict = (what: string, value: string, aim: string, ok: boolean) =>
    lines.push(`${what}: ${value} (aim: ${aim}): ${ok ? 'ok' : 'MISSED'}`)
  const { eager, best, gemm } = config.aims
  const byMode = comparisons.map((c) => ({ ...c, ratio: ratios(c).median }))
  const first = byMode.find(({ mode }) => mode === 'f32')
  if (first && eager !== undefined)
    verdict('tokens/s of PyTorch, eager float32', `${first.ratio.toFixed(2)}×`, `${eager}×`, first.ratio >= eager)
  const hardest = byMode.toSorted((a, b) => a.ratio - b.ratio)[0]
  if (hardest && best !== undefined)
    verdict(
      `tokens/s of PyTorch's best mode (${hardest.mode})`,
      `${hardest.ratio.toFixed(2)}×`,
      `${best}×`,
      hardest.ratio >= best,
    )
  const ours = first?.ours ?? alone ?? comparisons[0]!.ours
  if (gemm !== undefined)
    verdict('forward and backward of the GEMM rate', percent(share(ours)), `≥ ${percent(gemm)}`, share(ours) >= gemm)
  const update = ours.update / ours.milliseconds
  verdict('optimizer of the step', percent(update), '≤ 15 %', update <= 0.15)
  const smallest = comparisons.toSorted((a, b) => a.theirs.peak - b.theirs.peak)[0]
  if (smallest)
    verdict(
      `peak memory of PyTorch's smallest (${smallest.mode})`,
      `${(ours.peak / smallest.theirs.peak).toFixed(2)}×`,
      '≤ 1',
      ours.peak <= smallest.theirs.peak,
    )
  const [a, b] = [first?.ours.firstLosses[0], first?.theirs.firstLosses[0]]
  if (first && a !== undefined && b !== undefined) {
    const last = [first.ours, first.theirs].map(({ firstLosses }) => firstLosses.at(-1)!.toFixed(5))
    const same = Math.abs(a - b) <= 1e-4 * Math.abs(b)
    verdict('the same model: losses of the third step', last.join(' and '), 'first ones equal to 1e-4', same)
  }
  const loud = Math.max(...comparisons.flatMap((c) => [c.ours.idle, c.theirs.idle]))
  if (loud > 0.1) lines.push(`Not quiet: the waiting side kept ${loud.toFixed(2)} cores busy.`)
  return lines
}

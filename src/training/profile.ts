/** Where the time of a training step goes: by stage, and in the computed part by op, module and direction. */
import { usageError } from '../base/errors.ts'
import { nodesOf } from '../graph/walk.ts'
import { covered, type ProgramProfile, type ProgramRun, type Span } from '../runtime/profile.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Recipe } from './recipe.ts'
import { type RehearsedStep, rehearse } from './rehearsal.ts'

export type Direction = 'forward' | 'backward'

/** An op in a module, in one direction. Counts are those of a step. */
export type ProfileRow = {
  readonly direction: Direction
  /** The op as the model or its derivative was written; empty for what the engine added itself. */
  readonly op: string
  /** Path of the module. */
  readonly module: string
  /** The engine's kernels. */
  readonly kernels: readonly string[]
  /** How often a kernel ran, parts of the batch counted each. */
  readonly calls: number
  /** Its share of the time in which the program ran: parts computed side by side share that time. */
  readonly milliseconds: number
  /** Floating-point operations of matrix products. */
  readonly flops: number
}

/** What a step's time is made of; the values add up to the step. */
export type Stages = {
  readonly forward: number
  readonly backward: number
  /** The engine between its nodes. */
  readonly engine: number
  /** From a call to the engine's start on another thread, and back. */
  readonly calls: number
  /** Drawing dropout masks. */
  readonly masks: number
  /** Adding up gradients and losses. */
  readonly sums: number
  /** Putting the next batch into its place. */
  readonly batch: number
  /** Clipping and the optimizer. */
  readonly optimizer: number
}

export type StepProfile = {
  /** The quicker half of the steps measured; everything else is the mean over them, in milliseconds. */
  readonly steps: number
  readonly milliseconds: number
  readonly stages: Stages
  /** The most costly first. */
  readonly rows: readonly ProfileRow[]
  /** Drawing the next batch, while the engine computes. */
  readonly drawn: number
  readonly parameters: number
  /** Parts that a micro-batch is computed in. */
  readonly splits: number
}

export type ProfileOptions = {
  readonly runtime: Runtime
  readonly threads?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Milliseconds to spend on measured steps, and the fewest and most of them. */
  readonly period?: number
  readonly fewest?: number
  readonly most?: number
}

/** Steps that are not counted: the first ones touch their memory for the first time. */
const warmUp = 3

/** Profiles steps of a recipe on random tokens. Throws NO_PROFILE where the runtime cannot, BAD_RECIPE. */
export async function profileStep(recipe: Recipe, vocabulary: number, options: ProfileOptions): Promise<StepProfile> {
  const { runtime, threads, signal, period = 3000, fewest = 5, most = 50 } = options
  const profiler = await runtime.profiler?.()
  if (!profiler)
    throw usageError('NO_PROFILE', `The runtime ${runtime.name} cannot say where time goes; use --runtime native.`)
  try {
    const rehearsal = await rehearse(recipe, vocabulary, { runtime: profiler.runtime, threads })
    const { parameters, splits } = rehearsal
    const steps: RehearsedStep[] = []
    let began = 0
    try {
      for (let i = 0; i < warmUp; i++) await rehearsal.run()
      began = performance.now()
      while (steps.length < fewest || (steps.length < most && performance.now() < began + period)) {
        signal?.throwIfAborted()
        steps.push(await rehearsal.run())
      }
    } finally {
      await rehearsal.dispose()
    }
    const { quick, profiles } = quickerHalf(steps, measured(await profiler.finish(), began))
    return { ...summarize(quick, profiles), parameters, splits }
  } finally {
    await profiler.close()
  }
}

/** The runs since a moment. Calls and the trace have clocks of their own, but both are in order. */
const measured = (profiles: readonly ProgramProfile[], since: number): ProgramProfile[] =>
  profiles.flatMap(({ program, calls, runs }) => {
    const recent = calls.filter(([start]) => start >= since)
    return recent.length > 0 ? [{ program, calls: recent, runs: runs.slice(-recent.length) }] : []
  })

/** Half of the steps, in which other programs disturbed least, and their runs. */
function quickerHalf(steps: readonly RehearsedStep[], profiles: readonly ProgramProfile[]) {
  const limit = steps.map(({ total }) => total).sort((a, b) => a - b)[Math.floor((steps.length - 1) / 2)]!
  const isQuick = (_: unknown, step: number) => steps[step]!.total <= limit
  return {
    quick: steps.filter(isQuick),
    profiles: profiles.map(({ program, calls, runs }): ProgramProfile => {
      const ofStep = (i: number) => Math.floor((i * steps.length) / calls.length)
      const inQuick = <T>(each: T, i: number) => isQuick(each, ofStep(i))
      return { program, calls: calls.filter(inQuick), runs: runs.filter(inQuick) }
    }),
  }
}

const spanOf = ({ start, duration }: ProgramRun): Span => [start, start + duration]
const sum = (values: readonly number[]): number => values.reduce((total, x) => total + x, 0)

function summarize(steps: readonly RehearsedStep[], profiles: readonly ProgramProfile[]) {
  const rows = profiles.flatMap(rowsOf).sort((a, b) => b.milliseconds - a.milliseconds)
  const direction = (which: Direction) => sum(rows.flatMap((row) => (row.direction === which ? row.milliseconds : [])))
  const running = sum(profiles.map(({ runs }) => covered(runs.map(spanOf))))
  const calls = profiles.flatMap((profile) => profile.calls)
  const [masks, sums] = aroundCalls(
    steps.flatMap(({ computed }) => computed),
    calls,
  )
  const computing = sum(steps.flatMap(({ computed }) => computed.map(([start, end]) => end - start)))
  const [forward, backward] = [direction('forward'), direction('backward')]
  const [batch, optimizer] = [sum(steps.map(({ fill }) => fill)), sum(steps.map(({ update }) => update))]
  const stages = {
    forward,
    backward,
    engine: running - forward - backward,
    calls: computing - masks - sums - running,
    masks,
    sums,
    batch,
    optimizer,
  }
  const mean = (total: number) => total / steps.length
  return {
    steps: steps.length,
    milliseconds: mean(sum(steps.map(({ total }) => total))),
    stages: Object.fromEntries(Object.entries(stages).map(([name, total]) => [name, mean(total)])) as Stages,
    rows: rows.map((row) => ({
      ...row,
      calls: mean(row.calls),
      milliseconds: mean(row.milliseconds),
      flops: mean(row.flops),
    })),
    drawn: mean(sum(steps.map(({ draw }) => draw))),
  }
}

/** Time of spans before the first call within them, and after the last one. */
function aroundCalls(spans: readonly Span[], calls: readonly Span[]): [before: number, after: number] {
  let [before, after] = [0, 0]
  for (const [start, end] of spans) {
    const within = calls.filter((call) => call[0] >= start && call[1] <= end)
    before += Math.min(...within.map((call) => call[0])) - start
    after += end - Math.max(...within.map((call) => call[1]))
  }
  return [before, after]
}

/** What a program's runs took in all, by op, module and direction. A value that the loss is made of is computed forward. */
function rowsOf({ program, runs }: ProgramProfile): ProfileRow[] {
  const loss = program.outputs.get('loss')
  const forward = new Set(loss ? nodesOf([loss]) : [])
  // Runs side by side share the time that they take together.
  const share = covered(runs.map(spanOf)) / sum(runs.map(({ duration }) => duration))
  const rows = new Map<string, ProfileRow & { kernels: string[] }>()
  for (const { origin, kernel, milliseconds, flops = 0 } of runs.flatMap(({ nodes }) => nodes)) {
    const [op, module] = [origin?.op.name ?? '', origin?.scope ?? '']
    const direction = origin && forward.has(origin) ? 'forward' : 'backward'
    const key = [direction, op, module].join('\n')
    const row = rows.get(key) ?? { direction, op, module, kernels: [], calls: 0, milliseconds: 0, flops: 0 }
    if (!row.kernels.includes(kernel)) row.kernels.push(kernel)
    const added = {
      calls: row.calls + 1,
      milliseconds: row.milliseconds + milliseconds * share,
      flops: row.flops + flops,
    }
    rows.set(key, { ...row, ...added })
  }
  return [...rows.values()]
}

/** Learning-rate schedules: pure functions from the step number (from 0) to the learning rate of that step. */
import * as z from 'zod'
import { usageError } from '../base/errors.ts'

const steps = z.int().nonnegative()
const share = z.number().min(0).max(1)

/** Every schedule rises linearly first, from the share `warmupFrom` of the peak at step 0 to all of it at step `warmup`. */
const rising = {
  warmup: steps.default(0).describe('Steps of linear warm-up'),
  warmupFrom: share.default(0).describe('Share of the peak learning rate at step 0 (nanoGPT: 1 / (warmup + 1))'),
}
/** Schedules with an end come down over `steps` steps, warm-up included; beyond it they stay where they ended. */
const falling = {
  ...rising,
  steps: z.int().positive().optional().describe('Step at which the schedule ends (default: the last step of the run)'),
  final: share.default(0).describe('Share of the peak learning rate left at the end'),
}

/** The `schedule` part of a recipe. Names are those of Hugging Face's `SchedulerType`, where it has one. */
export const scheduleSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('constant'), ...rising }),
  z.strictObject({ name: z.literal('linear'), ...falling }),
  z.strictObject({
    name: z.literal('cosine'),
    ...falling,
    cycles: z.number().positive().default(0.5).describe('Periods of the cosine; one half is a single fall'),
  }),
  z.strictObject({
    name: z.literal('cosine_with_restarts'),
    ...falling,
    cycles: z.int().positive().default(1).describe('Falls, each from the peak again'),
  }),
  z.strictObject({ name: z.literal('polynomial'), ...falling, power: z.number().positive().default(1) }),
  z.strictObject({
    name: z.literal('inverse_sqrt'),
    ...rising,
    timescale: z.number().positive().optional().describe('Default: the warm-up, or 10,000 without one'),
  }),
  z.strictObject({
    name: z.literal('wsd'),
    ...falling,
    decay: z.int().positive().describe('Steps of decay at the end; before them the peak is held'),
    shape: z.enum(['linear', 'cosine', '1-sqrt']).default('cosine').describe('How the decay falls'),
  }),
  z.strictObject({
    name: z.literal('noam'),
    warmup: z.int().positive().describe('Steps of linear warm-up'),
    width: z.int().positive().describe('Width of the model; the learning rate multiplies width^-0.5'),
  }),
])

/** A schedule with every default filled in. */
export type ScheduleConfig = z.output<typeof scheduleSchema>
export type Schedule = (step: number) => number

type Named<N extends ScheduleConfig['name']> = Extract<ScheduleConfig, { name: N }>
/** Share of the peak learning rate at a step; `steps` is where the schedule ends. */
type Rule<C> = (config: C, step: number, steps: number) => number

/** How far from the end of the warm-up (0) to the end of the schedule (1) a step is. */
const progress = (step: number, { warmup }: { warmup: number }, steps: number) =>
  Math.min(1, (step - warmup) / Math.max(1, steps - warmup))
/** 1 → 1 and 0 → `final`. */
const above = ({ final }: { final: number }, height: number) => final + (1 - final) * height
/** One period of this falls from 1 to 0 and rises again. */
const wave = (periods: number) => 0.5 * (1 + Math.cos(2 * Math.PI * periods))

/** Linear warm-up, then `after`. */
const warmed =
  <C extends { warmup: number; warmupFrom: number }>(after: Rule<C>): Rule<C> =>
  (config, step, steps) =>
    step < config.warmup
      ? config.warmupFrom + ((1 - config.warmupFrom) * step) / config.warmup
      : after(config, step, steps)

/** Shapes of the decay of warmup-stable-decay: height left after a share `t` of it. */
const decays: Record<Named<'wsd'>['shape'], (t: number) => number> = {
  linear: (t) => 1 - t,
  cosine: (t) => wave(t / 2),
  '1-sqrt': (t) => 1 - Math.sqrt(t),
}

const rules: { [N in ScheduleConfig['name']]: Rule<Named<N>> } = {
  constant: warmed(() => 1),
  linear: warmed((c, step, steps) => above(c, 1 - progress(step, c, steps))),
  /** Loshchilov and Hutter 2017 (SGDR), equation 5. */
  cosine: warmed((c, step, steps) => above(c, wave(c.cycles * progress(step, c, steps)))),
  cosine_with_restarts: warmed((c, step, steps) => {
    const t = progress(step, c, steps)
    return above(c, t === 1 ? 0 : wave(((c.cycles * t) % 1) / 2))
  }),
  polynomial: warmed((c, step, steps) => above(c, (1 - progress(step, c, steps)) ** c.power)),
  /** T5's schedule (Raffel et al. 2020, §3.1.2), shifted so that it starts at the peak. */
  inverse_sqrt: warmed((c, step) => {
    const timescale = c.timescale ?? (c.warmup || 10_000)
    return 1 / Math.sqrt((step - c.warmup + timescale) / timescale)
  }),
  /** Warmup-stable-decay (Hu et al. 2024, MiniCPM, §4.2; "1-sqrt": Hägele et al. 2024, §3). */
  wsd: warmed((c, step, steps) => {
    const t = (step - (steps - c.decay)) / c.decay
    return t < 0 ? 1 : above(c, decays[c.shape](Math.min(1, t)))
  }),
  /** Vaswani et al. 2017, equation 3; their steps count from 1. */
  noam: (c, step) => c.width ** -0.5 * Math.min((step + 1) ** -0.5, (step + 1) * c.warmup ** -1.5),
}

/**
 * The schedule of a run of `steps` steps whose peak learning rate is `learningRate` (for `noam`: the factor in front, 1 in the
 * paper). Throws a usage error if the warm-up and the decay of `wsd` do not fit into its steps.
 */
export function createSchedule(config: ScheduleConfig, run: { learningRate: number; steps: number }): Schedule {
  const end = ('steps' in config ? config.steps : undefined) ?? run.steps
  if ('decay' in config && config.warmup + config.decay > end)
    throw usageError(
      'SCHEDULE_TOO_LONG',
      `schedule: ${config.warmup} steps of warm-up and ${config.decay} of decay do not fit into ${end} steps.\n` +
        'Set schedule.warmup or schedule.decay lower, or steps higher.',
    )
  const rule = rules[config.name] as Rule<ScheduleConfig>
  return (step) => run.learningRate * rule(config, step, end)
}

/** Every learning-rate schedule against transformers' (oracle lr-schedules), and nanoGPT's by its formula. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createSchedule, scheduleSchema } from './schedules.ts'

type Case = { args: Record<string, number>; value: number[] }
const oracle = JSON.parse(
  readFileSync(new URL('../../test/oracles/data/lr-schedules/expected.json', import.meta.url), 'utf8'),
)
const cases: [string, Case][] = Object.entries(oracle as Record<string, Case>).filter(([, c]) => c.value)

const schedule = (input: unknown, run: { learningRate: number; steps: number }) =>
  createSchedule(scheduleSchema.parse(input), run)

/** The oracle's cases in our terms. */
const inputs: Record<string, Record<string, unknown>> = {
  constant: { name: 'constant' },
  constant_with_warmup: { name: 'constant', warmup: 10 },
  linear: { name: 'linear', warmup: 10 },
  cosine: { name: 'cosine', warmup: 10 },
  cosine_two_waves: { name: 'cosine', warmup: 10, cycles: 2 },
  cosine_with_restarts: { name: 'cosine_with_restarts', warmup: 10, cycles: 3 },
  cosine_with_min_lr: { name: 'cosine', warmup: 10, final: 0.1 },
  polynomial: { name: 'polynomial', warmup: 10, power: 2, final: 1e-7 / 3e-4 },
  inverse_sqrt: { name: 'inverse_sqrt', warmup: 10 },
  inverse_sqrt_timescale: { name: 'inverse_sqrt', warmup: 10, timescale: 40 },
  wsd: { name: 'wsd', warmup: 10, decay: 30 },
  wsd_linear: { name: 'wsd', warmup: 10, decay: 25, shape: 'linear', warmupFrom: 0.1, final: 0.1 },
  wsd_1_sqrt: { name: 'wsd', warmup: 10, decay: 25, shape: '1-sqrt' },
  noam: { name: 'noam', warmup: 40, width: 512 },
}

describe('learning-rate schedules', () => {
  test('every case of the oracle is covered', () => {
    expect(cases.map(([name]) => name).sort()).toEqual(Object.keys(inputs).sort())
  })

  test.each(cases)('%s equals transformers at every step', (name, { value }) => {
    const learningRate = name === 'noam' ? 1 : oracle.lr
    const at = schedule(inputs[name], { learningRate, steps: oracle.steps })
    for (const [step, expected] of value.entries())
      expect(Math.abs(at(step) - expected), `step ${step}`).toBeLessThanOrEqual(1e-12 * Math.abs(expected) + 1e-18)
  })

  test("nanoGPT's: warm-up from 1/(w+1), cosine to a tenth, held afterwards", () => {
    const input = { name: 'cosine', warmup: 100, warmupFrom: 1 / 101, final: 0.1, steps: 2000 }
    const at = schedule(input, { learningRate: 1e-3, steps: 3000 })
    for (const step of [0, 1, 50, 99]) expect(at(step)).toBeCloseTo((1e-3 * (step + 1)) / 101, 12)
    for (const step of [100, 101, 1050, 1999, 2000]) {
      const height = 0.5 * (1 + Math.cos((Math.PI * (step - 100)) / 1900))
      expect(at(step)).toBeCloseTo(1e-4 + height * 9e-4, 12)
    }
    expect(at(2999)).toBe(1e-4)
  })

  test('schedules with an end stay there', () => {
    for (const name of ['linear', 'cosine', 'cosine_with_restarts', 'polynomial', 'wsd'] as const) {
      const input = { name, final: 0.25, ...(name === 'wsd' ? { decay: 5 } : {}) }
      const at = schedule(input, { learningRate: 1, steps: 10 })
      expect([at(10), at(11), at(1000)], name).toEqual([0.25, 0.25, 0.25])
      expect(at(0), name).toBe(1)
    }
  })

  test('what does not fit or is not known is refused', () => {
    const wsd = { name: 'wsd', warmup: 60, decay: 50 }
    expect(() => schedule(wsd, { learningRate: 1, steps: 100 })).toThrow(/60 steps of warm-up and 50 of decay/)
    expect(() => scheduleSchema.parse({ name: 'cosine', warmpu: 3 })).toThrow(/warmpu/)
    expect(() => scheduleSchema.parse({ name: 'cosinus' })).toThrow()
  })
})

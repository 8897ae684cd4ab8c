/** How parameters start: pure functions of (seed, site), so that a model's first weights depend on the seed alone. */
import { randomNormal, randomUniform } from '../base/random.ts'
import type { Init } from '../graph/op.ts'

export type { Init }

/** Normal with mean 0. */
export const normal = (deviation: number): Init => ({
  name: `normal(${deviation})`,
  fill: (out, _, seed, site) => {
    const values = randomNormal({ seed, purpose: 'weights', site }, out.length)
    for (let i = 0; i < out.length; i++) out[i] = deviation * values[i]!
  },
})

/** Uniform in [−bound, bound). */
export const uniform = (bound: number): Init => ({
  name: `uniform(${bound})`,
  fill: (out, _, seed, site) => {
    const values = randomUniform({ seed, purpose: 'weights', site }, out.length)
    for (let i = 0; i < out.length; i++) out[i] = bound * (2 * values[i]! - 1)
  },
})

/** One number everywhere. */
export const filled = (value: number): Init => ({ name: `filled(${value})`, fill: (out) => void out.fill(value) })

/** Dropout masks: the numbers of base/random.ts, with the right share of zeros, different everywhere. */
import { describe, expect, test } from 'vitest'
import { randomBits } from '../../base/random.ts'
import { createMasks } from './masks.ts'

const floats = (masks: ReturnType<typeof createMasks>, part = 0, mask = 0) =>
  masks.arrays[part]![mask]!.data as Float32Array

describe('dropout masks', () => {
  test.each([
    { seed: 0, step: 0, micro: 0, rate: 0.1, shape: [3, 7] },
    { seed: 2 ** 52 + 12_345, step: 2 ** 32 - 1, micro: 3, rate: 0.5, shape: [16] },
    { seed: 7, step: 123, micro: 65_535, rate: 1 / 3, shape: [1] },
    { seed: 1337, step: 9, micro: 1, rate: 1 - 1e-12, shape: [5, 5] },
  ])('equal Philox as written in TypeScript: $shape at $rate', async ({ seed, step, micro, rate, shape }) => {
    const masks = createMasks(
      [
        { shape: [40], rate: 0.2 },
        { shape, rate },
      ],
      2,
      seed,
    )
    await masks.fill(step, micro)
    for (const part of [0, 1]) {
      const mask = floats(masks, part, 1)
      const bits = randomBits({ seed, purpose: 'dropout', step, site: 2 + part + micro * 2 ** 16 }, mask.length)
      expect(mask).toEqual(Float32Array.from(bits, (word) => (word < rate * 2 ** 32 ? 0 : 1 / (1 - rate))))
    }
  })

  test('more than one slice is drawn as one', async () => {
    const masks = createMasks([{ shape: [2 ** 21 + 100], rate: 0.25 }], 1, 5)
    await masks.fill(1, 0)
    const bits = randomBits({ seed: 5, purpose: 'dropout', step: 1, site: 0 }, 200, 2 ** 21 - 100)
    expect(floats(masks).slice(2 ** 21 - 100)).toEqual(Float32Array.from(bits, (word) => (word < 2 ** 30 ? 0 : 4 / 3)))
  })

  test.each([0.1, 0.5, 0.9])('zeros are a share of %s, and the mean stays 1', async (rate) => {
    const masks = createMasks([{ shape: [1000, 1000], rate }], 1, 3)
    await masks.fill(0, 0)
    const mask = floats(masks)
    const zeros = mask.reduce((n, x) => n + Number(x === 0), 0)
    // Five standard deviations of a binomial.
    expect(Math.abs(zeros / 1e6 - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / 1e6))
    expect(mask.reduce((sum, x) => sum + x, 0) / 1e6).toBeCloseTo((1 - zeros / 1e6) / (1 - rate), 6)
  })

  test('every mask, part, step, micro-batch and seed has its own', async () => {
    const spec = { shape: [512], rate: 0.5 }
    const seen: string[] = []
    for (const [seed, step, micro] of [
      [1, 0, 0],
      [1, 1, 0],
      [1, 0, 1],
      [2, 0, 0],
    ] as const) {
      const masks = createMasks([spec, spec], 2, seed)
      await masks.fill(step, micro)
      for (const mask of masks.arrays.flat()) seen.push(mask.data.join())
    }
    expect(new Set(seen).size).toBe(16)
  })

  test('no masks need no memory', async () => {
    const masks = createMasks([], 2, 1)
    await masks.fill(0, 0)
    expect(masks.arrays).toEqual([[], []])
  })
})

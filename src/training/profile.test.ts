import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { nativeProblem } from '../runtime/native/library.ts'
import { nativeRuntime } from '../runtime/native/native.ts'
import { referenceRuntime } from '../runtime/reference.ts'
import { profileStep } from './profile.ts'
import { parseRecipe, type RecipeInput } from './recipe.ts'

const size = { layers: 2, heads: 2, width: 32 }
const recipe = (changes: RecipeInput = {}) =>
  parseRecipe({ model: size, contextLength: 16, batchSize: 4, gradientClip: 1, ...changes })
const few = { fewest: 6, most: 6 }
const vocabulary = 50

describe.skipIf(nativeProblem())('profile of a training step', () => {
  test.each([
    ['in two parts', recipe()],
    ['in one part', recipe({ splits: 1 })],
    ['of two micro-batches, with dropout', recipe({ gradientAccumulation: 2, model: { ...size, dropout: 0.1 } })],
  ])('stages %s add up to the step, rows to forward and backward', async (_, of) => {
    const { milliseconds, stages, rows, steps } = await profileStep(of, vocabulary, {
      runtime: nativeRuntime(),
      ...few,
    })
    expect(steps).toBe(3)
    const sum = Object.values(stages).reduce((total, x) => total + x)
    expect(sum / milliseconds).toBeCloseTo(1, 1)
    for (const value of Object.values(stages)) expect(value).toBeGreaterThanOrEqual(0)
    for (const name of ['forward', 'backward'] as const) {
      const own = rows.filter(({ direction }) => direction === name)
      expect(own.reduce((total, row) => total + row.milliseconds, 0)).toBeCloseTo(stages[name], 6)
    }
  })

  test('every kernel is traced to an op of the program and its module; products count their operations', async () => {
    const of = recipe({ gradientAccumulation: 2 })
    const { rows } = await profileStep(of, vocabulary, { runtime: nativeRuntime(), ...few })
    expect(rows.filter(({ op }) => op === '')).toEqual([])
    const modules = new Set(rows.map(({ module }) => module))
    for (const layer of [0, 1])
      for (const part of ['ln_1', 'attn', 'attn.c_attn', 'mlp.c_fc', 'mlp.c_proj'])
        expect(modules).toContain(`transformer.h.${layer}.${part}`)
    const flops = (direction: string) =>
      rows
        .filter((row) => row.module === 'transformer.h.1.mlp.c_fc' && row.direction === direction)
        .reduce((sum, row) => sum + row.flops, 0)
    const tokens = 2 * of.batchSize * of.contextLength
    expect(flops('forward')).toBe(2 * tokens * 4 * size.width ** 2)
    expect(flops('backward')).toBe(4 * tokens * 4 * size.width ** 2)
  })

  test('nothing is left on the disk, also when it is interrupted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pellucid-test-'))
    for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, folder)
    try {
      const signal = AbortSignal.abort(new Error('enough'))
      await expect(profileStep(recipe(), vocabulary, { runtime: nativeRuntime(), signal })).rejects.toThrow('enough')
      await profileStep(recipe(), vocabulary, { runtime: nativeRuntime(), ...few })
      expect(readdirSync(folder)).toEqual([])
    } finally {
      vi.unstubAllEnvs()
      rmSync(folder, { recursive: true })
    }
  })
})

test('a runtime that knows no times is refused with the one that does', async () => {
  await expect(profileStep(recipe(), vocabulary, { runtime: referenceRuntime() })).rejects.toThrow(
    'The runtime reference cannot say where time goes; use --runtime native.',
  )
})

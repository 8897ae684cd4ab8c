/** What a run will need: what can be counted is counted right, and too much is refused with numbers. */
import { describe, expect, test } from 'vitest'
import { memoryLimit } from '../base/memory.ts'
import { parameters as parametersOf } from '../nn/index.ts'
import { input } from '../ops/index.ts'
import { referenceRuntime } from '../runtime/reference.ts'
import { peakBytes, predictMemory } from './memory.ts'
import { objectives } from './objective.ts'
import { arenaBytes, createOptimizer, type OptimizerConfig, optimizerSchema } from './optimizers/index.ts'
import { describeModel } from './origin.ts'
import { parseRecipe, type RecipeInput } from './recipe.ts'

describe('peakBytes', () => {
  const x = input('x', [100], 'float32')
  test('a chain needs two results at a time, outputs and inputs are not counted', () => {
    expect(peakBytes([x])).toBe(0)
    expect(peakBytes([x.exp()])).toBe(0)
    expect(peakBytes([x.exp().exp()])).toBe(400)
    expect(peakBytes([x.exp().exp().exp().exp().exp()])).toBe(800)
  })
  test('what is read again at the end is kept until then', () => {
    const early = x.exp()
    expect(peakBytes([early.exp().exp().exp().add(early)])).toBe(1200)
    expect(peakBytes([early.add(early)])).toBe(400)
  })
})

/** A plan of a tiny model, changed as given. */
async function planOf(input: RecipeInput, { splits = 1 } = {}) {
  const recipe = parseRecipe({ contextLength: 16, batchSize: 4, ...input })
  const described = await describeModel(recipe, { size: 50 })
  return {
    network: described.format.definition.build(described.config),
    objective: objectives[recipe.objective],
    runtime: referenceRuntime(),
    optimizer: recipe.optimizer,
    seed: 1,
    batchSize: recipe.batchSize,
    splits,
    contextLength: recipe.contextLength,
    micros: recipe.gradientAccumulation,
  }
}
const tiny = { layers: 1, heads: 2, width: 64 }

describe('predictMemory', () => {
  const optimizers: RecipeInput['optimizer'][] = [
    { name: 'adamw' },
    { name: 'adam' },
    { name: 'sgd' },
    { name: 'sgd', momentum: 0.9 },
    { name: 'adafactor' },
    { name: 'adafactor', variant: 'torch' },
  ]
  test.each(optimizers.flatMap((optimizer) => [1, 2].map((micros) => [optimizer!, micros] as const)))(
    'counts what the arena of %j holds with %i micro-batches',
    async (optimizer, micros) => {
      const plan = await planOf({ model: tiny, optimizer, gradientAccumulation: micros }, { splits: 2 })
      const { state } = predictMemory(plan, undefined)
      const leaves = [...parametersOf(plan.network)].map(([name, { shape }]) => ({ name, shape: shape as number[] }))
      const config: OptimizerConfig = optimizerSchema.parse(optimizer)
      const bytes = arenaBytes(createOptimizer(config, leaves, { gradients: 2 * micros }).arena)
      // Slots are filled up to cache lines, memories to pages.
      expect(bytes).toBeGreaterThanOrEqual(state)
      expect(bytes - state).toBeLessThan(65_536 + 64 * 16 * leaves.length)
    },
  )

  test('activations grow with the batch, the context and dropout; parts do not change them much', async () => {
    const activations = async (input: RecipeInput, splits?: number) =>
      predictMemory(await planOf({ model: tiny, ...input }, { splits }), undefined).activations
    const one = await activations({})
    expect((await activations({ batchSize: 8 })) / one).toBeCloseTo(2, 1)
    expect((await activations({ contextLength: 256 })) / one).toBeGreaterThan(15)
    expect(await activations({ model: { ...tiny, dropout: 0.1 } })).toBeGreaterThan(one)
    expect((await activations({}, 2)) / one).toBeCloseTo(1, 1)
  })

  test('more than the limit is refused with both numbers', async () => {
    const limit = (bytes: number) => ({ bytes, source: 'free' })
    const plan = await planOf({ model: tiny })
    const { total, state } = predictMemory(plan, undefined)
    expect(predictMemory(plan, limit(total)).total).toBe(total)
    const refused = expect.objectContaining({ code: 'MEMORY', kind: 'failure' })
    expect(() => predictMemory(plan, limit(total - 1))).toThrow(refused)
    expect(() => predictMemory(plan, limit(total - 1))).toThrow(
      /^This run needs about \d+ MB of memory .*; \d+ MB is free\.\n/,
    )
    expect(() => predictMemory(plan, limit(state - 1))).toThrow(/needs more than 1 MB/)
  })
})

test('memoryLimit is what this process could have: more than it has, no more than the machine', () => {
  const limit = memoryLimit()!
  expect(limit.bytes).toBeGreaterThan(process.memoryUsage().rss)
  expect(limit.bytes).toBeLessThanOrEqual(process.getBuiltinModule('node:os').totalmem())
})

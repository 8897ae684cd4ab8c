/** Ten steps of GPT-2 with every optimizer against PyTorch and transformers, on every runtime. */
import { describe, expect, test } from 'vitest'
import { chooseRuntime, runtimeNames } from '../../src/runtime/choose.ts'
import type { NdArray } from '../../src/tensor/array.ts'
import { objectives } from '../../src/training/objective.ts'
import { optimizerSchema } from '../../src/training/optimizers/index.ts'
import { TrainingStep } from '../../src/training/step.ts'
import { matchWeights, parseConfig, readConfig, readParameters } from '../../src/weights/checkpoint.ts'
import { openWeights } from '../../src/weights/directory.ts'
import { type Arrays, differences, openOracle, tolerance } from './oracle.ts'

type Run = { args: Record<string, unknown>; loss: number[]; grad_norm: number[] }
const oracle = openOracle<{ grad_clip: number; optimisers: Record<string, Run> }>('training-gpt2')
const { optimisers, grad_clip } = oracle.expected
const batches = oracle.under('input.').get('batches')!
const [, rows, length] = batches.shape as [number, number, number]

/** The recorded optimizers in a recipe's words. */
const optimizers: Record<string, { name: string; [field: string]: unknown }> = {
  adamw: { name: 'adamw', learningRate: 1e-3, betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1 },
  adam: { name: 'adam', learningRate: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8 },
  sgd_momentum: { name: 'sgd', learningRate: 0.05, momentum: 0.9 },
  adafactor_torch: { name: 'adafactor', variant: 'torch', learningRate: 0.01 },
  adafactor_transformers: { name: 'adafactor', variant: 'transformers', learningRate: 1e-3, scaleParameter: false },
}

const withoutDropout = { resid_pdrop: 0, embd_pdrop: 0, attn_pdrop: 0 }

/**
 * Leaves out what the case names as not comparable: the key part of the attention's biases has a gradient of zero in exact arithmetic,
 * so the optimizers step along rounding noise there; transformers' Adafactor scales the whole bias by its own norm.
 */
function comparable(arrays: Arrays, optimizer: string): Arrays {
  return new Map(
    [...arrays].flatMap(([name, array]): [string, NdArray][] => {
      if (!name.endsWith('attn.c_attn.bias')) return [[name, array]]
      if (optimizer === 'adafactor_transformers') return []
      const third = array.shape[0]! / 3
      const data = (array.data as Float32Array).filter((_, i) => i < third || i >= 2 * third)
      return [[name, { ...array, shape: [2 * third], data }]]
    }),
  )
}

/** Relative. The biases that cannot be compared also move the gradients of transformers' Adafactor, float64 against float32 alike. */
const normNoise = (optimizer: string) => (optimizer === 'adafactor_transformers' ? 5e-4 : 1e-4)

test('every recorded optimizer is covered', () => {
  expect(Object.keys(optimizers)).toEqual(Object.keys(optimisers))
})

describe.each(runtimeNames)('training-gpt2 on the runtime %s', (name) => {
  /**
   * Whole batches, and two parts side by side. The noise in transformers' Adafactor depends on the order of sums, and moves the losses
   * by up to 1e-4 too: only the recorded order is compared.
   */
  const cases = Object.keys(optimizers).flatMap((optimizer) =>
    name === 'reference' || optimizer === 'adafactor_transformers'
      ? [[optimizer, 1] as const]
      : [[optimizer, 1] as const, [optimizer, 2] as const],
  )
  test.each(cases)('%s in %i parts: losses, gradient norms and final weights', async (optimizer, parts) => {
    const { file } = await readConfig(oracle.model)
    const described = parseConfig({ ...file, ...withoutDropout }, oracle.model)
    const checkpoint = matchWeights(described, await openWeights(oracle.model), oracle.model)
    const config = optimizerSchema.parse(optimizers[optimizer])
    const step = await TrainingStep.create({
      network: checkpoint.network,
      initial: await readParameters(checkpoint),
      objective: objectives['next-token'],
      runtime: await chooseRuntime(name, { threads: 1 }),
      optimizer: config,
      seed: 1,
      batchSize: rows,
      splits: parts,
      // The last token of a row has nothing to predict: the model's own shift of the labels drops it too.
      contextLength: length - 1,
      micros: 1,
    })
    const { loss: losses, grad_norm: norms } = optimisers[optimizer]!
    const ids = Int32Array.from(batches.data as BigInt64Array, Number)
    try {
      for (const [i, expected] of losses.entries()) {
        for (let row = 0; row < rows; row++) {
          const [part, place] = [Math.floor((row * parts) / rows), row % (rows / parts)]
          const start = (i * rows + row) * length
          objectives['next-token'].fill(step.batch(part), place, ids.subarray(start, start + length))
        }
        const loss = await step.accumulate(i, 0)
        const { gradientNorm } = await step.update(config.learningRate, grad_clip)
        expect(Math.abs(loss - expected), `loss of step ${i}`).toBeLessThan(tolerance.score())
        expect(Math.abs(gradientNorm / norms[i]! - 1), `gradient norm of step ${i}`).toBeLessThan(normNoise(optimizer))
      }
      const recorded = comparable(oracle.under(`final.${optimizer}.`), optimizer)
      expect(recorded.size).toBeGreaterThan(20)
      expect(differences(comparable(step.parameters, optimizer), recorded, tolerance.trained)).toEqual([])
    } finally {
      await step.dispose()
    }
  })
})

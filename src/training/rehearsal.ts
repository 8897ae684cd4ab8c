/** Steps of a recipe on random tokens, computed as a run computes them: for benchmarks and profiles. */
import { randomBits } from '../base/random.ts'
import type { Network } from '../models/definition.ts'
import { parameters as parametersOf, valuesIn } from '../nn/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { loadTokenizer } from '../tokenizers/index.ts'
import type { Described } from '../weights/checkpoint.ts'
import { type ComputedStep, computeStep, fillBatch } from './batches.ts'
import { objectives } from './objective.ts'
import { describeModel } from './origin.ts'
import type { Recipe } from './recipe.ts'
import { expectedTokens } from './recipe-tokenizers.ts'
import { splitsOf } from './splits.ts'
import { TrainingStep } from './step.ts'

/** Milliseconds of a step and of its stages, and the loss before its update. */
export type RehearsedStep = ComputedStep & {
  readonly total: number
  /** Clipping and the optimizer. */
  readonly update: number
}

export type Rehearsal = {
  readonly step: TrainingStep
  readonly network: Network
  readonly described: Described
  readonly parameters: number
  /** Parts that a micro-batch is computed in. */
  readonly splits: number
  /** The next step. */
  run(): Promise<RehearsedStep>
  dispose(): Promise<void>
}

/** Different batches; then they come again, so that a peer can be given the same ones. */
export const rehearsedBatches = 64

/** Windows of random ids [batchSize][window], the same for the same number modulo `rehearsedBatches`. */
export const drawRandom = ({ seed, batchSize, contextLength, objective }: Recipe, vocabulary: number, batch: number) =>
  Array.from({ length: batchSize }, (_, row) => {
    const place = { seed, purpose: 'data', step: batch % rehearsedBatches, site: row } as const
    return Int32Array.from(
      randomBits(place, objectives[objective].windowLength(contextLength)),
      (bits) => bits % vocabulary,
    )
  })

/** Characters of a text that nobody has given yet: as many as there are in tiny Shakespeare. */
const usualCharacters = 65

/** Tokens that the recipe's tokenizer will have, as far as that can be known without its text. */
export async function vocabularySizeOf(recipe: Recipe): Promise<number> {
  const { model, tokenizer } = recipe
  if (model.from !== undefined) {
    const { format, config } = await describeModel(recipe, { size: 1 })
    return format.definition.vocabulary(config)
  }
  if (tokenizer.type === 'file') return (await loadTokenizer(tokenizer.path)).vocabSize
  return expectedTokens(tokenizer, usualCharacters)
}

/** Makes the recipe's model for a vocabulary of this size, ready to train. Throws BAD_RECIPE. */
export async function rehearse(
  recipe: Recipe,
  vocabulary: number,
  { runtime, threads }: { runtime: Runtime; threads?: number | undefined },
): Promise<Rehearsal> {
  const described = await describeModel(recipe, { size: vocabulary })
  const network = described.format.definition.build(described.config)
  const parameters = valuesIn(parametersOf(network))
  const splits = splitsOf(recipe, parameters)
  const objective = objectives[recipe.objective]
  const { seed, batchSize, contextLength, gradientAccumulation: micros, optimizer, gradientClip } = recipe
  const sizes = { batchSize, splits, contextLength, micros }
  const step = await TrainingStep.create({ network, objective, runtime, optimizer, seed, ...sizes, threads })
  const batches = { recipe, objective, step, splits, window: objective.windowLength(contextLength) }
  let done = 0
  fillBatch(batches, drawRandom(recipe, vocabulary, 0))
  return {
    step,
    network,
    described,
    parameters,
    splits,
    async run() {
      const start = performance.now()
      const draw = (at: number, micro: number) => drawRandom(recipe, vocabulary, at * micros + micro)
      const micro = await computeStep(batches, done, draw)
      const updating = performance.now()
      await step.update(optimizer.learningRate, gradientClip)
      const end = performance.now()
      done++
      return { ...micro, total: end - start, update: end - updating }
    },
    dispose: () => step.dispose(),
  }
}

/** The training loop: a recipe in, events and a model directory out. */
import { ensureDirectory, writeJson } from '../base/atomic.ts'
import { conflict, usageError } from '../base/errors.ts'
import { kindOf, path, readJson } from '../base/files.ts'
import { openLineLog } from '../base/line-log.ts'
import { lockDirectory } from '../base/lock.ts'
import { Generator } from '../generation/generator.ts'
import { parameters as parametersOf } from '../nn/index.ts'
import { chooseRuntime, type RuntimeName } from '../runtime/choose.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Tokenizer } from '../tokenizers/index.ts'
import { configFile, type Described, parseConfig } from '../weights/checkpoint.ts'
import { formatOf } from '../weights/formats.ts'
import { checkpointSteps, type ModelFiles, restoreCheckpoint } from './checkpoints.ts'
import { findTexts, makeTokenizer, prepareTokens } from './data.ts'
import type { TrainEvent } from './events.ts'
import { loop } from './loop.ts'
import { objectives } from './objective.ts'
import { parseRecipe, type Recipe, type RecipeInput } from './recipe.ts'
import { TrainingStep } from './step.ts'

export type { TrainEvent }

export type TrainOptions = {
  /** The run's directory, which becomes the model directory; the recipe's `out`, or runs/model, unless given. */
  readonly out?: string
  /** Go on from the newest checkpoint in `out`. */
  readonly resume?: boolean
  /** Aborting ends the run after the current step, with a checkpoint. */
  readonly signal?: AbortSignal
  readonly runtime?: RuntimeName | Runtime
  readonly threads?: number
  readonly warn?: (message: string) => void
}

/** The model a recipe describes, for a vocabulary of this size. */
function describe(recipe: Recipe, tokenizer: Tokenizer): Described {
  const { type, config, ...size } = recipe.model
  const format = formatOf(type, 'recipe: model.type')
  const described = format.definition.configure({
    ...size,
    context: recipe.contextLength,
    vocabulary: tokenizer.vocabSize,
  })
  const eos = tokenizer.named.eos === undefined ? undefined : tokenizer.idOf(tokenizer.named.eos)
  const ends = { bos_token_id: eos ?? null, eos_token_id: eos ?? null }
  return parseConfig({ ...configFile(format, described), ...ends, ...config }, 'recipe: model.config')
}

/** How many parts a micro-batch is computed in: two keep two cores busier than one product shared by both, while weights are few. */
function splitsOf(recipe: Recipe, parameters: number): number {
  if (recipe.splits !== undefined) {
    if (recipe.batchSize % recipe.splits !== 0)
      throw usageError(
        'BAD_RECIPE',
        `recipe: splits is ${recipe.splits}, expected a divisor of batchSize (${recipe.batchSize}).`,
      )
    return recipe.splits
  }
  return recipe.batchSize % 2 === 0 && parameters < 20e6 ? 2 : 1
}

const recipeFile = 'run.json'

/** What of a recipe may not change when a run goes on: everything but its length and how often it reports. */
const fixed = ({
  steps: _,
  evaluation: __,
  checkpoint: ___,
  samples: ____,
  description: _____,
  $schema: ______,
  ...rest
}: Recipe) => rest

/** Refuses a run directory that belongs to another recipe, or that would be overwritten. */
async function openRun(out: string, recipe: Recipe, resume: boolean): Promise<void> {
  const file = path().join(out, recipeFile)
  const steps = await checkpointSteps(out)
  if (!(await kindOf(file))) {
    if (resume && !steps.length)
      throw usageError('NOTHING_TO_RESUME', `${out}: holds no run to resume. Start it without --resume.`)
    return
  }
  if (!resume)
    throw conflict(
      'RUN_EXISTS',
      `${out}: holds a run${steps.length ? ` with ${steps.at(-1)} steps` : ''}.\nGo on with --resume, or choose another --out.`,
    )
  const before = parseRecipe(((await readJson(file)) as { recipe: unknown }).recipe, file)
  const [old, now] = [fixed(before), fixed(recipe)] as [Record<string, unknown>, Record<string, unknown>]
  const changed = Object.keys(now).filter((key) => JSON.stringify(now[key]) !== JSON.stringify(old[key]))
  if (changed.length)
    throw conflict(
      'RECIPE_CHANGED',
      `${out}: the run was started with another recipe: ${changed
        .map((key) => `${key} ${JSON.stringify(old[key])} → ${JSON.stringify(now[key])}`)
        .join('; ')
        .slice(0, 400)}.\nResume with the same recipe, or start a new run in another --out.`,
    )
}

/**
 * Trains. Yields events as they happen; the directory `out` holds the best weights so far as a model directory, `checkpoints/` the
 * newest states, `metrics.jsonl` every number. The result depends on the recipe alone, not on threads, interruptions or the clock.
 * Throws usage errors for a bad recipe, RUN_EXISTS, RECIPE_CHANGED, DIRECTORY_IN_USE, NONFINITE_LOSS.
 */
export async function* train(input: RecipeInput, options: TrainOptions = {}): AsyncGenerator<TrainEvent> {
  const recipe = parseRecipe(input)
  const { out = recipe.out ?? 'runs/model', resume = false } = options
  await ensureDirectory(out)
  const lock = lockDirectory(out)
  try {
    await openRun(out, recipe, resume)
    yield* run(recipe, { ...options, out })
  } finally {
    lock.release()
  }
}

async function* run(recipe: Recipe, options: TrainOptions & { out: string }): AsyncGenerator<TrainEvent> {
  const { out, signal, threads } = options
  const runtime =
    typeof options.runtime === 'object'
      ? options.runtime
      : await chooseRuntime(options.runtime, { threads, warn: options.warn })
  const texts = await findTexts(recipe)
  const known = await kindOf(path().join(out, 'data', 'tokenizer.json'))
  const tokenizer = known
    ? await makeTokenizer({ ...recipe, tokenizer: { type: 'file', path: path().join(out, 'data') } }, texts)
    : await makeTokenizer(recipe, texts)
  if (!known) {
    await ensureDirectory(path().join(out, 'data'))
    await tokenizer.save(path().join(out, 'data'))
  }
  const data = await prepareTokens(path().join(out, 'data'), recipe, texts, tokenizer)
  const described = describe(recipe, tokenizer)
  const network = described.format.definition.build(described.config)
  const objective = objectives[recipe.objective]
  const window = objective.windowLength(recipe.contextLength)
  const parameterCount = [...parametersOf(network).values()].reduce(
    (n, x) => n + (x.shape as readonly number[]).reduce((a, b) => a * b, 1),
    0,
  )
  const splits = splitsOf(recipe, parameterCount)
  const step = await TrainingStep.create({
    network,
    objective,
    runtime,
    optimizer: recipe.optimizer,
    seed: recipe.seed,
    batchSize: recipe.batchSize,
    splits,
    contextLength: recipe.contextLength,
    micros: recipe.gradientAccumulation,
    threads,
  })
  const files: ModelFiles = {
    config: described.file,
    generation: { bos_token_id: described.file.bos_token_id, eos_token_id: described.file.eos_token_id },
    tokenizer,
  }
  await writeJson(path().join(out, recipeFile), {
    pellucid: 1,
    recipe,
    splits,
    parameters: parameterCount,
    runtime: runtime.name,
  })
  const restored = await restoreCheckpoint(out, step.parameters, step.optimizer)
  const log = openLineLog(path().join(out, 'metrics.jsonl'))
  const generator = new Generator(
    { ...described, network, parameters: parametersOf(network), constants: new Map(), warnings: [] },
    runtime,
    { tokenizer, threads, weights: Object.fromEntries(step.parameters) },
  )
  try {
    yield {
      type: 'start',
      recipe,
      parameters: parameterCount,
      vocabulary: tokenizer.vocabSize,
      data: texts.description,
      trainTokens: data.train.length,
      validationTokens: data.validation.length,
      bytesPerToken: data.bytesPerToken,
      step: restored?.step ?? 0,
      runtime: runtime.name,
    }
    yield* loop({
      recipe,
      out,
      step,
      data,
      window,
      files,
      log,
      generator,
      splits,
      signal,
      state: restored ?? { step: 0, seconds: 0 },
    })
  } finally {
    log.close()
    await generator.dispose()
    await step.dispose()
    await data.train.close()
    await data.validation.close()
  }
}

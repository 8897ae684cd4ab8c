/** The training loop: a recipe in, events and a model directory out. */
import { ensureDirectory } from '../base/atomic.ts'
import { conflict } from '../base/errors.ts'
import { fs, kindOf, path } from '../base/files.ts'
import { lockDirectory } from '../base/lock.ts'
import { version } from '../base/version.ts'
import { partSize } from '../datasets/text.ts'
import { Generator } from '../generation/generator.ts'
import { startId } from '../generation/special-ids.ts'
import { parameters as parametersOf } from '../nn/index.ts'
import { chooseRuntime, type RuntimeName } from '../runtime/choose.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { sizeOf } from '../tensor/array.ts'
import type { Tokenizer } from '../tokenizers/index.ts'
import { type RunConstants, setAsideAfter } from './checkpoints.ts'
import { findTexts, type Prepared, type Progress, prepareData, type Texts } from './data.ts'
import type { Resumed, TrainEvent } from './events.ts'
import { loop } from './loop.ts'
import { checkLength, objectives } from './objective.ts'
import { describeModel, readOrigin } from './origin.ts'
import { parseRecipe, type Recipe, type RecipeInput } from './recipe.ts'
import { type Change, changesBetween, isReported, plainRecipe } from './recipe-changes.ts'
import { checkConfig, findCheckpoint, restore, restoreBest, type Search } from './resume.ts'
import { checkPlace, recipeChanges, writeRun } from './run-directory.ts'
import { openRunLog, type RunLog } from './run-log.ts'
import { splitsOf } from './splits.ts'
import { TrainingStep } from './step.ts'

export type { TrainEvent }

export type TrainOptions = {
  /** The run's directory, which becomes the model directory; the recipe's `out`, or runs/model, unless given. */
  readonly out?: string
  /** Go on from the newest checkpoint in `out`, or from the checkpoint in this directory. */
  readonly resume?: boolean | string
  /** Where the newest checkpoint is damaged, go on from the newest sound one. */
  readonly allowFallback?: boolean
  /** Go on although the text is another; the tokenizer stays. */
  readonly allowDataChange?: boolean
  /** Aborting ends the run after the current step, with a checkpoint. */
  readonly signal?: AbortSignal
  readonly runtime?: RuntimeName | Runtime
  readonly threads?: number
  readonly warn?: (message: string) => void
}

/** Where a run is unless it says so. */
export const outOf = (recipe: { readonly out?: string | undefined }, out?: string): string =>
  out ?? recipe.out ?? 'runs/model'

/**
 * Trains. Yields events as they happen; the directory `out` holds the best weights so far as a model directory, `checkpoints/` the
 * newest states, `metrics.jsonl` every number. The result depends on the recipe alone, not on threads, interruptions or the clock.
 * Throws usage errors for a bad recipe, file errors for a bad text, RUN_EXISTS, RECIPE_CHANGED, DATA_CHANGED, DIRECTORY_IN_USE,
 * NONFINITE_LOSS.
 */
export async function* train(input: RecipeInput, options: TrainOptions = {}): AsyncGenerator<TrainEvent> {
  const recipe = parseRecipe(input)
  const out = outOf(recipe, options.out)
  // What can be refused is refused before anything is written.
  const texts = await findTexts(recipe)
  await describeModel(recipe, { size: 1 })
  const { from } = recipe.model
  if (from !== undefined && path().resolve(from) === path().resolve(out))
    throw conflict('OUT_IS_ORIGIN', `${out}: model.from would be overwritten. Choose another --out.`)
  const isNew = !(await kindOf(out))
  await ensureDirectory(out)
  const lock = lockDirectory(out)
  let began = false
  try {
    const resumption = await resumptionOf(recipe, { ...options, out })
    for await (const event of run(recipe, texts, { ...options, out, resumption })) {
      began ||= event.type === 'start'
      yield event
    }
  } finally {
    if (isNew && !began) await fs().promises.rm(out, { recursive: true, force: true })
    lock.release()
  }
}

type RunOptions = TrainOptions & { readonly out: string; readonly resumption: Resumption | undefined }

/** What is gone on with: a checkpoint if there is one, and what has changed since. */
type Resumption = Search & { readonly changes: readonly Change[] }

async function resumptionOf(
  recipe: Recipe,
  { out, resume = false, allowFallback = false }: TrainOptions & { readonly out: string },
): Promise<Resumption | undefined> {
  await checkPlace(out, resume !== false)
  if (resume === false) return undefined
  const search = await findCheckpoint(out, resume === true ? undefined : resume, allowFallback)
  return { ...search, changes: await recipeChanges(out, recipe, search.found) }
}

async function* run(recipe: Recipe, texts: Texts, options: RunOptions): AsyncGenerator<TrainEvent> {
  const { runtime: wanted, threads, warn } = options
  const runtime = typeof wanted === 'object' ? wanted : await chooseRuntime(wanted, { threads, warn })
  const data = yield* prepare(recipe, texts, options)
  if (!data) {
    yield { type: 'end', step: 0, reason: 'aborted', finished: false, seconds: 0, best: undefined }
    return
  }
  try {
    yield* runOn(data, recipe, texts.description, runtime, options)
  } finally {
    await data.train.close()
    await data.validation.close()
  }
}

async function* runOn(
  data: Prepared,
  recipe: Recipe,
  source: string,
  runtime: Runtime,
  { out, signal, threads, resumption, allowFallback }: RunOptions,
): AsyncGenerator<TrainEvent> {
  const { tokenizer } = data
  const objective = objectives[recipe.objective]
  const window = objective.windowLength(recipe.contextLength)
  checkLength(data.train, window, `${source}: the training part`)
  checkLength(data.validation, window, `${source}: the validation part (data.validation)`)
  const described = await describeModel(recipe, { size: tokenizer.vocabSize, eos: endOf(tokenizer) })
  const network = described.format.definition.build(described.config)
  const parameters = parametersOf(network)
  const parameterCount = [...parameters.values()].reduce((n, { shape }) => n + sizeOf(shape as readonly number[]), 0)
  const found = resumption?.found
  if (found) await checkConfig(found, described.file)
  const splits = splitsOf({ ...recipe, splits: recipe.splits ?? (found?.recipe.splits as number) }, parameterCount)
  const step = await TrainingStep.create({
    network,
    objective,
    runtime,
    optimizer: recipe.optimizer,
    seed: recipe.seed,
    initial: await readOrigin(recipe, described),
    batchSize: recipe.batchSize,
    splits,
    contextLength: recipe.contextLength,
    micros: recipe.gradientAccumulation,
    threads,
  })
  const checkpoint = { ...described, network, parameters, constants: new Map(), warnings: [] }
  const prompt = await samplePrompt(recipe, data, startId(checkpoint, tokenizer) !== undefined)
  const { bos_token_id, eos_token_id } = described.file
  const constants: RunConstants = {
    out,
    files: { config: described.file, generation: { bos_token_id, eos_token_id }, tokenizer },
    recipe: plainRecipe(recipe, splits),
    fingerprint: data.fingerprint,
    environment: { pellucid: version(), runtime: runtime.name, ...(await runtime.environment()) },
  }
  if (found) await restore(found, step.parameters, step.optimizer)
  const restored = found && { state: found.state, best: await restoreBest(found, constants) }
  if (resumption) await setAsideAfter(out, found?.state.step ?? -1)
  await writeRun(out, recipe, {
    data: data.fingerprint,
    splits,
    parameters: parameterCount,
    runtime: runtime.name,
  })
  const last = found?.state.step ?? 0
  const log = openRunLog(out, { step: last, metricsBytes: found?.state.metricsBytes ?? 0 }, allowFallback)
  const resumed = resumption && resumedOf(resumption, constants, log)
  const weights = Object.fromEntries(step.parameters)
  const generator = new Generator(checkpoint, runtime, { tokenizer, threads, weights })
  try {
    yield {
      type: 'start',
      recipe,
      model: inWords(recipe),
      parameters: parameterCount,
      vocabulary: tokenizer.vocabSize,
      data: source,
      trainTokens: data.train.length,
      validationTokens: data.validation.length,
      bytesPerToken: data.bytesPerToken,
      step: last,
      runtime: runtime.name,
      ...(resumed && { resumed }),
    }
    const reported = resumed?.changes.filter(isReported) ?? []
    if (reported.length > 0) log.change(last, reported)
    yield* loop({
      recipe,
      objective,
      step,
      splits,
      window,
      run: constants,
      data,
      log,
      generator,
      prompt,
      signal,
      restored,
    })
  } finally {
    log.close()
    await generator.dispose()
    await step.dispose()
  }
}

/** What is told of a run that goes on. */
function resumedOf(
  { found, changes, skipped }: Resumption,
  { environment, fingerprint }: RunConstants,
  log: RunLog,
): Resumed {
  const data = { field: 'data', from: found?.manifest.data, to: fingerprint }
  return {
    ...(found && { path: found.directory }),
    changes: [...changes, ...(found && data.from !== data.to ? [data] : [])],
    environment: found ? changesBetween(found.manifest.environment, environment) : [],
    skipped: [...skipped, ...(log.loss === undefined ? [] : [log.loss])],
  }
}

const endOf = (tokenizer: Tokenizer): number | undefined =>
  tokenizer.named.eos === undefined ? undefined : tokenizer.idOf(tokenizer.named.eos)

/** What samples go on from: the recipe's prompt, else the start of a text, else the first token of the validation text. */
async function samplePrompt({ samples }: Recipe, { tokenizer, validation }: Prepared, hasStart: boolean) {
  if (samples.prompt !== '') return tokenizer.encode(samples.prompt, { special: 'parse' }).ids
  if (hasStart) return ''
  const first = new Int32Array(1)
  validation.read(0, first)
  return [...first]
}

const inWords = ({ model }: Recipe): string =>
  model.from === undefined ? `${model.type} · ${model.layers} layers × ${model.width} wide` : `from ${model.from}`

/** Time between reports of a preparation that takes long, in milliseconds. */
const reportEvery = 250

/** Tokenizes the text, and says how far it is; undefined when aborted. */
async function* prepare(
  recipe: Recipe,
  texts: Texts,
  { out, resumption, signal, warn }: RunOptions,
): AsyncGenerator<TrainEvent, Prepared | undefined> {
  const stop = new AbortController()
  const total = [...texts.train, ...texts.validation].reduce((sum, part) => sum + partSize(part), 0)
  const progress: Progress = { stage: 'read', done: 0, total }
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const directory = path().join(out, 'data')
  const work = prepareData(directory, recipe, texts, resumption !== undefined, { progress, signal: either, warn })
  work.catch(() => {}) // It is awaited below; until then nobody listens.
  try {
    for (;;) {
      let stopWaiting = () => {}
      const late = new Promise<undefined>((resolve) => {
        const timer = setTimeout(() => resolve(undefined), reportEvery)
        stopWaiting = () => clearTimeout(timer)
      })
      const done = await Promise.race([work, late]).finally(() => stopWaiting())
      if (done) return done
      yield { type: 'prepare', ...progress }
    }
  } catch (error) {
    if (signal?.aborted) return undefined
    throw error
  } finally {
    stop.abort()
    await work.catch(() => {})
  }
}

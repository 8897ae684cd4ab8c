/** The training loop: a recipe in, events and a model directory out. */
import { ensureDirectory } from '../base/atomic.ts'
import { conflict } from '../base/errors.ts'
import { fs, kindOf, path } from '../base/files.ts'
import { lockDirectory } from '../base/lock.ts'
import { memoryLimit } from '../base/memory.ts'
import { version } from '../base/version.ts'
import { Generator } from '../generation/generator.ts'
import { startId } from '../generation/special-ids.ts'
import { parameters as parametersOf, valuesIn } from '../nn/index.ts'
import { chooseRuntime, type RuntimeName } from '../runtime/choose.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Tokenizer } from '../tokenizers/index.ts'
import { type RunConstants, setAsideAfter } from './checkpoints.ts'
import { findTexts, findTextsAgain, type Prepared, type Texts } from './data.ts'
import type { TrainEvent } from './events.ts'
import { loop } from './loop.ts'
import { predictMemory } from './memory.ts'
import { checkLength, objectives } from './objective.ts'
import { describeModel, readOrigin } from './origin.ts'
import { firstOverflow } from './overflow.ts'
import { prepare } from './preparation.ts'
import { parseRecipe, type Recipe, type RecipeInput } from './recipe.ts'
import { isReported, plainRecipe } from './recipe-changes.ts'
import { checkConfig, restore, restoreBest } from './resume.ts'
import { type ResumeOptions, type Resumption, resumedOf, resumptionOf } from './resumption.ts'
import { checkPlace, writeRun } from './run-directory.ts'
import { openRunLog } from './run-log.ts'
import { splitsOf } from './splits.ts'
import { TrainingStep } from './step.ts'

export type { TrainEvent }

export type TrainOptions = ResumeOptions & {
  /** The run's directory, which becomes the model directory; the recipe's `out`, or runs/model, unless given. */
  readonly out?: string | undefined
  /** Aborting ends the run after the current step, with a checkpoint. */
  readonly signal?: AbortSignal
  readonly runtime?: RuntimeName | Runtime
  readonly threads?: number
  /** Bytes that the run may need by its prediction; by default what the machine can give. */
  readonly maxMemory?: number
  /** Only say what would be trained, by the event `start`; a new directory is not kept. */
  readonly dryRun?: boolean
  readonly warn?: (message: string) => void
}

/** The directory of a run: as given, else that of the checkpoint to go on from, the recipe's, or runs/model. */
export function outOf(
  recipe: { readonly out?: string | undefined },
  { out, resume }: Pick<TrainOptions, 'out' | 'resume'>,
): string {
  if (out !== undefined) return out
  const { dirname, resolve } = path()
  return typeof resume === 'string' ? dirname(dirname(resolve(resume))) : (recipe.out ?? 'runs/model')
}

/**
 * Trains. Yields events as they happen; the directory `out` holds the best weights so far as a model directory, `checkpoints/` the
 * newest states, `metrics.jsonl` every number. The result depends on the recipe alone, not on threads, interruptions or the clock.
 * Throws usage errors for a bad recipe, file errors for a bad text, RUN_EXISTS, RECIPE_CHANGED, DATA_CHANGED, DIRECTORY_IN_USE,
 * CHECKPOINT_DAMAGED (and _NEWER, _OLD, _INCOMPLETE), MEMORY, NONFINITE_LOSS, and failures of the disk, after which every earlier
 * checkpoint is as it was.
 */
export async function* train(input: RecipeInput, options: TrainOptions = {}): AsyncGenerator<TrainEvent> {
  const recipe = parseRecipe(input)
  const out = outOf(recipe, options)
  const goesOn = (options.resume ?? false) !== false
  // What can be refused is refused before anything is written.
  if (goesOn) await checkPlace(out, true)
  const texts = goesOn ? await findTextsAgain(recipe, options.allowDataChange ?? false) : await findTexts(recipe)
  await describeModel(recipe, { size: 1 })
  const { from } = recipe.model
  if (from !== undefined && path().resolve(from) === path().resolve(out))
    throw conflict('OUT_IS_ORIGIN', `${out}: model.from would be overwritten. Choose another --out.`)
  const isNew = !(await kindOf(out))
  await ensureDirectory(out)
  const lock = lockDirectory(out)
  let began = false
  try {
    await checkPlace(out, goesOn)
    const resumption = await resumptionOf(recipe, out, options)
    for await (const event of run(recipe, texts, { ...options, out, resumption })) {
      began ||= event.type === 'start' && !options.dryRun
      yield event
    }
  } finally {
    if (isNew && !began) await fs().promises.rm(out, { recursive: true, force: true })
    lock.release()
  }
}

type RunOptions = TrainOptions & { readonly out: string; readonly resumption: Resumption | undefined }

async function* run(recipe: Recipe, texts: Texts | undefined, options: RunOptions): AsyncGenerator<TrainEvent> {
  const { runtime: wanted, threads, warn, signal, out, resumption } = options
  const runtime = typeof wanted === 'object' ? wanted : await chooseRuntime(wanted, { threads, warn })
  const data = yield* prepare(recipe, texts, out, resumption?.expected, { signal, warn })
  if (!data) {
    const { step = 0, best } = resumption?.found?.state ?? {}
    yield { type: 'end', step, reason: 'aborted', finished: false, seconds: 0, best }
    return
  }
  try {
    yield* runOn(data, recipe, runtime, options)
  } finally {
    await data.train.close()
    await data.validation.close()
  }
}

async function* runOn(
  data: Prepared,
  recipe: Recipe,
  runtime: Runtime,
  { out, signal, threads, resumption, allowFallback, maxMemory, dryRun }: RunOptions,
): AsyncGenerator<TrainEvent> {
  const { tokenizer } = data
  const objective = objectives[recipe.objective]
  const window = objective.windowLength(recipe.contextLength)
  checkLength(data.train, window, `${data.source}: the training part`)
  checkLength(data.validation, window, `${data.source}: the validation part (data.validation)`)
  const described = await describeModel(recipe, { size: tokenizer.vocabSize, eos: endOf(tokenizer) })
  const network = described.format.definition.build(described.config)
  const parameters = parametersOf(network)
  const parameterCount = valuesIn(parameters)
  const found = resumption?.found
  if (found) await checkConfig(found, described)
  const splits = splitsOf({ ...recipe, splits: recipe.splits ?? (found?.recipe.splits as number) }, parameterCount)
  const plan = {
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
  }
  const allowed = maxMemory === undefined ? memoryLimit() : { bytes: maxMemory, source: 'what --max-memory allows' }
  const memory = predictMemory(plan, allowed)
  const last = found?.state.step ?? 0
  const start = {
    type: 'start',
    recipe,
    model: inWords(recipe),
    parameters: parameterCount,
    vocabulary: tokenizer.vocabSize,
    data: data.source,
    trainTokens: data.train.length,
    validationTokens: data.validation.length,
    bytesPerToken: data.bytesPerToken,
    memory: memory.total,
    step: last,
    runtime: runtime.name,
  } as const
  if (dryRun) {
    yield start
    return
  }
  const initial = found ? undefined : await readOrigin(recipe, described)
  const step = await TrainingStep.create({ ...plan, initial }, memory.graph)
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
  const log = openRunLog(out, { step: last, metricsBytes: found?.state.metricsBytes ?? 0 }, allowFallback)
  const resumed = resumption && resumedOf(resumption, constants, log.loss)
  const weights = Object.fromEntries(step.parameters)
  const generator = new Generator(checkpoint, runtime, { tokenizer, threads, weights })
  try {
    yield { ...start, ...(resumed && { resumed }) }
    const reported = resumed?.changes.filter(isReported) ?? []
    if (reported.length > 0) log.change(last, reported)
    const { contextLength } = recipe
    const model = { network, objective, runtime, parameters: step.parameters, contextLength }
    const overflow = (windows: readonly Int32Array[]) => firstOverflow(model, windows)
    const batches = { recipe, objective, step, splits, window }
    yield* loop({ ...batches, run: constants, data, log, generator, prompt, signal, restored, firstOverflow: overflow })
  } finally {
    log.close()
    await generator.dispose()
    await step.dispose()
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

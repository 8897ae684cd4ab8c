/** The steps of a run: batches, updates, evaluations, samples, checkpoints. */
import type { Generator } from '../generation/generator.ts'
import type { Prompt } from '../generation/index.ts'
import { type Batches, computeStep, drawWindows, evaluateText, fillBatch, firstEvaluated } from './batches.ts'
import {
  type BestWeights,
  type RunConstants,
  type RunState,
  removeOutdated,
  saveCheckpoint,
  writeModel,
} from './checkpoints.ts'
import type { Prepared } from './data.ts'
import { checkFinite, explainLoss } from './divergence.ts'
import { hasRunOut, isBetter, notePatience } from './early-stopping.ts'
import type { TrainEvent } from './events.ts'
import type { RunLog } from './run-log.ts'
import { createSchedule } from './schedules.ts'

/** What the loop works with. */
export type Loop = Batches & {
  readonly run: RunConstants
  readonly data: Prepared
  readonly log: RunLog
  readonly generator: Generator
  /** What samples go on from. */
  readonly prompt: Prompt
  readonly signal: AbortSignal | undefined
  /** The first module whose output is not finite for one of these windows. */
  readonly firstOverflow: (windows: readonly Int32Array[]) => Promise<string | undefined>
  /** Where an earlier start left off, with its best weights; undefined for a new run. */
  readonly restored: { readonly state: RunState; readonly best: BestWeights | undefined } | undefined
}

/**
 * Runs the steps that are left. Aborting ends it after the current step, or in the middle of an evaluation, which a resumed run makes
 * up for. Throws NONFINITE_LOSS, after which nothing more is saved.
 */
export async function* loop(context: Loop): AsyncGenerator<TrainEvent> {
  const { recipe, run, step, data, log, signal, restored } = context
  const { out } = run
  const { steps, evaluation, checkpoint, samples, gradientAccumulation: micros } = recipe
  const rate = createSchedule(recipe.schedule, { learningRate: recipe.optimizer.learningRate, steps })
  const perStep = recipe.batchSize * recipe.contextLength * micros
  let { step: done, tokens, best, patience, unreported = false } = restored?.state ?? fresh
  let bestWeights = restored?.best
  let saved = restored?.state.step
  /** The learning rate of the step that was done last. */
  const lastRate = () => rate(Math.max(0, done - 1))
  const isDue = (every: number | undefined) => every !== undefined && (done % every === 0 || done === steps)
  const save = async (): Promise<TrainEvent> => {
    await checkFinite(`After step ${done}`, { rate: lastRate(), out }, step)
    const state: RunState = {
      step: done,
      tokens,
      seed: recipe.seed,
      ...(best && { best }),
      patience,
      ...(unreported && { unreported }),
      metricsBytes: log.metrics.bytes,
    }
    const content = { state, parameters: step.parameters, optimizer: step.optimizer, best: bestWeights }
    const path = await saveCheckpoint(run, content, log.metrics, checkpoint.keep)
    saved = done
    return { type: 'checkpoint', step: done, path }
  }

  /** Evaluates and, if nothing was better before, writes the model directory; undefined when aborted. */
  const measure = async (): Promise<TrainEvent | undefined> => {
    const loss = await evaluateText(context, data.validation, signal)
    const trainLoss = evaluation.train ? await evaluateText(context, data.train, signal) : undefined
    if (loss === undefined || (evaluation.train && trainLoss === undefined)) return undefined
    for (const [name, value, text] of [
      ['validation', loss, data.validation],
      ['training', trainLoss ?? 0, data.train],
    ] as const)
      if (!Number.isFinite(value))
        throw await explainLoss(`After step ${done} the ${name} loss is ${value}`, { rate: lastRate(), out }, step, {
          overflow: () => context.firstOverflow(firstEvaluated(context, text, recipe.batchSize)),
        })
    const better = isBetter(loss, best)
    patience = notePatience(patience, loss, evaluation.minimumImprovement)
    if (better) {
      await checkFinite(`After step ${done}`, { rate: lastRate(), out }, step)
      best = { loss, step: done }
      bestWeights = { step: done, digest: await writeModel(out, run.files, step.parameters) }
    }
    const event = { type: 'evaluation', step: done, loss, best: better, seconds: log.elapsed() } as const
    return log.record(trainLoss === undefined ? event : { ...event, trainLoss })
  }
  const sample = async (): Promise<TrainEvent> => {
    const { sequences } = await context.generator.complete(context.prompt, {
      maxNewTokens: samples.tokens,
      temperature: samples.temperature,
      seed: recipe.seed + done,
    })
    return log.record({ type: 'sample', step: done, text: sequences[0]!.text })
  }
  /** One update. */
  const update = async (): Promise<TrainEvent> => {
    const started = performance.now()
    const learningRate = rate(done)
    const draw = (at: number, micro: number) => drawWindows(context, data.train, at, micro)
    const { loss } = await computeStep(context, done, draw)
    const { gradientNorm, nonfinite } = await step.update(learningRate, recipe.gradientClip)
    if (!Number.isFinite(loss) || nonfinite !== undefined) {
      const what = `Step ${done + 1}: the loss is ${loss}, the gradient norm ${gradientNorm}`
      throw await explainLoss(what, { rate: learningRate, out }, step, {
        gradient: nonfinite,
        overflow: () => context.firstOverflow(Array.from({ length: micros }, (_, micro) => draw(done, micro)).flat()),
      })
    }
    done++
    tokens += perStep
    const tokensPerSecond = (1000 * perStep) / (performance.now() - started)
    const seconds = log.elapsed()
    return log.record({ type: 'step', step: done, loss, learningRate, gradientNorm, tokensPerSecond, seconds })
  }

  fillBatch(context, drawWindows(context, data.train, done, 0))
  const isOver = () => done >= steps || (!unreported && hasRunOut(patience, evaluation.patience))
  for (;;) {
    if (unreported) {
      if (isDue(evaluation.every)) {
        const measured = await measure()
        if (!measured) break
        yield measured
      }
      unreported = false
      saved = undefined
      if (isDue(samples.every)) yield await sample()
      if (done % checkpoint.every === 0 && !isOver()) yield await save()
    }
    if (isOver() || signal?.aborted) break
    yield await update()
    unreported = true
  }
  if (saved !== done || unreported) yield await save()
  // The last save may have been killed when all that it still had to do was this.
  else if (isOver()) await removeOutdated(out, done, checkpoint.keep)
  // Whatever happened, the directory can be loaded; a resumed run knows that this was not the best of anything.
  if (!best) await writeModel(out, run.files, step.parameters)
  const finished = !unreported && isOver()
  const reason = !finished ? 'aborted' : done >= steps ? 'finished' : 'stopped early'
  yield { type: 'end', step: done, reason, finished, seconds: log.elapsed(), best }
}

const fresh: Pick<RunState, 'step' | 'tokens' | 'best' | 'patience' | 'unreported'> = {
  step: 0,
  tokens: 0,
  patience: { waited: 0 },
}

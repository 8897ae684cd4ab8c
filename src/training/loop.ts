/** The steps of a run: batches, updates, evaluations, samples, checkpoints. */
import { nonfinite } from '../base/errors.ts'
import type { LineLog } from '../base/line-log.ts'
import type { Generator } from '../generation/generator.ts'
import type { Prompt } from '../generation/index.ts'
import { type Batches, drawWindows, evaluateText, fillBatch } from './batches.ts'
import { checkpointSteps, type ModelFiles, type RunState, saveCheckpoint, writeModel } from './checkpoints.ts'
import type { Prepared } from './data.ts'
import type { TrainEvent } from './events.ts'
import { createSchedule } from './schedules.ts'

/** What the loop works with. */
export type Loop = Batches & {
  readonly out: string
  readonly data: Prepared
  readonly files: ModelFiles
  readonly log: LineLog
  readonly generator: Generator
  /** What samples go on from. */
  readonly prompt: Prompt
  readonly signal: AbortSignal | undefined
  /** Where an earlier start left off; undefined for a new run. */
  readonly restored: RunState | undefined
}

/**
 * Runs the steps that are left. Aborting ends it after the current step, or in the middle of an evaluation, which a resumed run makes
 * up for. Throws NONFINITE_LOSS.
 */
export async function* loop(context: Loop): AsyncGenerator<TrainEvent> {
  const { recipe, out, step, data, files, log, signal, restored } = context
  const { steps, evaluation, checkpoint, samples, gradientAccumulation: micros } = recipe
  const rate = createSchedule(recipe.schedule, { learningRate: recipe.optimizer.learningRate, steps })
  const perStep = recipe.batchSize * recipe.contextLength * micros
  let { step: done, best, seconds, unreported = false }: RunState = restored ?? { step: 0, seconds: 0 }
  let saved = restored?.step
  const began = performance.now() - seconds * 1000
  const elapsed = () => (performance.now() - began) / 1000
  const isDue = (every: number | undefined) => every !== undefined && (done % every === 0 || done === steps)
  const record = <E extends TrainEvent>(event: E): E => {
    log.append(event)
    return event
  }
  const save = async (): Promise<TrainEvent> => {
    const state = { step: done, ...(best && { best }), ...(unreported && { unreported }), seconds: elapsed() }
    saved = done
    return {
      type: 'checkpoint',
      step: done,
      path: await saveCheckpoint(out, state, files, step.parameters, step.optimizer, checkpoint.keep),
    }
  }
  const stop = async (what: string, learningRate: number) => {
    const last = (await checkpointSteps(out)).at(-1)
    return nonfinite(
      'NONFINITE_LOSS',
      `${what}, learning rate ${learningRate}.\n` +
        `${last === undefined ? 'There is no checkpoint yet.' : `The checkpoint of step ${last} is kept in ${out}.`} ` +
        'Try a smaller learning rate, a longer warm-up or gradientClip.',
    )
  }

  /** Evaluates and, if nothing was better before, writes the model directory; undefined when aborted. */
  const measure = async (): Promise<TrainEvent | undefined> => {
    const loss = await evaluateText(context, data.validation, signal)
    const trainLoss = evaluation.train ? await evaluateText(context, data.train, signal) : undefined
    if (loss === undefined || (evaluation.train && trainLoss === undefined)) return undefined
    if (!Number.isFinite(loss)) throw await stop(`After step ${done} the validation loss is ${loss}`, rate(done))
    const better = !best || loss < best.loss
    if (better) {
      best = { loss, step: done }
      await writeModel(out, files, step.parameters)
    }
    const event = { type: 'evaluation', step: done, loss, best: better, seconds: elapsed() } as const
    return record(trainLoss === undefined ? event : { ...event, trainLoss })
  }
  const sample = async (): Promise<TrainEvent> => {
    const { sequences } = await context.generator.complete(context.prompt, {
      maxNewTokens: samples.tokens,
      temperature: samples.temperature,
      seed: recipe.seed + done,
    })
    return record({ type: 'sample', step: done, text: sequences[0]!.text })
  }
  /** One update. The next batch is read while this one is computed; its arrays are filled when they are free. */
  const update = async (): Promise<TrainEvent> => {
    const started = performance.now()
    const learningRate = rate(done)
    let loss = 0
    for (let micro = 0; micro < micros; micro++) {
      const [nextStep, nextMicro] = micro + 1 < micros ? [done, micro + 1] : [done + 1, 0]
      const running = step.accumulate(done, micro)
      const windows = drawWindows(context, data.train, nextStep, nextMicro)
      loss += (await running) / micros
      fillBatch(context, windows)
    }
    const { gradientNorm, nonfinite: tensor } = await step.update(learningRate, recipe.gradientClip)
    if (!Number.isFinite(loss) || tensor !== undefined)
      throw await stop(
        `Step ${done + 1}: the loss is ${loss}, gradient norm ${gradientNorm}${tensor ? `, first in ${tensor}` : ''}`,
        learningRate,
      )
    done++
    const tokensPerSecond = (1000 * perStep) / (performance.now() - started)
    return record({ type: 'step', step: done, loss, learningRate, gradientNorm, tokensPerSecond, seconds: elapsed() })
  }

  fillBatch(context, drawWindows(context, data.train, done, 0))
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
      if (done % checkpoint.every === 0 && done < steps) yield await save()
    }
    if (done >= steps || signal?.aborted) break
    yield await update()
    unreported = true
  }
  // Whatever happened, the directory can be loaded; a resumed run knows that this was not the best of anything.
  if (!best) await writeModel(out, files, step.parameters)
  if (saved !== done || unreported) yield await save()
  yield { type: 'end', step: done, finished: done >= steps, seconds: elapsed(), best }
}

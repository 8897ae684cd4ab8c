/** The steps of a run: batches, updates, evaluations, samples, checkpoints. */
import { nonfinite } from '../base/errors.ts'
import type { LineLog } from '../base/line-log.ts'
import type { TokenSequence } from '../datasets/tokens.ts'
import type { Generator } from '../generation/generator.ts'
import { type ModelFiles, type RunState, saveCheckpoint, writeModel } from './checkpoints.ts'
import type { Prepared } from './data.ts'
import type { TrainEvent } from './events.ts'
import { drawStarts, evaluationStarts, objectives } from './objective.ts'
import type { Recipe } from './recipe.ts'
import { createSchedule } from './schedules.ts'
import type { TrainingStep } from './step.ts'

/** What the loop works with. */
export type Loop = {
  recipe: Recipe
  out: string
  step: TrainingStep
  data: Prepared
  window: number
  files: ModelFiles
  log: LineLog
  generator: Generator
  splits: number
  signal: AbortSignal | undefined
  state: RunState
}

/** Runs the steps that are left. Throws NONFINITE_LOSS. */
export async function* loop(context: Loop): AsyncGenerator<TrainEvent> {
  const { recipe, out, step, files, log, signal } = context
  const { steps, evaluation, checkpoint, samples, gradientAccumulation: micros } = recipe
  const rate = createSchedule(recipe.schedule, { learningRate: recipe.optimizer.learningRate, steps })
  const perStep = recipe.batchSize * recipe.contextLength * micros
  let { step: done, best, seconds } = context.state
  const began = performance.now() - seconds * 1000
  const elapsed = () => (performance.now() - began) / 1000
  const record = <E extends TrainEvent>(event: E): E => {
    log.append(event)
    return event
  }
  const save = async (): Promise<TrainEvent> => {
    const state = { step: done, ...(best && { best }), seconds: elapsed() }
    return {
      type: 'checkpoint',
      step: done,
      path: await saveCheckpoint(out, state, files, step.parameters, step.optimizer, checkpoint.keep),
    }
  }

  /** Evaluates and, if nothing was better before, writes the model directory. */
  const measure = async (): Promise<TrainEvent> => {
    const loss = await evaluate(context, context.data.validation)
    const trainLoss = evaluation.train ? await evaluate(context, context.data.train) : undefined
    const better = !best || loss < best.loss
    if (better) {
      best = { loss, step: done }
      await writeModel(out, files, step.parameters)
    }
    const event = { type: 'evaluation', step: done, loss, best: better, seconds: elapsed() } as const
    return record(trainLoss === undefined ? event : { ...event, trainLoss })
  }

  let saved = done
  await fill(context, done, 0)
  while (done < steps && !signal?.aborted) {
    const started = performance.now()
    const learningRate = rate(done)
    let loss = 0
    for (let micro = 0; micro < micros; micro++) {
      const running = step.accumulate(done, micro)
      // The next batch is read while this one is computed; its arrays are filled when they are free.
      const next = micro + 1 < micros ? draw(context, done, micro + 1) : draw(context, done + 1, 0)
      const value = await running
      put(context, await next)
      loss += value / micros
    }
    const { gradientNorm, nonfinite: tensor } = await step.update(learningRate, recipe.gradientClip)
    if (!Number.isFinite(loss) || tensor !== undefined)
      throw nonfinite(
        'NONFINITE_LOSS',
        `Step ${done + 1}: the loss is ${loss}, gradient norm ${gradientNorm}${tensor ? `, first in ${tensor}` : ''}, learning rate ${learningRate}.\n` +
          `The last good checkpoint is kept in ${out}. Try a smaller learning rate, a longer warm-up or gradientClip.`,
      )
    done++
    seconds = elapsed()
    yield record({
      type: 'step',
      step: done,
      loss,
      learningRate,
      gradientNorm,
      tokensPerSecond: (1000 * perStep) / (performance.now() - started),
      seconds,
    })
    if (done % evaluation.every === 0 || done === steps) {
      yield await measure()
    }
    if (samples.every && (done % samples.every === 0 || done === steps)) {
      const { sequences } = await context.generator.complete(
        samples.prompt || (files.tokenizer.named.eos === undefined ? '\n' : ''),
        {
          maxNewTokens: samples.tokens,
          temperature: samples.temperature,
          seed: recipe.seed + done,
        },
      )
      yield record({ type: 'sample', step: done, text: sequences[0]!.text })
    }
    if (done % checkpoint.every === 0 && done < steps) {
      yield await save()
      saved = done
    }
  }
  if (!best) yield await measure()
  if (saved !== done) yield await save()
  yield { type: 'end', step: done, finished: done >= steps, seconds: elapsed(), best }
}

type Windows = { readonly windows: readonly Int32Array[] }

/** Reads the windows of a training micro-batch. */
async function draw({ recipe, data, window }: Loop, step: number, micro: number): Promise<Windows> {
  const starts = drawStarts({ seed: recipe.seed, step, site: micro }, recipe.batchSize, data.train, window)
  return { windows: await readWindows(data.train, starts, window) }
}

const readWindows = (text: TokenSequence, starts: readonly number[], window: number): Promise<Int32Array[]> =>
  Promise.all(
    starts.map(async (start) => {
      const ids = new Int32Array(window)
      await text.read(start, ids)
      return ids
    }),
  )

/** Puts windows into the arrays of the parts. */
function put({ recipe, step, splits }: Loop, { windows }: Windows): void {
  const rows = recipe.batchSize / splits
  for (const [i, ids] of windows.entries())
    objectives[recipe.objective].fill(step.batch(Math.floor(i / rows)), i % rows, ids)
}

async function fill(context: Loop, step: number, micro: number): Promise<void> {
  put(context, await draw(context, step, micro))
}

/** Mean loss over windows spread over a text. */
async function evaluate({ recipe, step, window }: Loop, text: TokenSequence): Promise<number> {
  const { batchSize, evaluation } = recipe
  const objective = objectives[recipe.objective]
  const limit = evaluation.batches === undefined ? undefined : evaluation.batches * batchSize
  const starts = evaluationStarts(text, window, limit)
  let total = 0
  for (let i = 0; i < starts.length; i += batchSize) {
    const windows = await readWindows(text, starts.slice(i, i + batchSize), window)
    for (let row = 0; row < batchSize; row++) {
      const ids = windows[row]
      if (ids) objective.fill(step.evaluationBatch, row, ids)
      else objective.blank(step.evaluationBatch, row)
    }
    total += (await step.evaluate()) * windows.length
  }
  return total / starts.length
}

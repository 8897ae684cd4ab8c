/** The numbers of a training run as a person follows them: recent loss, rate, time left, and the curve of the loss so far. */

import { memoryText } from '../base/memory.ts'
import type { Ending, Resumed } from '../training/events.ts'
import type { Recipe } from '../training/recipe.ts'
import { changeText } from '../training/recipe-changes.ts'
import type { TrainEvent } from '../training/train.ts'
import { count, duration } from './format.ts'

export type Of<T extends TrainEvent['type']> = Extract<TrainEvent, { type: T }>

/** As many points as the finest curve on a terminal could show. */
const bins = 200

export class TrainingProgress {
  readonly start: Of<'start'>
  readonly recipe: Recipe
  evaluation: Of<'evaluation'> | undefined
  readonly validation: [step: number, loss: number][] = []
  #step: number
  #loss = Number.NaN
  #rate = 0
  readonly #began = performance.now()
  /** Sums over the steps that share a point: [steps, sum of steps, sum of losses]. */
  readonly #sums: [number, number, number][] = []

  constructor(start: Of<'start'>) {
    this.start = start
    this.recipe = start.recipe
    this.#step = start.step
  }

  see(event: TrainEvent): void {
    if (event.type === 'evaluation') {
      this.evaluation = event
      this.validation.push([event.step, event.loss])
    }
    if (event.type !== 'step') return
    const done = event.step - this.start.step
    // A mean over about the last twentieth of the steps so far: steady late in a run, and not behind early in it.
    const fresh = Math.max(0.02, Math.min(1, 20 / done))
    this.#loss = done === 1 ? event.loss : this.#loss + fresh * (event.loss - this.#loss)
    this.#rate = done === 1 ? event.tokensPerSecond : this.#rate + 0.1 * (event.tokensPerSecond - this.#rate)
    this.#step = event.step
    const sum = (this.#sums[Math.floor(((event.step - 1) / this.recipe.steps) * bins)] ??= [0, 0, 0])
    sum[0]++
    sum[1] += event.step
    sum[2] += event.loss
  }

  get step(): number {
    return this.#step
  }

  /** Mean loss of the latest steps. */
  get loss(): string {
    return Number.isNaN(this.#loss) ? '…' : this.#loss.toFixed(3)
  }

  get rate(): string {
    return `${count(this.#rate)} tokens/s`
  }

  /** Time left, from the mean time of a step so far, evaluations and all. */
  get left(): string {
    const done = this.#step - this.start.step
    const seconds = (performance.now() - this.#began) / 1000
    return done < 3 ? '… left' : `${duration((seconds / done) * (this.recipe.steps - this.#step))} left`
  }

  /** Mean losses of neighboring steps, by step. */
  get curve(): [step: number, loss: number][] {
    return this.#sums.filter(Boolean).map(([n, steps, losses]) => [steps / n, losses / n])
  }

  /** What is trained on what. */
  get summary(): string[] {
    const { start, recipe } = this
    const perStep = recipe.batchSize * recipe.contextLength * recipe.gradientAccumulation
    return [
      `${start.model} · ${count(start.parameters)} parameters · vocabulary ${start.vocabulary} · ${start.runtime}`,
      `${start.data} · ${count(start.trainTokens)} training tokens`,
      `${recipe.steps} steps of ${count(perStep)} tokens · seed ${recipe.seed} · about ${memoryText(start.memory)} of memory` +
        (start.step ? ` · going on after step ${start.step}` : ''),
      ...(start.resumed ? resumption(start.resumed) : []),
    ]
  }
}

/** What is no longer as it was, and what was passed over. */
function resumption({ path, changes, environment, skipped }: Resumed): string[] {
  const others = environment.map(changeText).join('; ')
  return [
    ...skipped.map((what) => `passed over: ${what}`),
    ...(path === undefined ? ['there was no checkpoint: it begins again'] : []),
    ...changes.map((change) => `changed: ${change.field === 'data' ? 'the text' : changeText(change)}`),
    ...(others ? [`the last digits may differ from an undisturbed run's: ${others}`] : []),
  ]
}

const stages = { read: 'reading the text', learn: 'learning a tokenizer', tokenize: 'cutting the text into tokens' }

/** What is being prepared, and how far that is. */
export const preparation = ({ stage, done, total }: Of<'prepare'>): string =>
  `${stages[stage]}${stage === 'learn' ? '' : ` ${Math.floor((100 * done) / Math.max(1, total))} %`}`

/** How a run ended. */
export const ending = ({ reason, step, seconds, best }: Of<'end'>): string =>
  `${endings[reason]} after ${step} steps and ${duration(seconds)}` +
  (reason === 'stopped early' && best ? `; nothing was better than step ${best.step}` : '')

const endings: Record<Ending, string> = { finished: 'done', 'stopped early': 'stopped early', aborted: 'stopped' }

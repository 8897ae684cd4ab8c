/** What a training run looks like: a live panel on a terminal, plain lines elsewhere. */
import type { Recipe } from '../training/recipe.ts'
import type { TrainEvent } from '../training/train.ts'
import { chart } from './chart.ts'
import { painter } from './color.ts'
import type { Terminal } from './command.ts'
import { count, duration, truncate } from './format.ts'
import { hideCursor, showCursor } from './terminal.ts'

export type TrainingDisplay = { show(event: TrainEvent): void; close(): void }

type Of<T extends TrainEvent['type']> = Extract<TrainEvent, { type: T }>

/** Numbers that both forms show. */
type Progress = {
  start: Of<'start'>
  recipe: Recipe
  last?: Of<'step'>
  evaluation?: Of<'evaluation'>
  smooth: number
  rate: number
  began: number
}

const eta = ({ last, recipe, start, began }: Progress): string => {
  const done = (last?.step ?? 0) - start.step
  const left = recipe.steps - (last?.step ?? 0)
  return done < 2 ? '…' : duration(((performance.now() - began) / 1000 / done) * left)
}

/** Follows a run's numbers; the display only draws them. */
function follow(progress: Progress | undefined, event: TrainEvent): Progress | undefined {
  if (event.type === 'start')
    return { start: event, recipe: event.recipe, smooth: Number.NaN, rate: 0, began: performance.now() }
  if (!progress) return undefined
  if (event.type === 'step') {
    const keep = Number.isNaN(progress.smooth) ? 0 : 0.95
    progress.smooth = keep ? keep * progress.smooth + (1 - keep) * event.loss : event.loss
    progress.rate = progress.rate ? 0.9 * progress.rate + 0.1 * event.tokensPerSecond : event.tokensPerSecond
    progress.last = event
  } else if (event.type === 'evaluation') progress.evaluation = event
  return progress
}

const summary = ({ start, recipe }: Progress) =>
  `${start.model} · ${count(start.parameters)} parameters · vocabulary ${start.vocabulary}\n` +
  `${start.data} · ${count(start.trainTokens)} training tokens · ${recipe.steps} steps of ${count(recipe.batchSize * recipe.contextLength * recipe.gradientAccumulation)} tokens · seed ${recipe.seed} · ${start.runtime}`

const stages = { read: 'reading the text', learn: 'learning a tokenizer', tokenize: 'cutting the text into tokens' }
const preparation = ({ stage, done, total }: Of<'prepare'>) =>
  `${stages[stage]}${stage === 'learn' ? '' : ` ${Math.floor((100 * done) / Math.max(1, total))} %`}`

export const openTrainingDisplay = (terminal: Terminal): TrainingDisplay =>
  terminal.interactive ? livePanel(terminal) : plainLines(terminal)

/** One line every few seconds and for every evaluation, sample and checkpoint. */
function plainLines(terminal: Terminal): TrainingDisplay {
  let progress: Progress | undefined
  let shown = Number.NEGATIVE_INFINITY
  const line = (text: string) => terminal.out(`${text}\n`)
  return {
    show(event) {
      progress = follow(progress, event)
      if (event.type === 'prepare') {
        if (performance.now() - shown < 5000) return
        shown = performance.now()
        line(preparation(event))
      } else if (event.type === 'start')
        line(summary(progress!) + (event.step ? `\nresuming after step ${event.step}` : ''))
      else if (event.type === 'step') {
        if (performance.now() - shown < 5000 && event.step !== progress!.recipe.steps) return
        shown = performance.now()
        line(
          `step ${event.step}/${progress!.recipe.steps}  loss ${progress!.smooth.toFixed(4)}  ${count(progress!.rate)} tokens/s  ${eta(progress!)} left`,
        )
      } else if (event.type === 'evaluation')
        line(
          `step ${event.step}  validation loss ${event.loss.toFixed(4)}${event.trainLoss === undefined ? '' : `  training ${event.trainLoss.toFixed(4)}`}${event.best ? '  (best so far, saved)' : ''}`,
        )
      else if (event.type === 'sample')
        line(`step ${event.step}  sample: ${truncate(event.text.replace(/\s+/g, ' '), 160)}`)
      else if (event.type === 'checkpoint') line(`step ${event.step}  checkpoint ${event.path}`)
      else line(`${event.finished ? 'done' : 'stopped'} after ${event.step} steps and ${duration(event.seconds)}`)
    },
    close: () => {},
  }
}

/** A panel that is drawn over itself a few times a second. */
function livePanel(terminal: Terminal): TrainingDisplay {
  const paint = painter(terminal.color)
  const curve: [number, number][] = []
  const validation: [number, number][] = []
  const samples: { step: number; text: string }[] = []
  let progress: Progress | undefined
  let height = 0
  let drawn = 0

  const panel = (): string[] => {
    const p = progress!
    const width = Math.min(terminal.columns, 100)
    const done = p.last?.step ?? p.start.step
    const barWidth = Math.max(10, width - 24)
    const filled = Math.round((done / p.recipe.steps) * barWidth)
    const bar = `${paint.cyan('━'.repeat(filled))}${paint.dim('─'.repeat(barWidth - filled))}`
    const numbers = [
      `loss ${paint.bold(Number.isNaN(p.smooth) ? '…' : p.smooth.toFixed(3))}`,
      `validation ${paint.bold(p.evaluation ? p.evaluation.loss.toFixed(3) : '…')}`,
      `${paint.bold(count(p.rate))} tokens/s`,
      `${paint.bold(eta(p))} left`,
    ]
    const plot = chart(
      [
        { points: curve, paint: paint.blue },
        { points: validation, paint: paint.yellow },
      ],
      width - 2,
      8,
      p.recipe.steps,
    )
    const legend = `${' '.repeat(7)}${paint.blue('⠤ training')}  ${paint.yellow('⠤ validation')}${' '.repeat(4)}0 … ${p.recipe.steps} steps`
    const texts = samples
      .slice(-4)
      .map(
        ({ step, text }) =>
          `  ${paint.dim(String(step).padStart(6))}  ${truncate(text.replace(/\s+/g, ' ').trim(), width - 12)}`,
      )
    return [
      '',
      `  ${bar} ${done}/${p.recipe.steps}`,
      `  ${numbers.join('  ·  ')}`,
      '',
      ...plot.map((line) => `  ${line}`),
      legend,
      '',
      ...(texts.length ? [`  ${paint.dim('samples as it learns')}`, ...texts] : []),
    ]
  }
  const draw = () => {
    const lines = panel()
    const up = height ? `\x1b[${height}A` : ''
    terminal.out(`${up}${lines.map((line) => `\x1b[2K${line}`).join('\n')}\n`)
    height = lines.length
    drawn = performance.now()
  }
  return {
    show(event) {
      progress = follow(progress, event)
      if (event.type === 'prepare') terminal.out(`${hideCursor}\r\x1b[2K${preparation(event)}`)
      if (event.type === 'start')
        terminal.out(
          `${hideCursor}\r\x1b[2K${summary(progress!)}${event.step ? `\nresuming after step ${event.step}` : ''}\n`,
        )
      else if (event.type === 'step') curve.push([event.step, progress!.smooth])
      else if (event.type === 'evaluation') validation.push([event.step, event.loss])
      else if (event.type === 'sample') samples.push(event)
      if (progress && (event.type === 'step' ? performance.now() - drawn > 120 : event.type !== 'start')) draw()
      if (event.type === 'end')
        terminal.out(
          `\n  ${event.finished ? paint.green('done') : 'stopped'} after ${event.step} steps and ${duration(event.seconds)}\n`,
        )
    },
    close: () => terminal.out(showCursor),
  }
}

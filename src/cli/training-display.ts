/** What a training run looks like: a live panel on a terminal, plain lines elsewhere. */
import type { TrainEvent } from '../training/train.ts'
import type { Terminal } from './command.ts'
import { flat, truncate } from './layout.ts'
import { trainingPanel } from './training-panel.ts'
import { ending, preparation, TrainingProgress } from './training-progress.ts'

export type TrainingDisplay = {
  show(event: TrainEvent): void
  /** A line that is not about progress: a warning, say. */
  say(line: string): void
  close(): void
}

export const openTrainingDisplay = (terminal: Terminal): TrainingDisplay =>
  terminal.interactive ? trainingPanel(terminal) : plainLines(terminal)

/** Time between lines on steps, in milliseconds. */
const pause = 5000

/** One line every few seconds and for every evaluation, sample and checkpoint. */
function plainLines(terminal: Terminal): TrainingDisplay {
  let progress: TrainingProgress | undefined
  let shown = Number.NEGATIVE_INFINITY
  const line = (text: string) => terminal.out(`${text}\n`)
  const isTime = () => {
    if (performance.now() - shown < pause) return false
    shown = performance.now()
    return true
  }
  return {
    show(event) {
      progress?.see(event)
      if (event.type === 'prepare') {
        if (isTime()) line(preparation(event))
      } else if (event.type === 'start') {
        progress = new TrainingProgress(event)
        for (const text of progress.summary) line(text)
      } else if (event.type === 'step') {
        const { steps } = progress!.recipe
        if (isTime() || event.step === steps)
          line(`step ${event.step}/${steps}  loss ${progress!.loss}  ${progress!.rate}  ${progress!.left}`)
      } else if (event.type === 'evaluation')
        line(
          `step ${event.step}  validation loss ${event.loss.toFixed(4)}${event.trainLoss === undefined ? '' : `  training ${event.trainLoss.toFixed(4)}`}${event.best ? '  (best so far, saved)' : ''}`,
        )
      else if (event.type === 'sample') line(`step ${event.step}  sample: ${truncate(flat(event.text), 160)}`)
      else if (event.type === 'checkpoint') line(`step ${event.step}  checkpoint ${event.path}`)
      else line(ending(event))
    },
    say: (text) => terminal.note(`${text}\n`),
    close: () => {},
  }
}

/** The live panel of a training run: progress, numbers, curves and samples, drawn over itself a few times a second. */
import { chart } from './chart.ts'
import { painter } from './color.ts'
import type { Terminal } from './command.ts'
import { displayWidth, flat, truncate } from './layout.ts'
import { cursor } from './terminal.ts'
import type { TrainingDisplay } from './training-display.ts'
import { ending, type Of, preparation, TrainingProgress } from './training-progress.ts'

/** Time between two drawings, in milliseconds. */
const pause = 120
/** Rows of the curves and number of samples where there is room. */
const most = { curves: 8, samples: 4 }
const fewestCurveRows = 4

export function trainingPanel(terminal: Terminal): TrainingDisplay {
  const canvas = openCanvas(terminal)
  const samples: Of<'sample'>[] = []
  let progress: TrainingProgress | undefined
  let drawn = Number.NEGATIVE_INFINITY
  const draw = () => {
    if (progress) canvas.draw(panel(progress, samples, terminal))
    drawn = performance.now()
  }
  return {
    show(event) {
      progress?.see(event)
      if (event.type === 'prepare') canvas.draw([`  ${preparation(event)}`])
      else if (event.type === 'start') {
        progress = new TrainingProgress(event)
        canvas.print(progress.summary.map((line) => `  ${truncate(line, terminal.columns - 3)}`))
      } else if (event.type === 'sample') samples.push(event)
      else if (event.type === 'end') {
        draw()
        canvas.leave()
        terminal.out(`\n  ${ending(event)}\n`)
        return
      }
      if (event.type !== 'step' || performance.now() - drawn > pause) draw()
    },
    say(line) {
      canvas.print([line])
      draw()
    },
    close: () => canvas.leave(),
  }
}

/** The panel's lines, as many as fit on the terminal with the cursor below them. */
function panel(progress: TrainingProgress, samples: readonly Of<'sample'>[], terminal: Terminal): string[] {
  const paint = painter(terminal.color)
  const { recipe, evaluation, step } = progress
  const { steps } = recipe
  const width = Math.min(terminal.columns, 100) - 3
  const count = `${step}/${steps}`
  const barWidth = Math.max(4, width - count.length - 1)
  const filled = Math.round((step / steps) * barWidth)
  const words = [
    ['loss ', progress.loss],
    ['validation ', evaluation ? evaluation.loss.toFixed(3) : '…'],
    ['', progress.rate],
    ['', progress.left],
  ] as const
  const numbers: string[] = []
  let room = width
  for (const [name, value] of words) {
    room -= name.length + value.length + (numbers.length ? 5 : 0)
    if (room >= 0) numbers.push(`${name}${paint.bold(value)}`)
  }
  const lines = [
    '',
    `${paint.cyan('━'.repeat(filled))}${paint.dim('─'.repeat(barWidth - filled))} ${count}`,
    numbers.join('  ·  '),
  ]
  const left = terminal.rows - 1 - lines.length
  // The curves with a blank line and the legend, then the samples with a blank line and their title, each as far as there is room.
  const curveRows = Math.min(most.curves, Math.max(left - 2 - 3, Math.min(left - 2, fewestCurveRows)))
  if (curveRows >= fewestCurveRows) {
    const curves = [
      { points: progress.curve, paint: paint.blue },
      { points: progress.validation, paint: paint.yellow },
    ]
    const legend = `${paint.blue('training')}  ${paint.yellow('validation')}  loss over ${steps} steps`
    lines.push('', ...chart(curves, width, curveRows, steps), `${' '.repeat(7)}${legend}`)
  }
  const shown = Math.min(most.samples, terminal.rows - 1 - lines.length - 2)
  if (samples.length > 0 && shown > 0)
    lines.push(
      '',
      paint.dim('samples as it learns'),
      ...samples
        .slice(-shown)
        .map((sample) => `${paint.dim(String(sample.step).padStart(6))}  ${truncate(flat(sample.text), width - 8)}`),
    )
  return lines.slice(0, terminal.rows - 1).map((line) => (line ? `  ${line}` : ''))
}

/** Lines at the end of the output that can be drawn anew, with the cursor hidden below them. */
function openCanvas(terminal: Terminal) {
  let widths: number[] = []
  let columns = 0
  /** To the first line. A window made narrower has wrapped lines; where it has been resized nothing old is kept. */
  const back = () => {
    const rows = widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / terminal.columns)), 0)
    const up = Math.min(rows, terminal.rows - 1)
    const resized = columns !== 0 && columns !== terminal.columns
    columns = terminal.columns
    return `${up ? `\x1b[${up}A` : ''}\r${resized ? '\x1b[J' : ''}`
  }
  // All in one go, each line erased only behind its text: nothing flickers.
  const write = (lines: readonly string[]) =>
    terminal.out(`${cursor.hide}${back()}${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`)
  return {
    draw(lines: readonly string[]) {
      write(lines)
      widths = lines.map(displayWidth)
    },
    /** Puts lines above, where they stay. */
    print(lines: readonly string[]) {
      write(lines)
      widths = []
    },
    /** Leaves the lines as they are. */
    leave() {
      widths = []
      terminal.out(cursor.show)
    },
  }
}

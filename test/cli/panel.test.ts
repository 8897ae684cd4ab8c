/** The live panel on screens of several sizes: it is there once, fits, and tells the run's numbers. */
import { describe, expect, test, vi } from 'vitest'
import { openTrainingDisplay } from '../../src/cli/training-display.ts'
import type { TrainEvent } from '../../src/training/events.ts'
import { parseRecipe } from '../../src/training/recipe.ts'
import { Screen } from './screen.ts'
import { fakeTerminal } from './terminal.ts'

const steps = 400

/** A run whose loss falls from 6 to 2, evaluated and sampled now and then. */
function* events(): Generator<TrainEvent> {
  for (let done = 0; done <= 10; done++) yield { type: 'prepare', stage: 'tokenize', done, total: 10 }
  yield {
    type: 'start',
    recipe: parseRecipe({ steps }),
    model: 'gpt2 · 4 layers × 128 wide',
    parameters: 933_000,
    vocabulary: 1024,
    data: `a-rather-long-name-${'x'.repeat(90)}.txt (3000000 bytes)`,
    trainTokens: 648_000,
    validationTokens: 70_000,
    bytesPerToken: 4,
    memory: 250e6,
    step: 0,
    runtime: 'native',
  }
  for (let step = 1; step <= steps; step++) {
    const loss = 2 + 4 * Math.exp(-step / 60)
    yield { type: 'step', step, loss, learningRate: 1e-3, gradientNorm: 1, tokensPerSecond: 20_000, seconds: step / 20 }
    if (step % 50 !== 0) continue
    yield { type: 'evaluation', step, loss: loss + 0.1, best: true, seconds: step / 20 }
    yield { type: 'sample', step, text: `The cat\r\n\x1b[2J sat on the mat and ${'purred and '.repeat(20)}` }
  }
  yield { type: 'end', step: steps, reason: 'finished', finished: true, seconds: 20, best: { loss: 2.1, step: steps } }
}

const sizes = [
  { columns: 100, rows: 30 },
  { columns: 80, rows: 24 },
  { columns: 60, rows: 12 },
  { columns: 40, rows: 8 },
  { columns: 32, rows: 5 },
]

describe.each(sizes)('$columns × $rows', (size) => {
  const play = () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      const screen = new Screen(size)
      screen.write('$ pellucid train\n')
      const { terminal } = fakeTerminal({ interactive: true, color: true, size, onOut: (text) => screen.write(text) })
      const display = openTrainingDisplay(terminal)
      for (const event of events()) {
        display.show(event)
        if (event.type === 'step' && event.step === 200) display.say('A warning in between.')
        vi.advanceTimersByTime(50)
      }
      display.close()
      return screen
    } finally {
      vi.useRealTimers()
    }
  }

  test('the panel is on the screen once, under what was there before', () => {
    const { lines, cursorShown } = play()
    expect(lines[0]).toBe('$ pellucid train')
    const count = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length
    expect(count(/━/)).toBe(1)
    expect(count(/400\/400/)).toBe(1)
    expect(count(/loss \d/)).toBe(1)
    expect(count(/933k parameters/)).toBe(size.columns > 45 ? 1 : 0)
    expect(count(/A warning in between\./)).toBe(1)
    expect(count(/cutting the text/)).toBe(0)
    expect(lines.filter(Boolean).at(-1)).toBe('  done after 400 steps and 20s')
    expect(cursorShown).toBe(true)
  })

  test('lines fit, and as much is shown as there is room for', () => {
    const { lines } = play()
    for (const line of lines) expect(line.length).toBeLessThan(size.columns)
    expect(lines.filter((line) => line.includes('The cat [2J sat')).length).toBe(
      { 30: 4, 24: 4, 12: 0, 8: 2, 5: 0 }[size.rows],
    )
    expect(lines.filter((line) => line.includes('┤')).length).toBe({ 30: 8, 24: 8, 12: 4, 8: 0, 5: 0 }[size.rows])
  })
})

test('the curve goes from the first loss to the last, over the whole width', () => {
  const size = sizes[0]!
  const screen = new Screen(size)
  const { terminal } = fakeTerminal({ interactive: true, size, onOut: (text) => screen.write(text) })
  const display = openTrainingDisplay(terminal)
  for (const event of events()) display.show(event)
  const plot = screen.lines.filter((line) => line.includes('┤'))
  // Bins of two steps are averaged, so the ends are those of the first and the last two steps.
  expect(plot[0]).toMatch(new RegExp(`^ *${(2 + 4 * Math.exp(-1.5 / 60)).toFixed(2)} ┤`))
  expect(plot.at(-1)).toMatch(new RegExp(`^ *${(2 + 4 * Math.exp(-399.5 / 60)).toFixed(2)} ┤`))
  const columns = plot.map((line) => [...line.slice(line.indexOf('┤') + 1)])
  expect(columns[0]![0]).not.toBe(' ')
  expect(columns.at(-1)!.length).toBeGreaterThanOrEqual(size.columns - 3 - 6 - 1)
  // It falls: every column's topmost dot is no higher than that of the column before.
  const tops = Array.from({ length: 85 }, (_, x) => columns.findIndex((row) => row[x] !== undefined && row[x] !== ' '))
  for (let x = 1; x < tops.length; x++) expect(tops[x]).toBeGreaterThanOrEqual(tops[x - 1]!)
})

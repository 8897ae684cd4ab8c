/** A run's bytes depend on its recipe alone: not on threads, surroundings or clocks, and not on how often it was interrupted. */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RecipeInput } from '../../src/training/recipe.ts'
import { runAll } from '../../src/training/train.suite.ts'
import { bytesOf, type Conditions, exhaustive, openRuns, small, start, trainArguments } from './run.ts'

const runs = openRuns()
afterAll(() => runs.close())

describe('the same bytes', () => {
  /** Code that runs in the process before the program does. */
  const preloaded = (code: string) => ({ node: ['--import', `data:text/javascript,${encodeURIComponent(code)}`] })
  const elsewhere = runs.place('elsewhere')
  mkdirSync(elsewhere)
  const surroundings: Readonly<Record<string, Conditions & { argv?: readonly string[] }>> = {
    'with one thread': { argv: ['--threads', '1'] },
    'with two threads': { argv: ['--threads', '2'] },
    'from another directory': { cwd: elsewhere },
    'in another time zone': { env: { TZ: 'Pacific/Kiritimati' } },
    'in another locale': { env: { LC_ALL: 'tr_TR.UTF-8', LANG: 'ar_EG.UTF-8', LANGUAGE: 'tr' } },
    'in a process where others have drawn random numbers': preloaded(
      'for (let i = 0; i < 1001; i++) { Math.random(); crypto.getRandomValues(new Uint8Array(9)); crypto.randomUUID() }',
    ),
    'when random numbers are no longer random': preloaded('Math.random = () => 0.5'),
    'when the clock is years ahead and jumps back and forth': preloaded(
      'const { now } = Date; let n = 0; Date.now = () => now() + 1e12 + 1e9 * (n++ % 3 - 1);' +
        'const ticks = performance.now.bind(performance); performance.now = () => ticks() + 1e6 * (n++ % 3)',
    ),
    'with one thread for file work': { env: { UV_THREADPOOL_SIZE: '1' } },
  }

  test.each(Object.keys(surroundings))('%s', async (name) => {
    const { argv = [], ...conditions } = surroundings[name]!
    const out = runs.place()
    const finished = await start([...trainArguments(out, small), ...argv], conditions).finished
    expect(finished).toMatchObject({ code: 0, stderr: '' })
    expect(bytesOf(out)).toEqual(await runs.undisturbed(small))
  })

  test('beside processes that keep every core busy', async () => {
    const hogs = [1, 2].map(() => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }))
    try {
      const out = runs.place()
      expect(await start(trainArguments(out, small)).finished).toMatchObject({ code: 0, stderr: '' })
      expect(bytesOf(out)).toEqual(await runs.undisturbed(small))
    } finally {
      for (const hog of hogs) hog.kill()
    }
  })
})

describe('resumed is undisturbed', () => {
  const steps = exhaustive ? 200 : 24
  const base: RecipeInput = {
    ...small,
    steps,
    evaluation: { every: 6, batches: 2, train: true },
    checkpoint: { every: 4, keep: 1 },
    samples: { every: 8, tokens: 4 },
  }
  const adamw = { name: 'adamw', learningRate: 1e-2, weightDecay: 0.1 } as const
  const recipes: Readonly<Record<string, RecipeInput>> = {
    'two parts, AdamW': { ...base, splits: 2, optimizer: adamw },
    'one part, Adam': { ...base, splits: 1, optimizer: { name: 'adam', learningRate: 1e-2, weightDecay: 0.01 } },
    'SGD with momentum, characters': {
      ...base,
      tokenizer: { type: 'characters' },
      optimizer: { name: 'sgd', learningRate: 0.1, momentum: 0.9, weightDecay: 0.1 },
    },
    'Adafactor, byte pairs': {
      ...base,
      tokenizer: { type: 'bpe', vocabularySize: 300 },
      optimizer: { name: 'adafactor', learningRate: 1e-2 },
    },
    'no dropout, no accumulation, constant rate': {
      ...base,
      model: { ...base.model, dropout: 0 },
      gradientAccumulation: 1,
      gradientClip: undefined,
      schedule: { name: 'constant', warmup: 5 },
    },
    // No evaluation improves so much, so the run ends with its fourth.
    'stopped early': { ...base, evaluation: { every: 3, batches: 2, patience: 3, minimumImprovement: 5 } },
  }
  /** Steps after which a run that ends with step `last` is interrupted. */
  const cutLists: Readonly<Record<string, (last: number) => number[]>> = {
    'after the first step': () => [1],
    'between everything': () => [7],
    'at an evaluation': () => [6],
    'at a save': () => [8],
    'before the last step': (last) => [last - 1],
    twice: () => [5, 11],
    'five times': () => [2, 3, 6, 8, 11],
  }
  const cutNames = Object.keys(cutLists)

  describe.each(Object.keys(recipes))('%s', (name) => {
    const recipe = recipes[name]!
    let undisturbed: Record<string, string>
    let last: number
    beforeAll(async () => {
      const out = runs.place('whole')
      const events = await runAll(recipe, { out })
      last = (events.at(-1) as { step: number }).step
      undisturbed = bytesOf(out)
    })

    // Without time for all, each recipe is interrupted in a way of its own.
    const own = Object.keys(recipes).indexOf(name)
    const chosen = cutNames.filter((_, i) => exhaustive || i === (own + 1) % cutNames.length)
    test.each(chosen)('interrupted %s', async (when) => {
      const out = runs.place('cut')
      for (const [i, cut] of cutLists[when]!(last).entries()) {
        const events = await runAll(recipe, {
          out,
          resume: i > 0,
          stop: (event) => event.type === 'step' && event.step === cut,
        })
        expect(events.at(-1)).toMatchObject({ type: 'end', step: cut, finished: false })
      }
      const events = await runAll(recipe, { out, resume: true })
      expect(events.at(-1)).toMatchObject({ type: 'end', step: last })
      expect(bytesOf(out)).toEqual(undisturbed)
      runs.remove(out)
    })
  })
})

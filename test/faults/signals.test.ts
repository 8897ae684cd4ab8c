/** SIGINT and SIGTERM: once finishes the step and saves, twice ends at once; whatever comes, the run goes on from it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startHeld } from './gate.ts'
import { bytesOf, eventsOf, type Finished, goOn, openRuns, small, start, trainArguments } from './run.ts'
import { save } from './strace.ts'

const runs = openRuns()
afterAll(() => runs.close())

const codes = { SIGINT: 130, SIGTERM: 143 } as const
/** Longest time from a signal to the end, in milliseconds; a step takes some. */
const patience = 10_000

/** Sends a signal and waits for the end. */
async function ended(
  running: { child: { kill(signal: NodeJS.Signals): boolean }; finished: Promise<Finished> },
  signal: NodeJS.Signals,
) {
  running.child.kill(signal)
  const sent = performance.now()
  const finished = await running.finished
  expect(performance.now() - sent).toBeLessThan(patience)
  return finished
}

const typesAfter = (finished: Finished, step: number) =>
  eventsOf(finished).flatMap((event) => ('step' in event && event.step >= step ? [`${event.type} ${event.step}`] : []))

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s once: the step is finished, saved, and how to go on is said',
  async (signal) => {
    const recipe = {
      ...small,
      steps: 4000,
      evaluation: { every: 4000, batches: 2 },
      checkpoint: { every: 4000, keep: 2 },
    }
    const out = runs.place(signal)
    const running = start(trainArguments(out, recipe).filter((word) => word !== '--json'))
    await running.printed('step 20')
    const { code, stderr } = await ended(running, signal)
    expect({ code, stderr }).toEqual({
      code: codes[signal],
      stderr: `\nGo on with: pellucid train --resume --out ${out}\n`,
    })
    const { step } = eventsOf(await goOn(out, { ...recipe, steps: 1 }))[0] as { step: number }
    expect(step).toBeGreaterThanOrEqual(20)
  },
)

test('during a save: the save is completed', async () => {
  const out = runs.place()
  const held = await startHeld(trainArguments(out, small), { ...save, at: join(out, save.at) })
  held.child.kill('SIGTERM')
  held.open()
  const finished = await ended(held, 'SIGCONT')
  expect(finished.code).toBe(143)
  expect(typesAfter(finished, 4)).toEqual(['step 4', 'checkpoint 4', 'end 4'])
  expect((await goOn(out, small)).code).toBe(0)
  expect(bytesOf(out)).toEqual(await runs.undisturbed(small))
})

test('twice during a save: the end comes at once and the old checkpoint is untouched', async () => {
  const out = runs.place()
  const held = await startHeld(trainArguments(out, small), { ...save, at: join(out, save.at) })
  const before = bytesOf(join(out, 'checkpoints', 'step-2'))
  held.child.kill('SIGINT')
  held.child.kill('SIGTERM')
  held.open()
  const { code } = await ended(held, 'SIGCONT')
  expect([codes.SIGINT, codes.SIGTERM]).toContain(code)
  expect(bytesOf(join(out, 'checkpoints', 'step-2'))).toEqual(before)
  expect(existsSync(join(out, 'checkpoints', 'step-4'))).toBe(false)
  expect((await goOn(out, small)).code).toBe(0)
  expect(bytesOf(out)).toEqual(await runs.undisturbed(small))
})

test('during an evaluation: it is made up for', async () => {
  const recipe = { ...small, evaluation: { every: 3, train: true } }
  const out = runs.place()
  const running = start(trainArguments(out, recipe))
  await running.printed('"step":3,')
  const finished = await ended(running, 'SIGTERM')
  expect(finished.code).toBe(143)
  expect(typesAfter(finished, 3)).toEqual(['step 3', 'checkpoint 3', 'end 3'])
  expect((await goOn(out, recipe)).code).toBe(0)
  expect(bytesOf(out)).toEqual(await runs.undisturbed(recipe))
})

test('while the text is prepared: nothing half-made is left', async () => {
  const recipe = { ...small, data: { bytes: 3_000_000 }, tokenizer: { type: 'bpe', vocabularySize: 600 } } as const
  const out = runs.place()
  const running = start(trainArguments(out, recipe))
  await running.printed('"type":"prepare"')
  const finished = await ended(running, 'SIGINT')
  expect(finished).toMatchObject({ code: 130, stderr: '' })
  expect(eventsOf(finished).at(-1)).toMatchObject({ type: 'end', step: 0, finished: false })
  expect(existsSync(out)).toBe(false)
})

/** Early stopping: the rule on given losses, and runs that end by it. */
import { describe, expect, test } from 'vitest'
import type { RunState } from './checkpoints.ts'
import { hasRunOut, isBetter, notePatience } from './early-stopping.ts'
import type { TrainEvent } from './events.ts'
import type { RecipeInput } from './recipe.ts'
import { inFreshDirectory, metricsOf, outcomeOf, runAll, tiny } from './train.suite.ts'

describe('the rule', () => {
  /** After how many evaluations with these losses a run ends; undefined if it does not. */
  function endOf(losses: readonly number[], patience: number, minimumImprovement: number): number | undefined {
    let state: RunState['patience'] = { waited: 0 }
    for (const [i, loss] of losses.entries()) {
      state = notePatience(state, loss, minimumImprovement)
      if (hasRunOut(state, patience)) return i + 1
    }
    return undefined
  }
  test.each([
    ['falls for ever', [5, 4, 3, 2, 1], 1, 0, undefined],
    ['rises at once', [1, 2, 3], 1, 0, 2],
    ['an equal loss is no improvement', [1, 1, 1, 1], 2, 0, 3],
    ['waits again after each improvement', [5, 6, 4, 5, 3, 4, 4], 2, 0, 7],
    ['falls too slowly', [5, 4.9, 4.8, 4.7], 2, 0.5, 3],
    ['small steps add up', [5, 4.8, 4.6, 4.4, 4.2, 4], 3, 0.5, undefined],
    ['by exactly the minimum is not more than it', [5, 4.5, 4], 1, 0.5, 2],
    ['the reference is the last improvement, not the lowest loss', [5, 4.8, 4.9, 4.4], 3, 0.5, undefined],
  ] as const)('%s', (_, losses, patience, minimum, expected) => {
    expect(endOf(losses, patience, minimum)).toBe(expected)
  })
  test('the best weights are those of the lowest loss, however little lower', () => {
    expect(isBetter(1, undefined)).toBe(true)
    expect(isBetter(0.999, { loss: 1, step: 2 })).toBe(true)
    expect(isBetter(1, { loss: 1, step: 2 })).toBe(false)
  })
  test('without a patience it never ends', () => expect(hasRunOut({ waited: 1e6 }, undefined)).toBe(false))
})

describe('a run', () => {
  /** Learns fast at first, then demands the impossible: it stops after evaluations 1 … 1 + patience. */
  const impatient = (patience: number | undefined): RecipeInput => ({
    ...tiny,
    steps: 30,
    evaluation: { every: 3, batches: 1, patience, minimumImprovement: 100 },
    checkpoint: { every: 4, keep: 2 },
    samples: {},
  })
  const end = (events: TrainEvent[]) => events.at(-1)

  test('stops after as many evaluations without improvement, saves, and says so', () =>
    inFreshDirectory(async (out) => {
      const events = await runAll(impatient(2), { out })
      expect(end(events)).toMatchObject({ type: 'end', step: 9, reason: 'stopped early', finished: true })
      expect(events.at(-2)).toMatchObject({ type: 'checkpoint', step: 9 })
      expect(metricsOf(out).at(-1)).toMatchObject({ type: 'evaluation', step: 9 })
    }))

  test('cut at any step and resumed: the same end, byte for byte', () =>
    inFreshDirectory(async (out) => {
      await runAll(impatient(2), { out })
      const undisturbed = outcomeOf(out, 9)
      for (const cut of [2, 3, 6, 8, 9]) {
        const place = `${out}-${cut}`
        await runAll(impatient(2), { out: place, stop: (event) => event.type === 'step' && event.step === cut })
        expect(end(await runAll(impatient(2), { out: place, resume: true }))).toMatchObject({ reason: 'stopped early' })
        expect(outcomeOf(place, 9), `cut after ${cut}`).toEqual(undisturbed)
      }
    }))

  test('stays ended when resumed; with more patience it goes on, as far as if it had had it from the start', () =>
    inFreshDirectory(async (out) => {
      await runAll(impatient(2), { out })
      const before = outcomeOf(out, 9)
      const again = await runAll(impatient(2), { out, resume: true })
      expect(again.map(({ type }) => type)).toEqual(['start', 'end'])
      expect(end(again)).toMatchObject({ step: 9, reason: 'stopped early' })
      expect(outcomeOf(out, 9)).toEqual(before)
      expect(end(await runAll(impatient(4), { out, resume: true }))).toMatchObject({
        step: 15,
        reason: 'stopped early',
      })
      const patient = `${out}-patient`
      await runAll(impatient(4), { out: patient })
      expect(outcomeOf(out, 15).last).toMatchObject({
        'model.safetensors': outcomeOf(patient, 15).last['model.safetensors'],
        'optimizer.safetensors': outcomeOf(patient, 15).last['optimizer.safetensors'],
      })
      expect(end(await runAll({ ...impatient(undefined), steps: 17 }, { out, resume: true }))).toMatchObject({
        step: 17,
        reason: 'finished',
      })
    }))

  test.each([0, 1.5, -1])('a patience of %d is refused', async (patience) => {
    await expect(runAll(impatient(patience))).rejects.toThrow(`recipe: evaluation.patience is ${patience}, expected`)
  })
})

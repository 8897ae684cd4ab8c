/** Runs: the same numbers whatever happens to them, and what is refused. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadModel } from '../model.ts'
import { openCheckpoint, readParameters } from '../weights/checkpoint.ts'
import type { RecipeInput } from './recipe.ts'
import { inFreshDirectory, metricsOf, outcomeOf, runAll, tiny } from './train.suite.ts'
import { train } from './train.ts'

const steps = tiny.steps!
const code = (expected: string) => expect.objectContaining({ name: 'PellucidError', code: expected })

describe('the result depends on the recipe alone', () => {
  test('the same recipe twice, with one thread and with two', () =>
    inFreshDirectory(async (out) => {
      for (const [name, threads] of [
        ['a', undefined],
        ['b', undefined],
        ['one', 1],
        ['two', 2],
      ] as const)
        await runAll(tiny, { out: join(out, name), threads })
      const first = outcomeOf(join(out, 'a'), steps)
      for (const name of ['b', 'one', 'two']) expect(outcomeOf(join(out, name), steps), name).toEqual(first)
      await runAll({ ...tiny, seed: 8 }, { out: join(out, 'other') })
      expect(outcomeOf(join(out, 'other'), steps).last).not.toBe(first.last)
    }))

  test('interrupted after any step and resumed: the same bytes as undisturbed', () =>
    inFreshDirectory(async (out) => {
      const whole = join(out, 'whole')
      await runAll(tiny, { out: whole })
      const undisturbed = outcomeOf(whole, steps)
      // Before the first checkpoint, at one, at an evaluation, between, before the last step; and one run cut three times.
      for (const cuts of [[1], [4], [5], [7], [11], [2, 5, 9]]) {
        const place = join(out, cuts.join('-'))
        for (const [i, cut] of cuts.entries()) {
          const events = await runAll(tiny, {
            out: place,
            resume: i > 0,
            stop: (event) => event.type === 'step' && event.step === cut,
          })
          expect(events.at(-1)).toMatchObject({ type: 'end', step: cut, finished: false })
        }
        const events = await runAll(tiny, { out: place, resume: true })
        expect(events[0]).toMatchObject({ type: 'start', step: cuts.at(-1) })
        expect(outcomeOf(place, steps), `cut after ${cuts}`).toEqual(undisturbed)
      }
    }))

  test('killed without a word: goes on from the newest checkpoint, no step is logged twice', () =>
    inFreshDirectory(async (out) => {
      const whole = join(out, 'whole')
      await runAll(tiny, { out: whole })
      const killed = join(out, 'killed')
      for await (const event of train(tiny, { out: killed, warn: () => {} }))
        if (event.type === 'step' && event.step === 7) break
      expect(readdirSync(join(killed, 'checkpoints'))).toEqual(['step-4'])
      expect(metricsOf(killed).at(-1)).toMatchObject({ type: 'step', step: 7 })
      writeFileSync(join(killed, 'metrics.jsonl'), '{"type":"step","st', { flag: 'a' })
      const events = await runAll(tiny, { out: killed, resume: true })
      expect(events[0]).toMatchObject({ step: 4 })
      expect(outcomeOf(killed, steps)).toEqual(outcomeOf(whole, steps))
    }))

  test('a finished run is left as it is, or goes on with more steps', () =>
    inFreshDirectory(async (out) => {
      await runAll(tiny, { out })
      const before = outcomeOf(out, steps)
      const again = await runAll(tiny, { out, resume: true })
      expect(again.map(({ type }) => type)).toEqual(['start', 'end'])
      expect(outcomeOf(out, steps)).toEqual(before)
      const more = await runAll({ ...tiny, steps: 14 }, { out, resume: true })
      expect(more.filter(({ type }) => type === 'step').map((event) => 'step' in event && event.step)).toEqual([13, 14])
    }))
})

describe('what a run leaves', () => {
  test('events, a model directory that loads, checkpoints of the newest states', () =>
    inFreshDirectory(async (out) => {
      const events = await runAll(tiny, { out })
      const at = (type: string) =>
        events.flatMap((event) => (event.type === type && 'step' in event ? [event.step] : []))
      expect(at('step')).toEqual(Array.from({ length: steps }, (_, i) => i + 1))
      expect(at('evaluation')).toEqual([5, 10, 12])
      expect(at('sample')).toEqual([6, 12])
      expect(at('checkpoint')).toEqual([4, 8, 12])
      expect(readdirSync(join(out, 'checkpoints')).sort()).toEqual(['step-12', 'step-8'])
      expect(events.at(-1)).toMatchObject({ type: 'end', step: 12, finished: true })
      expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({
        data: JSON.parse(readFileSync(join(out, 'data', 'data.json'), 'utf8')).fingerprint,
        recipe: { steps: 12, optimizer: { betas: [0.9, 0.999] } },
      })
      for (const place of [out, join(out, 'checkpoints', 'step-8')]) {
        const model = await loadModel(place, { warn: () => {} })
        const { sequences } = await model.complete('The ', { maxNewTokens: 3, temperature: 0 })
        expect(sequences[0]!.ids.length).toBeGreaterThan(4)
        await model.dispose()
      }
    }))

  test('aborted before the first evaluation: still a model that loads', () =>
    inFreshDirectory(async (out) => {
      await runAll(tiny, { out, stop: ({ type }) => type === 'start' })
      expect(readdirSync(join(out, 'checkpoints'))).toEqual(['step-0'])
      const model = await loadModel(out, { warn: () => {} })
      expect(model.parameterCount).toBeGreaterThan(0)
      await model.dispose()
    }))

  test('dropout changes training and never the evaluation', () =>
    inFreshDirectory(async (out) => {
      const losses = async (dropout: number) => {
        const place = join(out, String(dropout))
        const still = {
          ...tiny,
          steps: 1,
          evaluation: { every: 1 },
          optimizer: { name: 'sgd', learningRate: 1e-30 }, // too small to move a float
        } as const
        await runAll({ ...still, model: { ...tiny.model, dropout } }, { out: place })
        return Object.fromEntries(metricsOf(place).map(({ type, loss }) => [type, loss])) as Record<string, number>
      }
      const [without, with02] = [await losses(0), await losses(0.2)]
      expect(with02.evaluation).toBe(without.evaluation)
      expect(with02.step).not.toBe(without.step)
      expect(Math.abs(with02.step! - without.step!)).toBeLessThan(0.1)
    }))
})

describe('going on from a model directory', () => {
  const further: RecipeInput = { ...tiny, model: {}, tokenizer: undefined, steps: 2, evaluation: { every: 1 } }
  test('starts with its weights, sizes and tokenizer', () =>
    inFreshDirectory(async (out) => {
      const [base, tuned] = [join(out, 'base'), join(out, 'tuned')]
      await runAll({ ...tiny, tokenizer: { type: 'bpe', vocabularySize: 300 } }, { out: base })
      const still = { ...further, optimizer: { name: 'sgd', learningRate: 1e-30 }, model: { from: base } } as const
      await runAll(still, { out: tuned })
      const read = async (directory: string) => await readParameters(await openCheckpoint(directory))
      expect(await read(tuned)).toEqual(await read(base))
      for (const name of ['tokenizer.json', 'config.json'])
        expect(readFileSync(join(tuned, name), 'utf8')).toBe(readFileSync(join(base, name), 'utf8'))
      await expect(runAll({ ...still, contextLength: 64 }, { out: join(out, 'long') })).rejects.toEqual(
        code('BAD_RECIPE'),
      )
      await expect(runAll(still, { out: base })).rejects.toEqual(code('OUT_IS_ORIGIN'))
      await runAll({ ...still, steps: 3 }, { out: tuned, resume: true })
    }))
  test.each([
    ['model.layers', { ...further, model: { from: 'x', layers: 2 } }],
    ['tokenizer', { ...further, model: { from: 'x' }, tokenizer: { type: 'bytes' } }],
  ] as const)('%s beside it is refused', async (field, recipe) => {
    await expect(runAll(recipe)).rejects.toThrow(`recipe: ${field} is given, but model.from (x) brings its own`)
  })
  test('a directory that is not there', () =>
    inFreshDirectory(async (out) => {
      await expect(runAll({ ...further, model: { from: join(out, 'no') } }, { out })).rejects.toEqual(
        code('FILE_NOT_FOUND'),
      )
      expect(existsSync(out)).toBe(false)
    }))
})

describe('refused', () => {
  test('starting over a run, another recipe, another text, nothing to resume, a directory in use', () =>
    inFreshDirectory(async (out) => {
      await expect(runAll(tiny, { out, resume: true })).rejects.toEqual(code('NOTHING_TO_RESUME'))
      expect(existsSync(out)).toBe(false)
      await runAll({ ...tiny, steps: 1 }, { out })
      await expect(runAll(tiny, { out })).rejects.toEqual(code('RUN_EXISTS'))
      await expect(runAll({ ...tiny, seed: 8 }, { out, resume: true })).rejects.toThrow(/seed 7 → 8/)
      await expect(runAll({ ...tiny, data: { bytes: 30_000 } }, { out, resume: true })).rejects.toEqual(
        code('RECIPE_CHANGED'),
      )
      for await (const event of train({ ...tiny, steps: 3 }, { out, resume: true, warn: () => {} })) {
        if (event.type !== 'step') continue
        await expect(runAll(tiny, { out, resume: true })).rejects.toEqual(code('DIRECTORY_IN_USE'))
      }
    }))

  test('a text that has changed', () =>
    inFreshDirectory(async (out) => {
      mkdirSync(out, { recursive: true })
      const [file, place] = [join(out, 'text.txt'), join(out, 'run')]
      const text = 'one two three four five six seven eight nine ten\n'.repeat(40)
      writeFileSync(file, text)
      const recipe = { ...tiny, data: { files: [file] } }
      await runAll({ ...recipe, steps: 1 }, { out: place })
      writeFileSync(file, text.replace('nine', 'mine'))
      await expect(runAll(recipe, { out: place, resume: true })).rejects.toEqual(code('DATA_CHANGED'))
      writeFileSync(file, text)
      await runAll({ ...recipe, steps: 2 }, { out: place, resume: true })
    }))

  test('what an aborted start has left is not mistaken for this run’s', () =>
    inFreshDirectory(async (out) => {
      await runAll({ ...tiny, steps: 1 }, { out })
      const rest = { ...tiny, steps: 1, data: { bytes: 10_000 } }
      rmSync(join(out, 'run.json'))
      const [start] = await runAll(rest, { out })
      expect(start).toMatchObject({ type: 'start', data: expect.stringMatching(/^built-in world \(10/) })
    }))

  test('a loss that is not finite', () =>
    inFreshDirectory(async (out) => {
      const wild = { ...tiny, gradientClip: undefined, optimizer: { name: 'sgd', learningRate: 1e30 } } as const
      const schedule = { name: 'constant' } as const
      await expect(runAll({ ...wild, schedule }, { out })).rejects.toEqual(code('NONFINITE_LOSS'))
      const early = { ...wild, schedule, evaluation: { every: 1 } }
      await expect(runAll(early, { out: `${out}2` })).rejects.toThrow(
        /After step 1 the validation loss is NaN, learning rate 1e\+30/,
      )
      expect(existsSync(join(`${out}2`, 'model.safetensors'))).toBe(false)
    }))

  test.each([
    [
      'TEXT_TOO_SHORT',
      'too short.txt',
      'a few words\n',
      /the training part has 10 tokens, too few for one window of 17/,
    ],
    ['EMPTY_DATA', 'empty.txt', '', /empty.txt: empty/],
    [
      'BAD_UTF8',
      'latin.txt',
      Buffer.concat([Buffer.from('x'.repeat(70_000)), Buffer.from([0xe4, 0x20])]),
      /not UTF-8 at byte 70000 /,
    ],
    ['FILE_NOT_FOUND', 'missing.txt', undefined, /missing.txt/],
    ['IS_A_DIRECTORY', '.', undefined, /is a directory/],
  ] as const)('%s', async (expected, name, content, message) =>
    inFreshDirectory(async (out) => {
      const folder = `${out}-data`
      mkdirSync(folder)
      if (content !== undefined) writeFileSync(join(folder, name), content)
      const failed = runAll({ ...tiny, data: { files: [join(folder, name)] } }, { out })
      await expect(failed).rejects.toEqual(code(expected))
      await expect(failed).rejects.toThrow(message)
      expect(existsSync(out), 'nothing is left').toBe(false)
    }),
  )
})

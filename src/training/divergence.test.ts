/** Runs that leave the finite numbers: they stop within the step, say where, and leave only what was finite. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCheckpoint, readParameters } from '../weights/checkpoint.ts'
import { countNonFinite } from '../weights/non-finite.ts'
import type { RecipeInput } from './recipe.ts'
import { findCheckpoint } from './resume.ts'
import { inFreshDirectory, metricsOf, runAll, tiny } from './train.suite.ts'

const wild = (change: RecipeInput): RecipeInput => ({
  ...tiny,
  gradientClip: undefined,
  optimizer: { name: 'sgd', learningRate: 1e30 },
  schedule: { name: 'constant' },
  evaluation: { every: 100, batches: 1 },
  ...change,
})
const error = (run: Promise<unknown>) =>
  run.then(
    () => expect.unreachable('the run should have failed'),
    (caught: Error & { code: string; kind: string }) => caught,
  )

describe('a loss that is not finite', () => {
  test('in training: the message names step, learning rate, gradient norm and the module', () =>
    inFreshDirectory(async (out) => {
      const { code, kind, message } = await error(runAll(wild({ checkpoint: { every: 1 } }), { out }))
      expect([code, kind]).toEqual(['NONFINITE_LOSS', 'nonfinite'])
      expect(message).toMatch(/^Step 2: the loss is NaN, the gradient norm NaN, learning rate 1e\+30;\n/)
      expect(message).toMatch(
        /every parameter is finite, the output of transformer\.h\.0\.\S+ is the first that is not; the gradient of \S+ is/,
      )
      expect(message).toMatch(new RegExp(`The checkpoint of step 1 is kept in ${out}. Try a smaller learning rate`))
      expect(message.split('\n').length).toBe(3)
      expect(
        metricsOf(out).map(({ step }) => step),
        'the step that failed is not one',
      ).toEqual([1])
    }))

  test('in an evaluation: no model is written of it', () =>
    inFreshDirectory(async (out) => {
      const { message } = await error(runAll(wild({ evaluation: { every: 1, batches: 1 } }), { out }))
      expect(message).toMatch(
        /^After step 1 the validation loss is NaN, learning rate 1e\+30;\nevery parameter is finite/,
      )
      expect(existsSync(join(out, 'model.safetensors'))).toBe(false)
      expect(existsSync(join(out, 'checkpoints'))).toBe(false)
    }))

  test('with weights that are infinite: the parameter is named', () =>
    inFreshDirectory(async (out) => {
      const { message } = await error(runAll(wild({ optimizer: { name: 'sgd', learningRate: 1e300 } }), { out }))
      expect(message).toMatch(
        /^Step 2: .*\n\d+ of \d+ numbers of the parameter transformer\.wte\.weight are not finite/,
      )
    }))
})

describe('weights that are not finite are never saved', () => {
  test.each([
    ['as a checkpoint', { checkpoint: { every: 1 } }],
    ['at the end', { steps: 1 }],
  ] as [string, RecipeInput][])('%s', (_, change) =>
    inFreshDirectory(async (out) => {
      const unbounded = wild({ optimizer: { name: 'sgd', learningRate: 1e300 }, evaluation: { every: 1e6 }, ...change })
      const run = runAll(unbounded, { out, stop: ({ type }) => type === 'step' })
      expect((await error(run)).message).toMatch(
        /^After step 1, learning rate 1e\+300: \d+ of \d+ numbers of \S+ are not|After step 1 the/,
      )
      expect(existsSync(join(out, 'checkpoints'))).toBe(false)
      expect(existsSync(join(out, 'model.safetensors'))).toBe(false)
    }),
  )

  test('the newest good checkpoint stays as it was, and a smaller learning rate goes on from it', () =>
    inFreshDirectory(async (out) => {
      await runAll({ ...tiny, steps: 4 }, { out })
      const directory = join(out, 'checkpoints', 'step-4')
      const files = () => readdirSync(directory).map((name) => readFileSync(join(directory, name), 'hex'))
      const before = files()
      const higher: RecipeInput = { ...tiny, optimizer: { ...tiny.optimizer!, learningRate: 1e30 } as never }
      const { kind } = await error(runAll(higher, { out, resume: true }))
      expect(kind).toBe('nonfinite')
      expect(files()).toEqual(before)
      const { found } = await findCheckpoint(out, undefined, false)
      expect(found!.state.step).toBe(4)
      const events = await runAll(tiny, { out, resume: true })
      expect(events.at(-1)).toMatchObject({ step: 12, finished: true })
      for (const array of (await readParameters(await openCheckpoint(out))).values())
        expect(countNonFinite(array)).toBe(0)
    }))
})

/** Going on with a run whose recipe or text has changed: what is refused, and what is written down. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RecipeInput } from './recipe.ts'
import { flip, openCutRun } from './resume.suite.ts'
import { inFreshDirectory, metricsOf, outcomeOf, runAll, tiny } from './train.suite.ts'

const steps = tiny.steps!
const code = (expected: string) => expect.objectContaining({ name: 'PellucidError', code: expected })
const fixed = { model: tiny.model!, data: tiny.data! }

let run: Awaited<ReturnType<typeof openCutRun>>
beforeAll(async () => {
  run = await openCutRun()
}, 60_000)
afterAll(() => run.remove())

describe('a recipe that has changed', () => {
  test.each([
    [{ ...fixed, model: { ...tiny.model, layers: 2 } }, 'model.layers 1 → 2'],
    [{ ...fixed, model: { ...tiny.model, width: 32, heads: 4 } }, 'model.heads 2 → 4; model.width 16 → 32'],
    [{ model: { ...tiny.model, dropout: 0 } }, 'model.dropout 0.2 → 0'],
    [
      { model: { ...tiny.model, config: { layer_norm_epsilon: 1e-6 } } },
      'model.config.layer_norm_epsilon nothing → 0.000001',
    ],
    [{ tokenizer: { type: 'characters' } }, 'tokenizer.type "bytes" → "characters"'],
    [{ tokenizer: { type: 'bpe', vocabularySize: 300 } }, 'tokenizer.vocabularySize nothing → 300'],
    [{ seed: 8 }, 'seed 7 → 8'],
    [{ batchSize: 8 }, 'batchSize 4 → 8'],
    [{ contextLength: 8 }, 'contextLength 16 → 8'],
    [{ gradientAccumulation: 1 }, 'gradientAccumulation 2 → 1'],
    [{ gradientClip: undefined }, 'gradientClip 0.5 → nothing'],
    [{ splits: 4 }, 'splits 2 → 4'],
    [{ data: { bytes: 30_000 } }, 'data.bytes 20000 → 30000'],
    [{ data: { ...tiny.data, validation: 0.2 } }, 'data.validation 0.1 → 0.2'],
    [{ optimizer: { ...tiny.optimizer, weightDecay: 0 } }, 'optimizer.weightDecay 0.1 → 0'],
    [{ optimizer: { ...tiny.optimizer, betas: [0.8, 0.9] } }, 'optimizer.betas [0.9,0.999] → [0.8,0.9]'],
    [{ optimizer: { name: 'sgd' } }, 'optimizer.name "adamw" → "sgd"'],
  ] as [RecipeInput, string][])('%#: %o', (change, difference) =>
    run.withCopy(async (out) => {
      const resumed = runAll({ ...tiny, ...change }, { out, resume: true })
      await expect(resumed).rejects.toEqual(code('RECIPE_CHANGED'))
      await expect(resumed).rejects.toThrow(difference)
    }),
  )

  test('length, schedule, learning rate and reports may change: it is told and written down, also after a kill', () =>
    run.withCopy(async (out) => {
      const change: RecipeInput = {
        ...tiny,
        steps: 14,
        optimizer: { ...tiny.optimizer!, learningRate: 1e-3 },
        schedule: { name: 'linear', warmup: 3 },
        checkpoint: { every: 6, keep: 3 },
      } as RecipeInput
      const expected = [
        { field: 'steps', from: 12, to: 14 },
        { field: 'optimizer.learningRate', from: 1e-2, to: 1e-3 },
        { field: 'schedule.name', from: 'cosine', to: 'linear' },
        { field: 'schedule.cycles', from: 0.5 },
      ]
      // Ended before anything is saved, and gone on with once more.
      await runAll(change, { out, resume: true, stop: ({ type }) => type === 'start' })
      const [start] = await runAll(change, { out, resume: true })
      expect(start).toMatchObject({
        resumed: {
          changes: [
            ...expected,
            { field: 'checkpoint.every', from: 4, to: 6 },
            { field: 'checkpoint.keep', from: 2, to: 3 },
          ],
        },
      })
      const metrics = metricsOf(out)
      expect(metrics.filter(({ type }) => type === 'change')).toEqual([{ type: 'change', step: 9, changes: expected }])
      const rates = metrics.flatMap(({ type, step, learningRate }) => (type === 'step' ? [[step, learningRate]] : []))
      expect(rates.at(9)).toEqual([10, 1e-3 * (1 - 6 / 11)])
      expect(rates.length).toBe(14)
    }))

  test('the directory that a model went on from has another model now', () =>
    inFreshDirectory(async (out) => {
      const base = join(out, '..', 'base')
      await runAll({ ...tiny, steps: 1 }, { out: base })
      const further: RecipeInput = { ...tiny, model: { from: base }, tokenizer: undefined, steps: 1 }
      await runAll(further, { out })
      const config = join(base, 'config.json')
      const before = readFileSync(config, 'utf8')
      writeFileSync(config, before.replace('"layer_norm_epsilon": 0.00001', '"layer_norm_epsilon": 0.001'))
      const resumed = runAll({ ...further, steps: 2 }, { out, resume: true })
      await expect(resumed).rejects.toEqual(code('RECIPE_CHANGED'))
      await expect(resumed).rejects.toThrow(': epsilon 0.00001 → 0.001')
      writeFileSync(config, before)
      // Its weights are no longer needed.
      rmSync(join(base, 'model.safetensors'))
      await runAll({ ...further, steps: 2 }, { out, resume: true })
    }))

  test('names and places do not count', () =>
    run.withCopy(async (out) => {
      await runAll({ ...tiny, description: 'other', out: 'elsewhere' }, { out, resume: true })
      expect(outcomeOf(out, steps)).toEqual(run.undisturbed)
    }))
})

describe('a text that has changed', () => {
  const text = 'one two three four five six seven eight nine ten\n'.repeat(40)
  const withText = (use: (out: string, file: string, recipe: RecipeInput) => Promise<void>) =>
    inFreshDirectory(async (out) => {
      mkdirSync(out, { recursive: true })
      const file = join(out, 'text.txt')
      writeFileSync(file, text)
      const recipe: RecipeInput = { ...tiny, tokenizer: { type: 'characters' }, data: { files: [file] }, steps: 4 }
      await runAll({ ...recipe, steps: 2 }, { out: join(out, 'run') })
      await use(join(out, 'run'), file, recipe)
    })

  test.each([
    ['a line appended', (file: string) => appendFileSync(file, 'eleven\n'), /it has 1967 bytes instead of 1960/],
    ['a byte edited', (file: string) => flip(file, 100), /the first change is in bytes 0 to 1764 of the training part/],
    ['the last byte edited', (file: string) => flip(file, 1958), /bytes 0 to 196 of the validation part/],
    ['truncated', (file: string) => truncateSync(file, 1900), /it has 1900 bytes instead of 1960/],
    ['emptied', (file: string) => truncateSync(file, 0), /text.txt: empty.*\nThe run was started with a text there/],
    ['deleted', (file: string) => rmSync(file), /text.txt: .*no such file.*\nThe run was started with a text there/],
  ] as const)('%s: refused, saying what differs', (_, change, message) =>
    withText(async (out, file, recipe) => {
      change(file)
      const resumed = runAll(recipe, { out, resume: true })
      await expect(resumed).rejects.toEqual(code('DATA_CHANGED'))
      await expect(resumed).rejects.toThrow(message)
      await expect(resumed).rejects.toThrow(/^(.*\n){0,2}.*$/)
      writeFileSync(file, text)
      await runAll(recipe, { out, resume: true })
    }),
  )

  test('allowDataChange goes on with the new text and the old tokenizer, and writes it down', () =>
    withText(async (out, file, recipe) => {
      const tokenizer = readFileSync(join(out, 'tokenizer.json'), 'utf8')
      writeFileSync(file, text.replaceAll('seven', 'vest').repeat(2))
      const [start] = await runAll(recipe, { out, resume: true, allowDataChange: true })
      const { fingerprint } = JSON.parse(readFileSync(join(out, 'data', 'data.json'), 'utf8'))
      expect(start).toMatchObject({
        step: 2,
        trainTokens: 3456,
        resumed: { changes: [{}, { field: 'data', to: fingerprint }] },
      })
      expect(readFileSync(join(out, 'data', 'tokenizer.json'), 'utf8')).toBe(tokenizer)
      expect(metricsOf(out)).toContainEqual(expect.objectContaining({ type: 'change', step: 2 }))
      // The checkpoint of now is of the new text.
      await runAll({ ...recipe, steps: 5 }, { out, resume: true })
    }))

  test('allowDataChange goes on with the tokens where the text is gone, unless they are damaged', () =>
    withText(async (out, file, recipe) => {
      rmSync(file)
      const [start] = await runAll({ ...recipe, steps: 3 }, { out, resume: true, allowDataChange: true })
      expect(start).toMatchObject({ step: 2, trainTokens: 1764 })
      truncateSync(join(out, 'data', 'train.bin'), 1000)
      await expect(runAll(recipe, { out, resume: true, allowDataChange: true })).rejects.toEqual(code('DATA_DAMAGED'))
    }))

  test.each([
    ['train.bin', (file: string) => truncateSync(file, 1000)],
    ['validation.bin', (file: string) => flip(file, 10)],
    ['tokenizer.json', rmSync],
    ['data.json', (file: string) => truncateSync(file, 50)],
  ] as const)('damaged tokens (%s) are made again from the text', (name, damage) =>
    run.withCopy(async (out) => {
      const file = join(out, 'data', name)
      const before = readFileSync(file)
      damage(file)
      const warnings: string[] = []
      await runAll(tiny, { out, resume: true, warn: (line) => warnings.push(line) })
      expect(readFileSync(file)).toEqual(before)
      expect(outcomeOf(out, steps)).toEqual(run.undisturbed)
      if (name !== 'data.json') expect(warnings).toEqual([expect.stringContaining(`${name}: `)])
    }),
  )

  test('a text that vanishes or changes in the middle of a run does not matter', () =>
    withText(async (out, file, recipe) => {
      const short = { ...recipe, steps: 3 }
      const outcomes = []
      for (const [name, disturb] of [
        ['quiet', () => {}],
        ['changed', () => writeFileSync(file, 'x'.repeat(3000))],
        ['gone', () => rmSync(file)],
      ] as const) {
        writeFileSync(file, text)
        const place = `${out}-${name}`
        await runAll(short, {
          out: place,
          stop: ({ type }) => {
            if (type === 'start') disturb()
            return false
          },
        })
        outcomes.push(outcomeOf(place, 3))
      }
      expect(outcomes[1]).toEqual(outcomes[0])
      expect(outcomes[2]).toEqual(outcomes[0])
      expect(existsSync(file)).toBe(false)
    }))
})

/** Going on with a run whose files have suffered, whose recipe or text has changed, or that an earlier version has made. */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RecipeInput } from './recipe.ts'
import { findCheckpoint } from './resume.ts'
import { freshDirectory, inFreshDirectory, metricsOf, outcomeOf, runAll, tiny } from './train.suite.ts'

const steps = tiny.steps!
const code = (expected: string) => expect.objectContaining({ name: 'PellucidError', code: expected })
const fixed = { model: tiny.model!, data: tiny.data! }

/** A run cut after step 9 that holds the checkpoints of steps 8 and 9, and the same run undisturbed. */
let base: ReturnType<typeof freshDirectory>
let undisturbed: ReturnType<typeof outcomeOf>
const cut = () => join(base.out, 'cut')
beforeAll(async () => {
  base = freshDirectory()
  await runAll(tiny, { out: join(base.out, 'whole') })
  undisturbed = outcomeOf(join(base.out, 'whole'), steps)
  await runAll(tiny, { out: cut(), stop: (event) => event.type === 'step' && event.step === 9 })
  expect(readdirSync(join(cut(), 'checkpoints')).sort()).toEqual(['step-8', 'step-9'])
}, 60_000)
afterAll(() => base.remove())

/** Calls `use` with a copy of the cut run. */
const withCut = (use: (out: string) => Promise<void>) =>
  inFreshDirectory(async (out) => {
    cpSync(cut(), out, { recursive: true })
    await use(out)
  })
const newest = (out: string) => join(out, 'checkpoints', 'step-9')
const flip = (file: string, at: number) => {
  const bytes = readFileSync(file)
  bytes[at]! ^= 1 << (at % 8)
  writeFileSync(file, bytes)
}

/** Ways in which a file can suffer, with how many bytes are left. */
const damages: Record<string, (file: string, size: number) => void> = {
  missing: (file) => rmSync(file),
  'of 0 bytes': (file) => truncateSync(file, 0),
  'of 1 byte': (file) => truncateSync(file, 1),
  'cut in half': (file, size) => truncateSync(file, size >> 1),
  'one byte short': (file, size) => truncateSync(file, size - 1),
  'one byte longer': (file) => appendFileSync(file, '\n'),
  'one bit changed at its begin': (file) => flip(file, 0),
  'one bit changed in its middle': (file, size) => flip(file, size >> 1),
  'one bit changed at its end': (file, size) => flip(file, size - 1),
}

describe('a damaged checkpoint', () => {
  test('every file, damaged in every way, is named; allowFallback goes on from the one before', () =>
    withCut(async (out) => {
      const files = readdirSync(newest(out))
      expect(files.length).toBe(10)
      for (const name of files)
        for (const [how, damage] of Object.entries(damages)) {
          // Without a manifest it is not complete.
          if (name === 'manifest.json' && how === 'missing') continue
          const file = join(newest(out), name)
          const before = readFileSync(file)
          damage(file, before.length)
          const search = findCheckpoint(out, undefined, false)
          await expect(search, `${name} ${how}`).rejects.toEqual(code('CHECKPOINT_DAMAGED'))
          await expect(search).rejects.toThrow(`${file}:`)
          await expect(findCheckpoint(out, newest(out), true), 'never away from a given one').rejects.toThrow(file)
          const { found, skipped } = await findCheckpoint(out, undefined, true)
          expect(found!.state.step).toBe(8)
          expect(skipped).toEqual([expect.stringContaining(file)])
          writeFileSync(file, before)
        }
      expect((await findCheckpoint(out, undefined, false)).found!.state.step).toBe(9)
    }))

  test('a bit flipped anywhere in a manifest', () =>
    withCut(async (out) => {
      const file = join(newest(out), 'manifest.json')
      const before = readFileSync(file)
      for (let at = 0; at < before.length; at += 7) {
        flip(file, at)
        await expect(findCheckpoint(out, undefined, false), `byte ${at}`).rejects.toThrow(
          expect.objectContaining({ kind: 'file', message: expect.stringContaining(file) }),
        )
        writeFileSync(file, before)
      }
    }))

  test('going on with a fall back ends with the same bytes, and says what was passed over', () =>
    withCut(async (out) => {
      flip(join(newest(out), 'optimizer.safetensors'), 5000)
      await expect(runAll(tiny, { out, resume: true })).rejects.toEqual(code('CHECKPOINT_DAMAGED'))
      const [start] = await runAll(tiny, { out, resume: true, allowFallback: true })
      expect(start).toMatchObject({
        step: 8,
        resumed: { changes: [], skipped: [/optimizer.safetensors: holds other/] },
      })
      expect(outcomeOf(out, steps)).toEqual(undisturbed)
      expect(readdirSync(join(out, 'checkpoints')).sort()).toEqual(['step-12', 'step-8'])
    }))

  test('one that is not complete is passed over without being asked', () =>
    withCut(async (out) => {
      rmSync(join(newest(out), 'manifest.json'))
      renameSync(join(out, 'checkpoints', 'step-8'), join(out, 'checkpoints', '.step-8.replaced'))
      mkdirSync(join(out, 'checkpoints', '.step-10.partial'))
      writeFileSync(join(out, '.model.safetensors.tmp-999999999-0'), 'half')
      const [start] = await runAll(tiny, { out, resume: true })
      expect(start).toMatchObject({ step: 8, resumed: { skipped: [/step-9: is not complete/] } })
      expect(outcomeOf(out, steps)).toEqual(undisturbed)
      expect(readdirSync(join(out, 'checkpoints')).sort(), 'no debris').toEqual(['step-12', 'step-8'])
      expect(readdirSync(out).filter((name) => name.startsWith('.'))).toEqual([])
    }))

  test('none complete: begins again', () =>
    withCut(async (out) => {
      for (const step of [8, 9]) rmSync(join(out, 'checkpoints', `step-${step}`, 'manifest.json'))
      const [start] = await runAll(tiny, { out, resume: true })
      expect(start).toMatchObject({ step: 0, resumed: { skipped: [/step-9/, /step-8/] } })
      expect(outcomeOf(out, steps)).toEqual(undisturbed)
    }))

  test('metrics that are gone are an error; allowFallback goes on without them', () =>
    withCut(async (out) => {
      const file = join(out, 'metrics.jsonl')
      truncateSync(file, 300)
      await expect(runAll(tiny, { out, resume: true })).rejects.toThrow(/metrics.jsonl: has 300 bytes, expected/)
      const [start] = await runAll(tiny, { out, resume: true, allowFallback: true })
      expect(start).toMatchObject({ step: 9, resumed: { skipped: [/metrics.jsonl/] } })
      expect(outcomeOf(out, steps).last['model.safetensors']).toBe(undisturbed.last['model.safetensors'])
    }))

  test('best weights that were lost or replaced in the run’s directory come back', () =>
    withCut(async (out) => {
      for (const damage of [
        rmSync,
        (file: string) => writeFileSync(file, 'other'),
        (file: string) => flip(file, 9000),
      ]) {
        damage(join(out, 'model.safetensors'))
        await runAll({ ...tiny, steps: 9 }, { out, resume: true })
        expect(readFileSync(join(out, 'model.safetensors'))).toEqual(readFileSync(join(cut(), 'model.safetensors')))
      }
    }))

  test('best weights that somebody writes over in the middle of a run are an error', () =>
    inFreshDirectory(async (out) => {
      const run = runAll(
        { ...tiny, checkpoint: { every: 1 }, evaluation: { every: 2 }, steps: 3 },
        {
          out,
          stop: (event) => {
            if (event.type === 'step' && event.step === 3) rmSync(join(out, 'checkpoints'), { recursive: true })
            if (event.type === 'step' && event.step === 3) writeFileSync(join(out, 'model.safetensors'), 'mine')
            return event.type === 'step' && event.step === 3
          },
        },
      )
      await expect(run).rejects.toEqual(code('BEST_CHANGED'))
    }))
})

describe('versions of the format', () => {
  const manifest = (out: string) => join(newest(out), 'manifest.json')
  test.each([2, 999])('format %i was made by a newer version', (format) =>
    withCut(async (out) => {
      writeFileSync(manifest(out), JSON.stringify({ ...JSON.parse(readFileSync(manifest(out), 'utf8')), format }))
      for (const allowFallback of [false, true])
        await expect(findCheckpoint(out, undefined, allowFallback)).rejects.toThrow(
          /made by a newer version of Pellucid/,
        )
    }),
  )
  test('what was there before the format had a number', () =>
    withCut(async (out) => {
      writeFileSync(manifest(out), JSON.stringify({ step: 9, seconds: 1.5 }))
      await expect(findCheckpoint(out, undefined, false)).rejects.toEqual(code('CHECKPOINT_OLD'))
    }))
  test('format 1, as it was when it was new, is gone on with', () =>
    inFreshDirectory(async (out) => {
      const place = fileURLToPath(new URL('../../test/oracles/data/checkpoint-1/', import.meta.url))
      cpSync(join(place, 'run'), out, { recursive: true })
      const recipe: RecipeInput = JSON.parse(readFileSync(join(place, 'recipe.json'), 'utf8'))
      const texts = { ...recipe.data, files: [join(place, 'text.txt')] }
      const events = await runAll({ ...recipe, data: texts }, { out, resume: true })
      expect(events[0]).toMatchObject({ type: 'start', step: 4, resumed: { changes: [], skipped: [] } })
      expect(events.at(-1)).toMatchObject({ step: 6, reason: 'finished' })
      const losses = metricsOf(out).flatMap(({ type, loss }) => (type === 'step' ? [loss as number] : []))
      const expected = [3.084748387336731, 3.0501320362091064, 2.9784783124923706, 2.9022204875946045]
      expect(losses.slice(0, 4)).toEqual(expected)
      // What is computed now may differ in its last digits on another processor.
      expect(losses.length).toBe(6)
      for (const [i, loss] of [2.93207, 2.82729].entries()) expect(losses[4 + i]).toBeCloseTo(loss, 4)
    }))
})

describe('an explicit checkpoint', () => {
  test('an earlier one: the later ones are set aside, and go with the next save', () =>
    withCut(async (out) => {
      const [start] = await runAll(tiny, {
        resume: join(out, 'checkpoints', 'step-8'),
        stop: ({ type }) => type === 'start',
      })
      expect(start).toMatchObject({ step: 8 })
      expect(readdirSync(join(out, 'checkpoints')).sort()).toEqual(['.step-9.abandoned', 'step-8'])
      await runAll(tiny, { out, resume: true })
      expect(outcomeOf(out, steps)).toEqual(undisturbed)
    }))
  test.each([
    ['checkpoints/step-7', 'NO_CHECKPOINT'],
    ['data', 'CHECKPOINT_INCOMPLETE'],
    ['run.json', 'NO_CHECKPOINT'],
  ])('%s: %s', (name, expected) =>
    withCut(async (out) => {
      await expect(runAll(tiny, { out, resume: join(out, name), allowFallback: true })).rejects.toEqual(code(expected))
    }),
  )
})

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
    withCut(async (out) => {
      const run = runAll({ ...tiny, ...change }, { out, resume: true })
      await expect(run).rejects.toEqual(code('RECIPE_CHANGED'))
      await expect(run).rejects.toThrow(difference)
    }),
  )

  test('length, schedule, learning rate and reports may change: it is told and written down, also after a kill', () =>
    withCut(async (out) => {
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

  test('names and places do not count', () =>
    withCut(async (out) => {
      await runAll({ ...tiny, description: 'other', out: 'elsewhere' }, { out, resume: true })
      expect(outcomeOf(out, steps)).toEqual(undisturbed)
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
      const run = runAll(recipe, { out, resume: true })
      await expect(run).rejects.toEqual(code('DATA_CHANGED'))
      await expect(run).rejects.toThrow(message)
      await expect(run).rejects.toThrow(/^(.*\n){0,2}.*$/)
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
    withCut(async (out) => {
      const file = join(out, 'data', name)
      const before = readFileSync(file)
      damage(file)
      const warnings: string[] = []
      await runAll(tiny, { out, resume: true, warn: (line) => warnings.push(line) })
      expect(readFileSync(file)).toEqual(before)
      expect(outcomeOf(out, steps)).toEqual(undisturbed)
      if (name !== 'data.json') expect(warnings).toEqual([expect.stringContaining(`${name}: `)])
    }),
  )

  test('a text that vanishes or changes in the middle of a run does not matter', () =>
    withText(async (out, file, recipe) => {
      const run = { ...recipe, steps: 3 }
      const outcomes = []
      for (const [name, disturb] of [
        ['quiet', () => {}],
        ['changed', () => writeFileSync(file, 'x'.repeat(3000))],
        ['gone', () => rmSync(file)],
      ] as const) {
        writeFileSync(file, text)
        const place = `${out}-${name}`
        await runAll(run, {
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

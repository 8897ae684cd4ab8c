/** Going on with a run whose files have suffered, from one of several checkpoints, or from one that an earlier version has made. */
import {
  appendFileSync,
  cpSync,
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
import { flip, openCutRun } from './resume.suite.ts'
import { findCheckpoint } from './resume.ts'
import { inFreshDirectory, metricsOf, outcomeOf, runAll, tiny } from './train.suite.ts'

const steps = tiny.steps!
const code = (expected: string) => expect.objectContaining({ name: 'PellucidError', code: expected })
const newest = (out: string) => join(out, 'checkpoints', 'step-9')

let run: Awaited<ReturnType<typeof openCutRun>>
beforeAll(async () => {
  run = await openCutRun()
}, 60_000)
afterAll(() => run.remove())

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
    run.withCopy(async (out) => {
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
    run.withCopy(async (out) => {
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
    run.withCopy(async (out) => {
      flip(join(newest(out), 'optimizer.safetensors'), 5000)
      await expect(runAll(tiny, { out, resume: true })).rejects.toEqual(code('CHECKPOINT_DAMAGED'))
      const [start] = await runAll(tiny, { out, resume: true, allowFallback: true })
      expect(start).toMatchObject({
        step: 8,
        resumed: { changes: [], skipped: [/optimizer.safetensors: holds other/] },
      })
      expect(outcomeOf(out, steps)).toEqual(run.undisturbed)
      expect(readdirSync(join(out, 'checkpoints')).sort()).toEqual(['step-12', 'step-8'])
    }))

  test('one that is not complete is passed over without being asked', () =>
    run.withCopy(async (out) => {
      rmSync(join(newest(out), 'manifest.json'))
      renameSync(join(out, 'checkpoints', 'step-8'), join(out, 'checkpoints', '.step-8.replaced'))
      mkdirSync(join(out, 'checkpoints', '.step-10.partial'))
      writeFileSync(join(out, '.model.safetensors.tmp-999999999-0'), 'half')
      const [start] = await runAll(tiny, { out, resume: true })
      expect(start).toMatchObject({ step: 8, resumed: { skipped: [/step-9: is not complete/] } })
      expect(outcomeOf(out, steps)).toEqual(run.undisturbed)
      expect(readdirSync(join(out, 'checkpoints')).sort(), 'no debris').toEqual(['step-12', 'step-8'])
      expect(readdirSync(out).filter((name) => name.startsWith('.'))).toEqual([])
    }))

  test('none complete: begins again', () =>
    run.withCopy(async (out) => {
      for (const step of [8, 9]) rmSync(join(out, 'checkpoints', `step-${step}`, 'manifest.json'))
      const [start] = await runAll(tiny, { out, resume: true })
      expect(start).toMatchObject({ step: 0, resumed: { skipped: [/step-9/, /step-8/] } })
      expect(outcomeOf(out, steps)).toEqual(run.undisturbed)
    }))

  test('metrics that are gone are an error; allowFallback goes on without them', () =>
    run.withCopy(async (out) => {
      const file = join(out, 'metrics.jsonl')
      truncateSync(file, 300)
      await expect(runAll(tiny, { out, resume: true })).rejects.toThrow(/metrics.jsonl: has 300 bytes, expected/)
      const [start] = await runAll(tiny, { out, resume: true, allowFallback: true })
      expect(start).toMatchObject({ step: 9, resumed: { skipped: [/metrics.jsonl/] } })
      expect(outcomeOf(out, steps).last['model.safetensors']).toBe(run.undisturbed.last['model.safetensors'])
    }))

  test('best weights that were lost or replaced in the run’s directory come back', () =>
    run.withCopy(async (out) => {
      for (const damage of [
        rmSync,
        (file: string) => writeFileSync(file, 'other'),
        (file: string) => flip(file, 9000),
      ]) {
        damage(join(out, 'model.safetensors'))
        await runAll({ ...tiny, steps: 9 }, { out, resume: true })
        expect(readFileSync(join(out, 'model.safetensors'))).toEqual(readFileSync(join(run.cut, 'model.safetensors')))
      }
    }))

  test('best weights that somebody writes over in the middle of a run are an error', () =>
    inFreshDirectory(async (out) => {
      const resumed = runAll(
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
      await expect(resumed).rejects.toEqual(code('BEST_CHANGED'))
    }))
})

describe('versions of the format', () => {
  const manifest = (out: string) => join(newest(out), 'manifest.json')
  test.each([2, 999])('format %i was made by a newer version', (format) =>
    run.withCopy(async (out) => {
      writeFileSync(manifest(out), JSON.stringify({ ...JSON.parse(readFileSync(manifest(out), 'utf8')), format }))
      for (const allowFallback of [false, true])
        await expect(findCheckpoint(out, undefined, allowFallback)).rejects.toThrow(
          /made by a newer version of Pellucid/,
        )
    }),
  )
  test('what was there before the format had a number', () =>
    run.withCopy(async (out) => {
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
    run.withCopy(async (out) => {
      const [start] = await runAll(tiny, {
        resume: join(out, 'checkpoints', 'step-8'),
        stop: ({ type }) => type === 'start',
      })
      expect(start).toMatchObject({ step: 8 })
      expect(readdirSync(join(out, 'checkpoints')).sort()).toEqual(['.step-9.abandoned', 'step-8'])
      await runAll(tiny, { out, resume: true })
      expect(outcomeOf(out, steps)).toEqual(run.undisturbed)
    }))
  test.each([
    ['checkpoints/step-7', 'NO_CHECKPOINT'],
    ['data', 'CHECKPOINT_INCOMPLETE'],
    ['run.json', 'NO_CHECKPOINT'],
  ])('%s: %s', (name, expected) =>
    run.withCopy(async (out) => {
      await expect(runAll(tiny, { out, resume: join(out, name), allowFallback: true })).rejects.toEqual(code(expected))
    }),
  )
})

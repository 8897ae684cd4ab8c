/** Weights with NaN or infinity, weights with gaps, and files that change after they were opened. */
import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { evaluate } from '../../src/evaluate.ts'
import { runtimeNames } from '../../src/runtime/choose.ts'
import { readParameters } from '../../src/weights/checkpoint.ts'
import { cli } from '../cli/terminal.ts'
import { ModelDirectory } from './model-files.fixture.ts'
import { loaded, write } from './model-files.loaded.ts'

const wte = 'transformer.wte.weight'
const bias = 'transformer.h.0.ln_1.bias'

describe('NaN and infinity', () => {
  const values = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, '-Infinity': Number.NEGATIVE_INFINITY }
  const spoil = (value: number) => (model: ModelDirectory) =>
    model.weights((all) => {
      all.get(bias)!.data[3] = value
      all.get(wte)!.data.fill(value as never, 0, 5)
    })
  const damage =
    /^model\.safetensors: 6 values are NaN or infinite, in 2 of its tensors, first transformer\.wte\.weight/

  test.each(Object.entries(values))('%s is a warning, and an error with strict', async (_, value) => {
    await loaded(spoil(value), {}, async (_model, warnings) => {
      expect(warnings).toHaveLength(1)
      expect(warnings[0]).toMatch(damage)
    })
    const strict = loaded(spoil(value), { strict: true }, async () => {})
    await expect(strict).rejects.toMatchObject({ kind: 'file', code: 'NONFINITE_WEIGHTS' })
  })

  test('what comes of it names the first such tensor, in every way of using the model', async () => {
    await loaded(spoil(Number.NaN), {}, async (model) => {
      const named = {
        kind: 'nonfinite',
        message: expect.stringMatching(/\nThe weight transformer\.wte\.weight holds 5 NaN/),
      }
      await expect(write(model)).rejects.toMatchObject({ code: 'NONFINITE_LOGITS', ...named })
      await expect(model.generate([1]).next()).rejects.toMatchObject({ code: 'NONFINITE_LOGITS', ...named })
      await expect(model.complete([1], { beams: 2 })).rejects.toMatchObject({ code: 'NONFINITE_LOGITS', ...named })
      await expect(evaluate(model, { ids: [1, 2, 3] })).rejects.toMatchObject({ code: 'NONFINITE_LOSS', ...named })
    })
  })

  test('sound weights pass strict', async () => {
    await loaded(
      () => {},
      { strict: true },
      async (model) => expect(await write(model)).toHaveLength(5),
    )
  })

  test('on the command line', async () => {
    const directory = new ModelDirectory()
    try {
      spoil(Number.NaN)(directory)
      const argv = ['generate', directory.path, '--prompt-ids', '1', '--json']
      const plain = await cli(argv)
      expect(plain).toMatchObject({ code: 5, out: '' })
      expect(plain.err).toMatch(
        /^.*model\.safetensors: 6 values are NaN.*\n.*not numbers.*\n.*transformer\.wte\.weight holds 5 NaN.*\n$/,
      )
      const strict = await cli([...argv, '--strict'])
      expect(strict).toMatchObject({ code: 3, out: '' })
      expect(strict.err).toMatch(/6 values are NaN or infinite, .*\nLoad an undamaged copy/)
    } finally {
      directory.dispose()
    }
  })
})

describe('missing tensors', () => {
  const deeper = (model: ModelDirectory) => model.config({ n_layer: 3, tie_word_embeddings: false })

  test('are drawn at random where asked for, always the same, and listed', async () => {
    const texts: (readonly number[])[] = []
    for (let i = 0; i < 2; i++)
      await loaded(deeper, { allowMissing: true }, async (model, warnings) => {
        expect(warnings).toEqual([
          'model.safetensors: 13 of 41 tensors are missing and were drawn at random: transformer.h.2.ln_1.weight, transformer.h.2.ln_1.bias, transformer.h.2.attn.c_attn.weight, transformer.h.2.attn.c_attn.bias, …',
        ])
        const values = await readParameters(model.checkpoint)
        expect([...values.get('transformer.h.2.ln_1.weight')!.data]).toEqual(Array(8).fill(1))
        expect(new Set(values.get('lm_head.weight')!.data as Float32Array).size).toBeGreaterThan(100)
        texts.push(await write(model))
      })
    expect(texts[0]).toEqual(texts[1])
  })

  test('are not what a wrong shape is', async () => {
    const wrong = loaded(
      (model) => model.config({ vocab_size: 17 }),
      { allowMissing: true },
      async () => {},
    )
    await expect(wrong).rejects.toMatchObject({ code: 'WRONG_SHAPE' })
  })

  test('are refused where they would not fit in memory', async () => {
    const spoil = (model: ModelDirectory) => {
      model.config({ vocab_size: 1e15 })
      model.weights((all) => void all.delete(wte))
    }
    const drawn = loaded(spoil, { allowMissing: true }, async () => {})
    await expect(drawn).rejects.toMatchObject({ kind: 'file', code: 'TOO_LARGE' })
  })

  test('on the command line', async () => {
    const directory = new ModelDirectory()
    try {
      deeper(directory)
      const { code, err, out } = await cli([
        'generate',
        directory.path,
        '--prompt-ids',
        '1',
        '--json',
        '--allow-missing',
      ])
      expect({ code, sequences: JSON.parse(out).sequences.length }).toEqual({ code: 0, sequences: 1 })
      expect(err).toMatch(/13 of 41 tensors are missing and were drawn at random/)
    } finally {
      directory.dispose()
    }
  })
})

describe.each(runtimeNames)('a file that changes after it was opened, on the %s runtime', (runtime) => {
  const file = (directory: ModelDirectory) => directory.at('model.safetensors')
  test.each<[string, (directory: ModelDirectory) => void, string]>([
    ['shrinks', (directory) => truncateSync(file(directory), 1000), 'FILE_CHANGED'],
    ['is emptied', (directory) => truncateSync(file(directory), 0), 'FILE_CHANGED'],
    ['grows', (directory) => writeFileSync(file(directory), 'x', { flag: 'a' }), 'FILE_CHANGED'],
    ['is removed', (directory) => rmSync(file(directory)), 'FILE_NOT_FOUND'],
    [
      'is replaced by another of the same size',
      (directory) => {
        rmSync(file(directory))
        directory.weights((all) => all.get(wte)!.data.fill(0 as never))
      },
      'FILE_CHANGED',
    ],
  ])('%s', async (_, change, code) => {
    await loaded(
      () => {},
      { runtime },
      async (model, _warnings, directory) => {
        change(directory)
        await expect(model.run({ input_ids: [[1, 2]] })).rejects.toMatchObject({ kind: 'file', code })
      },
    )
  })
})

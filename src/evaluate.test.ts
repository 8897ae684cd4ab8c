/** Perplexity against transformers' own procedure, and from text, ids and files alike. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evaluate } from './evaluate.ts'
import { loadModel, Model } from './model.ts'
import { chooseRuntime, runtimeNames } from './runtime/choose.ts'
import { byteTokenizer } from './tokenizers/index.ts'
import { openCheckpoint } from './weights/checkpoint.ts'

type Case = { window: number; stride: number; loss: number; perplexity: number; tokens: number; windows: number }
const data = new URL('../test/oracles/data/', import.meta.url)
const directory = fileURLToPath(new URL('gpt2-lm/model', data))
const { runs } = JSON.parse(readFileSync(new URL('perplexity/expected.json', data), 'utf8')) as {
  runs: { ids: number[]; cases: Case[] }[]
}

describe.each(runtimeNames)('on the runtime %s', (runtime) => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(directory, { runtime })
  })
  afterAll(() => model.dispose())

  // The reference is slow: windows of two tokens and strides of one make a hundred runs.
  const cases = runs.flatMap(({ ids, cases }) =>
    cases.filter(({ windows }) => runtime !== 'reference' || windows < 8).map((each) => ({ ids, ...each })),
  )
  test.each(cases)('$ids.length tokens, windows of $window moving by $stride', async ({ ids, ...expected }) => {
    const { window, stride } = expected
    const found = await evaluate(model, { ids, window, stride })
    expect(found).toMatchObject({ tokens: expected.tokens, windows: expected.windows })
    expect(Math.abs(found.loss - expected.loss)).toBeLessThan(1e-4)
    expect(Math.abs(found.perplexity / expected.perplexity - 1)).toBeLessThan(1e-4)
    expect(found.bitsPerToken).toBeCloseTo(found.loss / Math.LN2, 12)
  })
})

describe('what is evaluated', () => {
  let model: Model
  const folder = mkdtempSync(join(tmpdir(), 'pellucid-evaluate-'))
  beforeAll(async () => {
    // The 96 tokens of the model are three special ones and the bytes up to the backslash.
    model = new Model(await openCheckpoint(directory), await chooseRuntime(undefined, { warn: () => {} }), {
      tokenizer: byteTokenizer(),
    })
  })
  afterAll(async () => {
    await model.dispose()
    rmSync(folder, { recursive: true, force: true })
  })
  const text = 'THE CAT SAT ON THE MAT. 1 + 2 = 3.\nWHO? '.repeat(5)
  const plain = (options: object) => evaluate(model, { ...options, stride: 24 } as Parameters<typeof evaluate>[1])

  test('text, its ids and files of it give the same numbers', async () => {
    const names = [join(folder, 'a.txt'), join(folder, 'b.txt')]
    writeFileSync(names[0]!, text.slice(0, 77))
    writeFileSync(names[1]!, text.slice(77))
    const ids = model.tokenizer!.encode(text).ids
    const expected = await plain({ ids })
    expect(expected.tokens).toBeGreaterThan(150)
    expect(await plain({ text })).toEqual(expected)
    expect(await plain({ files: names })).toEqual(expected)
    const progress: number[] = []
    await evaluate(model, { text, onProgress: (done) => progress.push(done) })
    expect(progress.at(-1)).toBe(ids.length)
    expect(progress).toEqual(progress.toSorted((a, b) => a - b))
  })

  test.each([
    ['NO_DATA', {}],
    ['NO_DATA', { text: 'A', ids: [1, 2] }],
    ['NO_DATA', { files: [] }],
    ['TEXT_TOO_SHORT', { ids: [5] }],
    ['TEXT_TOO_SHORT', { ids: [] }],
    ['BAD_STRIDE', { ids: [5, 6], stride: 0 }],
    ['BAD_STRIDE', { ids: [5, 6], window: 10, stride: 11 }],
    ['BAD_WINDOW', { ids: [5, 6], window: 49 }],
    ['BAD_WINDOW', { ids: [5, 6], window: 1 }],
  ] as const)('%s for %j', async (code, options) => {
    await expect(evaluate(model, options)).rejects.toMatchObject({ code, kind: 'usage' })
  })

  test('a model without a tokenizer reads ids only, a file must be there, and it can be stopped', async () => {
    const silent = await loadModel(directory, { runtime: 'reference' })
    await expect(evaluate(silent, { text: 'A' })).rejects.toMatchObject({ code: 'NO_TOKENIZER' })
    await expect(plain({ files: [join(folder, 'no.txt')] })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await expect(plain({ text, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i)
  })
})

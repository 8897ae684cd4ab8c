import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { fromNested, type NdArray } from '../tensor/array.ts'
import { openWeights, type Weights, writeWeights } from './directory.ts'
import { type TensorSource, writeSafetensors } from './safetensors-write.ts'
import { splitIntoShards } from './shards.ts'

const root = mkdtempSync(join(tmpdir(), 'pellucid-directory-'))
afterAll(() => rmSync(root, { recursive: true }))
const fresh = (name: string): string => {
  mkdirSync(join(root, name))
  return join(root, name)
}

const tensors = new Map<string, NdArray>(
  ['wte', 'h.0', 'h.1', 'ln_f'].map((name, i) => [name, fromNested(Array(10).fill(i + 0.5), 'float32')]),
)
const everything = async (weights: Weights) => {
  const all = new Map<string, NdArray>()
  for (const name of weights.entries.keys()) all.set(name, await weights.read(name))
  return all
}
const lazy = (weights: Weights) =>
  new Map<string, TensorSource>(
    [...weights.entries].map(([name, { dtype, shape }]) => [
      name,
      { dtype: dtype!, shape, read: () => weights.read(name) },
    ]),
  )

describe('one file or shards', () => {
  test('one file', async () => {
    const directory = fresh('single')
    await writeWeights(directory, tensors)
    expect(readdirSync(directory)).toEqual(['model.safetensors'])
    const weights = await openWeights(directory)
    expect(await everything(weights)).toEqual(tensors)
    expect(weights.metadata.get('format')).toBe('pt')
    expect(weights.warnings).toEqual([])
  })

  test('shards, with the index that transformers writes', async () => {
    const directory = fresh('sharded')
    await writeWeights(directory, tensors, { maxShardBytes: 80 })
    expect(readdirSync(directory)).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
    ])
    expect(readFileSync(join(directory, 'model.safetensors.index.json'), 'utf8')).toBe(`{
  "metadata": {
    "total_parameters": 40,
    "total_size": 160
  },
  "weight_map": {
    "h.0": "model-00001-of-00002.safetensors",
    "h.1": "model-00002-of-00002.safetensors",
    "ln_f": "model-00002-of-00002.safetensors",
    "wte": "model-00001-of-00002.safetensors"
  }
}
`)
    const weights = await openWeights(directory)
    expect(await everything(weights)).toEqual(tensors)
    expect(weights.warnings).toEqual([])
    expect(weights.entries.get('ln_f')!.file).toMatch(/model-00002-of-00002\.safetensors$/)
    await expect(weights.read('nothing')).rejects.toMatchObject({ code: 'ST_NO_TENSOR' })
  })

  test('a directory can be rewritten from itself in any form, and holds one form only', async () => {
    const directory = fresh('rewritten')
    await writeWeights(directory, tensors)
    for (const maxShardBytes of [40, 80, 120, 1e9, 60, 1e9]) {
      await writeWeights(directory, lazy(await openWeights(directory)), { maxShardBytes })
      expect(await everything(await openWeights(directory))).toEqual(tensors)
      const files = readdirSync(directory)
      expect(files.includes('model.safetensors')).toBe(maxShardBytes === 1e9)
      if (maxShardBytes === 1e9) expect(files).toEqual(['model.safetensors'])
      else expect(new Set(files.filter((name) => /^model-/.test(name)).map((name) => name.slice(-17))).size).toBe(1)
    }
  })

  test('a failure in the last shard changes nothing', async () => {
    const directory = fresh('failure')
    await writeWeights(directory, tensors, { maxShardBytes: 80 })
    const before = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')])
    const broken = new Map<string, TensorSource>(tensors)
    broken.set('last', { dtype: 'float32', shape: [10], read: () => Promise.reject(new Error('gone')) })
    await expect(writeWeights(directory, broken, { maxShardBytes: 40 })).rejects.toThrow('gone')
    expect(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')])).toEqual(before)
  })
})

describe('what is wrong with a directory', () => {
  test('no directory, a file, nothing in it, only pickles, a dangling link', async () => {
    await expect(openWeights(join(root, 'none'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    writeFileSync(join(root, 'file'), '')
    await expect(openWeights(join(root, 'file'))).rejects.toMatchObject({ code: 'NOT_A_DIRECTORY' })
    const directory = fresh('empty')
    await expect(openWeights(directory)).rejects.toThrow(/holds no weights .*\nIt holds nothing/)
    writeFileSync(join(directory, 'pytorch_model.bin'), '')
    await expect(openWeights(directory)).rejects.toThrow('pytorch_model.bin is a PyTorch pickle')
    symlinkSync(join(root, 'gone'), join(directory, 'model.safetensors'))
    await expect(openWeights(directory)).rejects.toThrow('model.safetensors: a link to a file that is not there')
  })

  const withIndex = async (name: string, index: unknown) => {
    const directory = fresh(name)
    await writeSafetensors(join(directory, 'a.safetensors'), tensors)
    const text = typeof index === 'string' ? index : JSON.stringify(index)
    writeFileSync(join(directory, 'model.safetensors.index.json'), text)
    return openWeights(directory)
  }
  let count = 0

  test.each([
    '../outside.safetensors',
    '/etc/model.safetensors',
    'sub/a.safetensors',
    'sub\\a.safetensors',
    'C:a.safetensors',
    'a\0.safetensors',
    'model.safetensors.index.json',
    '.safetensors/..',
    '',
    3,
    null,
  ])('an index that names %j is refused', async (file) => {
    await expect(withIndex(`named-${count++}`, { weight_map: { t: file } })).rejects.toMatchObject({
      code: 'BAD_INDEX',
      kind: 'file',
    })
  })

  test.each([
    ['[]', 'BAD_INDEX', /holds \[\], expected an object/],
    ['{}', 'BAD_INDEX', /"weight_map" undefined/],
    ['{"weight_map":[]}', 'BAD_INDEX', /"weight_map" \[\]/],
    ['{"weight_map":{"wte":"a.safetensors","wte":"a.safetensors"}}', 'BAD_JSON', /duplicate key "wte"/],
    ['{"weight_map":', 'BAD_JSON', /index\.json:1:15/],
    ['{"weight_map":{"wte":"b.safetensors"}}', 'MISSING_SHARD', /b\.safetensors: is missing/],
    ['{"weight_map":{"other":"a.safetensors"}}', 'BAD_INDEX', /"other" in a\.safetensors, which lacks it; no shard/],
  ])('index %s', async (index, code, message) => {
    const error = await withIndex(`index-${count++}`, index).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
  })

  test('a wrong total and tensors outside the index are warnings', async () => {
    const weights = await withIndex('warnings', {
      metadata: { total_size: 999 },
      weight_map: { wte: 'a.safetensors', 'h.0': 'a.safetensors', 'h.1': 'a.safetensors' },
    })
    expect(weights.warnings).toEqual([
      `${weights.place}: tensors elsewhere than it says are ignored: "ln_f" in a.safetensors.`,
      `${weights.place}: gives a total_size of 999 bytes, but the tensors have 120.`,
    ])
    expect([...weights.entries.keys()]).toEqual(['wte', 'h.0', 'h.1'])
  })

  test('the size of a shard must be positive', async () => {
    await expect(writeWeights(root, tensors, { maxShardBytes: 0 })).rejects.toMatchObject({ kind: 'usage' })
  })
})

test('shards take tensors in order, and a large one gets its own', () => {
  const sizes = new Map(Object.entries({ a: 3, b: 3, c: 20, d: 1, e: 0, f: 9 }))
  expect(splitIntoShards(sizes, 10)).toEqual([['a', 'b'], ['c'], ['d', 'e', 'f']])
  expect(splitIntoShards(new Map(), 10)).toEqual([])
})

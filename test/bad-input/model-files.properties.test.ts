/** Whatever happens to a valid model's files, they are either read rightly or refused as bad files: never another error, never a hang. */
import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PellucidError } from '../../src/base/errors.ts'
import { sizeOf } from '../../src/tensor/array.ts'
import { type Checkpoint, openCheckpoint } from '../../src/weights/checkpoint.ts'
import { parseSafetensors, type SafetensorsBytes } from '../../src/weights/safetensors.ts'
import { encodeSafetensors } from '../../src/weights/safetensors-write.ts'
import { type Fields, ModelDirectory, tinyConfig, tinyFile, tinyWeights, withHeader } from './model-files.fixture.ts'

let model: ModelDirectory
beforeAll(() => {
  model = new ModelDirectory()
})
afterAll(() => model.dispose())

/** What is opened, or undefined for what is refused as a bad file in at most three lines. Anything else fails the property. */
async function openedOrRefused<T>(open: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await open()
  } catch (error) {
    if (!(error instanceof PellucidError)) throw error
    expect(error.kind).toBe('file')
    expect(error.code).toMatch(/^[A-Z][A-Z0-9_]+$/)
    expect(error.message.split('\n').length).toBeLessThanOrEqual(3)
    expect(error.message.length).toBeLessThan(1000)
    return undefined
  }
}

/** Entries that lie side by side within the file and whose values can be read. */
function checkEntries(file: SafetensorsBytes, size: number): void {
  let end: number | undefined
  for (const { name, offset, byteLength, dtype, shape } of file.entries.values()) {
    expect(offset).toBe(end ?? offset)
    end = offset + byteLength
    expect(shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0)).toBe(true)
    if (dtype) expect(file.get(name).data.length).toBe(sizeOf(shape))
  }
  expect(end ?? size).toBe(size)
}

/** A model as its parts must be, whatever the config was. */
function checkModel({ config, parameters, constants, format }: Checkpoint): void {
  const { layers, heads, width, epsilon } = config as Record<string, number>
  for (const count of [layers, heads, width]) expect(Number.isSafeInteger(count) && count! > 0).toBe(true)
  expect(width! % heads!).toBe(0)
  expect(epsilon! > 0 && Number.isFinite(epsilon)).toBe(true)
  expect([...constants.keys()].sort()).toEqual([...parameters.keys()].sort())
  expect(format.definition.vocabulary(config)).toBe(16)
}

const length = Number(new DataView(tinyFile().buffer).getBigUint64(0, true))
const flips = fc.array(fc.tuple(fc.nat(length + 7), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 })

test('bytes of the header changed', async () => {
  await fc.assert(
    fc.asyncProperty(flips, async (changes) => {
      const bytes = tinyFile()
      for (const [at, bits] of changes) bytes[at]! ^= bits
      const file = await openedOrRefused(() => parseSafetensors(bytes))
      if (file) checkEntries(file, bytes.length)
    }),
    { numRuns: 800 },
  )
})

test('the file cut, continued, or a piece of it taken out or repeated', async () => {
  const place = fc.nat(tinyFile().length)
  await fc.assert(
    fc.asyncProperty(place, place, fc.boolean(), async (a, b, repeat) => {
      const bytes = tinyFile()
      const [from, to] = [Math.min(a, b), Math.max(a, b)]
      const pieces = repeat ? [bytes, bytes.subarray(from, to)] : [bytes.subarray(0, from), bytes.subarray(to)]
      const changed = Buffer.concat(pieces)
      const file = await openedOrRefused(() => parseSafetensors(changed))
      if (file) checkEntries(file, changed.length)
    }),
    { numRuns: 600 },
  )
})

/** Values that a field may turn out to have: extremes of numbers, other types, and anything. */
const strange = fc.oneof(
  fc.constantFrom<unknown>(0, -1, -0, 1, 2, 4, 8, 2.5, 1e15, 1e308, 2 ** 53, 2 ** 63, true, false, null, undefined, ''),
  fc.constantFrom<unknown>('2', 'gpt2', '__proto__', 'relu', [], {}, [0, 4], [2 ** 53, 0], { length: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.jsonValue({ maxDepth: 2 }),
)

test('fields of the header changed, taken out or added', async () => {
  type Header = Record<string, Record<string, unknown> | undefined>
  const names = [...tinyWeights().keys()]
  const change = fc.tuple(
    fc.constantFrom('__metadata__', '__proto__', 'new', ...names),
    fc.constantFrom('dtype', 'shape', 'data_offsets', 'format', 'other', undefined),
    strange,
  )
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const bytes = withHeader((json) => {
        const header = JSON.parse(json) as Header
        for (const [name, field, value] of changes) {
          const own = Object.hasOwn(header, name) ? header[name] : undefined
          const next = field === undefined ? value : { ...own, [field]: value }
          Object.defineProperty(header, name, { value: next, enumerable: true, configurable: true, writable: true })
        }
        return JSON.stringify(header)
      })
      const file = await openedOrRefused(() => parseSafetensors(bytes))
      if (file) checkEntries(file, bytes.length)
    }),
    { numRuns: 800 },
  )
})

const known = [
  ...['model_type', 'vocab_size', 'n_positions', 'n_embd', 'n_layer', 'n_head', 'n_inner', 'activation_function'],
  ...['resid_pdrop', 'embd_pdrop', 'attn_pdrop', 'layer_norm_epsilon', 'initializer_range', 'scale_attn_weights'],
  ...['scale_attn_by_inverse_layer_idx', 'tie_word_embeddings', 'add_cross_attention', 'eos_token_id', 'bos_token_id'],
  ...['quantization_config', 'auto_map', '__proto__', 'constructor', 'other'],
]

test('fields of config.json changed, taken out or added', async () => {
  const change = fc.tuple(fc.constantFrom(...known), strange)
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const fields: Record<string, unknown> = { ...tinyConfig }
      for (const [field, value] of changes)
        Object.defineProperty(fields, field, { value, enumerable: true, configurable: true, writable: true })
      model.write('config.json', JSON.stringify(fields))
      const opened = await openedOrRefused(() => openCheckpoint(model.path))
      if (opened) checkModel(opened)
    }),
    { numRuns: 300 },
  )
  model.config({})
  expect(await openedOrRefused(() => openCheckpoint(model.path))).toBeDefined()
})

/** Bytes of a JSON text changed, taken out, or put in. */
const scribble = fc.array(
  fc.tuple(fc.nat(10_000), fc.nat(2), fc.oneof(fc.constantFrom(...Buffer.from('{}[]",:\\0.e-\0\xff')), fc.nat(255))),
  { minLength: 1, maxLength: 3 },
)
function scribbled(text: string, changes: readonly (readonly [number, number, number])[]): Uint8Array {
  const bytes = [...Buffer.from(text)]
  for (const [at, removed, byte] of changes) bytes.splice(at % (bytes.length + 1), removed, byte)
  return Uint8Array.from(bytes)
}

test('bytes of config.json, generation_config.json and an index changed', async () => {
  const sharded = new ModelDirectory()
  let index = ''
  sharded.shards((value) => {
    index = JSON.stringify(value)
    return index
  })
  const texts: Readonly<Record<string, string>> = {
    'config.json': JSON.stringify({ ...tinyConfig, eos_token_id: [1, 2] } satisfies Fields),
    'generation_config.json': '{"eos_token_id":3,"temperature":0.7}',
    'model.safetensors.index.json': index,
  }
  try {
    for (const [name, text] of Object.entries(texts)) sharded.write(name, text)
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(texts)), scribble, async (name, changes) => {
        writeFileSync(sharded.at(name), scribbled(texts[name]!, changes))
        const opened = await openedOrRefused(() => openCheckpoint(sharded.path))
        if (opened && name !== 'config.json') checkModel(opened)
        sharded.write(name, texts[name]!)
      }),
      { numRuns: 300 },
    )
  } finally {
    sharded.dispose()
  }
})

test('tensors of any shapes and names beside those of a model, or in their place', async () => {
  const names = [...tinyWeights().keys()]
  const name = fc.oneof(
    fc.constantFrom('__proto__', 'constructor', '', 'a\0b', '../x', 'lm_head.weight', ...names),
    fc.string(),
  )
  const shape = fc.array(fc.nat(4), { maxLength: 4 })
  const dtype = fc.constantFrom('float32', 'float64', 'int32', 'uint8')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, shape, dtype), { minLength: 1, maxLength: 3 }), async (added) => {
      const tensors = tinyWeights()
      for (const [key, axes, type] of added) {
        const size = sizeOf(axes)
        const data = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array }[type]
        if (key !== '__metadata__') tensors.set(key, { dtype: type, shape: axes, data: new data(size) })
      }
      model.write('model.safetensors', encodeSafetensors(tensors))
      const opened = await openedOrRefused(() => openCheckpoint(model.path))
      if (opened) checkModel(opened)
    }),
    { numRuns: 300 },
  )
})

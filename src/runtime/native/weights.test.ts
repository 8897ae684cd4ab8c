import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ndarray } from '../../tensor/array.ts'
import { createNativeSession, type NativeSessionOptions } from './session.ts'
import { tinyModel } from './tinyModel.suite.ts'
import { memoryPlace, weightsPlace } from './weights.ts'

const weights = Float32Array.of(1, 2, 3, 4, 5, 6) // [3, 2]
const offsets = [0, 1, 2, 3, 4, 6, 63]

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pellucid-weights-'))
  for (const offset of offsets) {
    const bytes = Buffer.concat([Buffer.alloc(offset, 0xff), Buffer.from(weights.buffer)])
    writeFileSync(join(folder, `at-${offset}.bin`), bytes)
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

const product = [{ op: 'MatMul', name: 'lm_head/MatMul', inputs: ['x', 'w'], outputs: ['y'] }]
const transposed = [
  { op: 'Transpose', name: 'lm_head/Transpose', inputs: ['w'], outputs: ['t'] },
  { op: 'MatMul', name: 'lm_head/MatMul', inputs: ['x', 't'], outputs: ['y'] },
]

/** x·w for x = [1 0 0; 0 1 0], which picks the first two rows of w. */
async function picked(file: { name: string; offset: number }, options: NativeSessionOptions, nodes = product) {
  const shape = nodes === product ? [3, 2] : [2, 3]
  const model = tinyModel({ x: ['m', 3] }, { y: ['m', 2] }, nodes, { w: { shape, file } })
  const session = await createNativeSession(model, options)
  const x = ndarray('float32', [2, 3], Float32Array.of(1, 0, 0, 0, 1, 0))
  const y = ndarray('float32', [2, 2], new Float32Array(4))
  await session.run([{ name: 'x', array: x }], [{ name: 'y', array: y }])
  await session.dispose()
  return [...y.data]
}

test.each(offsets.flatMap((offset) => [true, false].map((prepack) => ({ offset, prepack }))))(
  'an initializer is read from byte $offset of a file (prepack $prepack)',
  async ({ offset, prepack }) => {
    const file = { name: `at-${offset}.bin`, offset }
    expect(await picked(file, { weightsFolder: folder, prepack })).toEqual([1, 2, 3, 4])
  },
)

test('a linked file is found through its real place, as in the Hugging Face cache', async () => {
  mkdirSync(join(folder, 'snapshot'))
  const link = join(folder, 'snapshot', 'model.bin')
  symlinkSync('../at-3.bin', link)
  const place = weightsPlace(link)
  expect(place.name).toBe('at-3.bin')
  expect(await picked({ name: place.name, offset: 3 }, { weightsFolder: place.folder })).toEqual([1, 2, 3, 4])
  const unresolved = picked({ name: 'model.bin', offset: 3 }, { weightsFolder: join(folder, 'snapshot') })
  await expect(unresolved).rejects.toMatchObject({ code: 'NATIVE_FAILED', message: expect.stringContaining('escapes') })
})

test('a folder given through a link is resolved', async () => {
  symlinkSync(folder, `${folder}-link`)
  try {
    expect(await picked({ name: 'at-4.bin', offset: 4 }, { weightsFolder: `${folder}-link` })).toEqual([1, 2, 3, 4])
  } finally {
    rmSync(`${folder}-link`)
  }
})

test('a missing or short weights file is refused, naming the initializer', async () => {
  const options = { weightsFolder: folder }
  const missing = picked({ name: 'none.bin', offset: 0 }, options)
  await expect(missing).rejects.toMatchObject({ code: 'NATIVE_FAILED', message: expect.stringMatching(/: w\b/) })
  const short = picked({ name: 'at-4.bin', offset: 8 }, options)
  await expect(short).rejects.toMatchObject({
    code: 'NATIVE_FAILED',
    message: expect.stringMatching(/initializer: w\b/),
  })
})

test('arrays serve as initializers where they lie, also behind what constant folding would compute', async () => {
  const file = { name: memoryPlace().name, offset: 0 }
  const initializers = [{ name: 'w', array: ndarray('float32', [3, 2], weights) }]
  expect(await picked(file, { initializers })).toEqual([1, 2, 3, 4])
  const columns = [{ name: 'w', array: ndarray('float32', [2, 3], Float32Array.of(1, 3, 5, 2, 4, 6)) }]
  expect(await picked(file, { initializers: columns }, transposed)).toEqual([1, 2, 3, 4])
})

test('an initializer that is not packed is read at each run: it was not copied', async () => {
  const array = ndarray('float32', [3, 2], Float32Array.from(weights))
  const model = tinyModel({ x: ['m', 3] }, { y: ['m', 2] }, product, {
    w: { shape: [3, 2], file: { name: memoryPlace().name, offset: 0 } },
  })
  const session = await createNativeSession(model, { initializers: [{ name: 'w', array }], prepack: false })
  const x = ndarray('float32', [1, 3], Float32Array.of(0, 0, 1))
  const y = ndarray('float32', [1, 2], new Float32Array(2))
  const binding = session.bind([{ name: 'x', array: x }], [{ name: 'y', array: y }])
  binding.runSync()
  expect([...y.data]).toEqual([5, 6])
  array.data[5] = 60
  binding.runSync()
  expect([...y.data]).toEqual([5, 60])
  await session.dispose()
})

test('sessions over one list of initializers outlive each other', async () => {
  const initializers = [{ name: 'w', array: ndarray('float32', [3, 2], weights) }]
  const model = tinyModel({ x: ['m', 3] }, { y: ['m', 2] }, product, {
    w: { shape: [3, 2], file: { name: memoryPlace().name, offset: 0 } },
  })
  const first = await createNativeSession(model, { initializers })
  const second = await createNativeSession(model, { initializers })
  await first.dispose()
  const y = ndarray('float32', [1, 2], new Float32Array(2))
  const x = ndarray('float32', [1, 3], Float32Array.of(1, 1, 1))
  second.runSync([{ name: 'x', array: x }], [{ name: 'y', array: y }])
  expect([...y.data]).toEqual([9, 12])
  await second.dispose()
})

import { readFileSync, rmSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomNormal } from '../../base/random.ts'
import { type NdArray, ndarray, sizeOf } from '../../tensor/array.ts'
import type { NamedArray } from './binding.ts'
import { createNativeSession, type NativeSession } from './session.ts'
import { tinyModel } from './tinyModel.suite.ts'

const f32 = (shape: number[], values: ArrayLike<number> = new Float32Array(sizeOf(shape))) =>
  ndarray('float32', shape, Float32Array.from(values))
const i64 = (shape: number[], values: number[]) => ndarray('int64', shape, BigInt64Array.from(values, BigInt))
const named = (arrays: { [name: string]: NdArray }): NamedArray[] =>
  Object.entries(arrays).map(([name, array]) => ({ name, array }))
const normal = (shape: number[], site: number) =>
  f32(shape, randomNormal({ seed: 1, purpose: 'test', site }, sizeOf(shape)))

const matMul = tinyModel({ a: ['m', 3], b: ['k', 2] }, { y: ['m', 2] }, [
  { op: 'MatMul', name: 'h.0.attn.c_attn/MatMul', inputs: ['a', 'b'], outputs: ['y'] },
])
const a = f32([2, 3], [1, 2, 3, 4, 5, 6])
const b = f32([3, 2], [1, 0, 0, 1, 1, 1])

describe('one product', () => {
  let session: NativeSession
  beforeAll(async () => {
    session = await createNativeSession(matMul)
  })
  afterAll(() => session.dispose())

  test('is computed into the array of the caller, asynchronously and not', async () => {
    expect([session.inputNames, session.outputNames]).toEqual([['a', 'b'], ['y']])
    const y = f32([2, 2])
    await session.run(named({ a, b }), named({ y }))
    expect([...y.data]).toEqual([4, 5, 10, 11])
    const again = f32([2, 2])
    session.runSync(named({ a, b }), named({ y: again }))
    expect(again.data).toEqual(y.data)
  })

  const y = f32([2, 2])
  const wrong: [name: string, inputs: { [name: string]: NdArray }, output: NdArray, code: string, text: RegExp][] = [
    [
      'inner axis',
      { a, b: f32([5, 2]) },
      y,
      'NATIVE_NODE_FAILED',
      /'h\.0\.attn\.c_attn\/MatMul' \(MatMul\).*\n.*dimension/,
    ],
    ['output shape', { a, b }, f32([1, 2]), 'NATIVE_NODE_FAILED', /'h\.0\.attn\.c_attn\/MatMul'.*\n.*\{1,2\}.*\{2,2\}/],
    ['output rank', { a, b }, f32([4]), 'NATIVE_FAILED', /rank for output: y Got: 1 Expected: 2/],
    ['output dtype', { a, b }, ndarray('uint8', [2, 2], new Uint8Array(4)), 'NATIVE_FAILED', /uint8.*float/],
    ['input axis', { a: f32([2, 4]), b }, y, 'NATIVE_FAILED', /input: a .* Got: 4 Expected: 3/],
    ['input rank', { a: f32([6]), b }, y, 'NATIVE_FAILED', /rank for input: a Got: 1 Expected: 2/],
    ['input dtype', { a: i64([2, 3], [1, 2, 3, 4, 5, 6]), b }, y, 'NATIVE_FAILED', /int64.*float/],
    ['missing input', { a }, y, 'NATIVE_NODE_FAILED', /Missing Input: b/],
    ['unknown input', { a, b, q: a }, y, 'UNKNOWN_NAME', /no input 'q'; it has: a, b/],
  ]
  test.each(wrong)('refuses a wrong %s and says which', async (_, inputs, output, code, text) => {
    const run = session.run(named(inputs), named({ y: output }))
    await expect(run).rejects.toMatchObject({ code, message: expect.stringMatching(text) })
    expect(() => session.runSync(named(inputs), named({ y: output }))).toThrow(text)
  })

  test('refuses an array that does not fill its shape', () => {
    const short = { dtype: 'float32', shape: [2, 3], data: new Float32Array(5) } as const
    expect(() => session.bind(named({ a: short, b }), named({ y }))).toThrow(/5 values .* \[2,3\]/)
  })
})

test('a model that cannot be loaded is refused, naming the node', async () => {
  const shapes = tinyModel({ a: [2, 3], b: [2, 3] }, { y: [2, 3] }, [
    { op: 'MatMul', name: 'h.3.mlp/MatMul', inputs: ['a', 'b'], outputs: ['y'] },
  ])
  await expect(createNativeSession(shapes)).rejects.toMatchObject({
    message: expect.stringContaining("'h.3.mlp/MatMul'"),
  })
  await expect(createNativeSession(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({ code: 'NATIVE_FAILED' })
  await expect(createNativeSession(matMul, { threads: 0 })).rejects.toMatchObject({ code: 'BAD_THREADS' })
})

test('empty tensors are allowed', async () => {
  const model = tinyModel({ table: ['v', 2], ids: ['int64', 'n'] }, { y: ['n', 2] }, [
    { op: 'Gather', inputs: ['table', 'ids'], outputs: ['y'] },
  ])
  const session = await createNativeSession(model)
  await session.run(named({ table: b, ids: i64([0], []) }), named({ y: f32([0, 2]) }))
  const y = f32([2, 2])
  await session.run(named({ table: b, ids: i64([2], [2, 0]) }), named({ y }))
  expect([...y.data]).toEqual([1, 1, 1, 0])
  await session.dispose()
})

test('ScatterND writes into the array that is both its input and its output', async () => {
  const model = tinyModel({ cache: [4, 2], at: ['int64', 1, 1], row: [1, 2] }, { updated: [4, 2] }, [
    { op: 'ScatterND', inputs: ['cache', 'at', 'row'], outputs: ['updated'] },
  ])
  const session = await createNativeSession(model)
  const cache = f32([4, 2])
  const at = i64([1, 1], [0])
  const row = f32([1, 2])
  const step = session.bind(named({ cache, at, row }), named({ updated: cache }))
  for (const position of [0, 2, 3]) {
    at.data[0] = BigInt(position)
    row.data.set([10 * position + 1, 10 * position + 2] as never)
    await step.run()
  }
  expect([...cache.data]).toEqual([1, 2, 0, 0, 21, 22, 31, 32])
  await session.dispose()
})

test('GroupQueryAttention extends a cache in place, token by token, like attention over all tokens', async () => {
  const [heads, width, slots, tokens] = [2, 8, 6, 4]
  const cacheShape = [1, heads, slots, width]
  const model = tinyModel(
    {
      q: [1, 1, heads * width],
      k: [1, 1, heads * width],
      v: [1, 1, heads * width],
      keys: cacheShape,
      values: cacheShape,
      last: ['int32', 1],
      total: ['int32'],
    },
    { y: [1, 1, heads * width], new_keys: cacheShape, new_values: cacheShape },
    [
      {
        op: 'GroupQueryAttention',
        domain: 'com.microsoft',
        inputs: ['q', 'k', 'v', 'keys', 'values', 'last', 'total'],
        outputs: ['y', 'new_keys', 'new_values'],
        attributes: { num_heads: heads, kv_num_heads: heads },
      },
    ],
  )
  const session = await createNativeSession(model)
  const [q, k, v, y] = [0, 1, 2, 3].map(() => f32([1, 1, heads * width])) as [NdArray, NdArray, NdArray, NdArray]
  const [keys, values] = [f32(cacheShape), f32(cacheShape)]
  const last = ndarray('int32', [1], new Int32Array(1))
  const total = ndarray('int32', [], new Int32Array(1))
  const step = session.bind(
    named({ q, k, v, keys, values, last, total }),
    named({ y, new_keys: keys, new_values: values }),
  )
  const all = [0, 1, 2].map((site) => normal([tokens, heads, width], site).data as Float32Array)
  const at = (part: number, t: number, h: number, d: number) => all[part]![(t * heads + h) * width + d]!

  for (let t = 0; t < tokens; t++) {
    for (const [part, array] of [q, k, v].entries())
      array.data.set(all[part]!.subarray(t * heads * width, (t + 1) * heads * width) as never)
    last.data[0] = t
    total.data[0] = t + 1
    await step.run()
    for (let h = 0; h < heads; h++) {
      const scores = Array.from({ length: t + 1 }, (_, s) => {
        let dot = 0
        for (let d = 0; d < width; d++) dot += at(0, t, h, d) * at(1, s, h, d)
        return Math.exp(dot / Math.sqrt(width))
      })
      const sum = scores.reduce((x, z) => x + z)
      for (let d = 0; d < width; d++) {
        const mixed = scores.reduce((total, weight, s) => total + (weight / sum) * at(2, s, h, d), 0)
        expect(y.data[h * width + d]).toBeCloseTo(mixed, 5)
        expect(keys.data[(h * slots + t) * width + d]).toBe(at(1, t, h, d))
      }
    }
  }
  expect([...values.data.subarray(tokens * width, slots * width)]).toEqual(new Array(2 * width).fill(0))
  await session.dispose()
})

/** y = x·wⁿ: long enough to look around while it runs. */
const power = (size: number, n: number) =>
  tinyModel(
    { x: [size, size], w: [size, size] },
    { y: [size, size] },
    Array.from({ length: n }, (_, i) => ({
      op: 'MatMul',
      name: `h.${i}/MatMul`,
      inputs: [i === 0 ? 'x' : `h${i}`, 'w'],
      outputs: [i === n - 1 ? 'y' : `h${i + 1}`],
    })),
  )

test('one, two and three threads give the same bits', async () => {
  const model = tinyModel(
    { x: [96, 256], w: [256, 512] },
    { y: [96, 512], mean: [96, 1] },
    [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['product'] },
      { op: 'Softmax', inputs: ['product'], outputs: ['y'] },
      { op: 'Erf', inputs: ['product'], outputs: ['erf'] },
      { op: 'ReduceMean', inputs: ['erf', 'axis'], outputs: ['mean'] },
    ],
    { axis: { shape: [1], integers: [1] } },
  )
  const [x, w] = [normal([96, 256], 4), normal([256, 512], 5)]
  const results: NdArray[][] = []
  for (const threads of [1, 2, 3]) {
    const session = await createNativeSession(model, { threads })
    const [y, mean] = [f32([96, 512]), f32([96, 1])]
    await session.run(named({ x, w }), named({ y, mean }))
    results.push([y, mean])
    await session.dispose()
  }
  expect((results[0]![0]!.data as Float32Array).slice(0, 512).reduce((sum, p) => sum + p)).toBeCloseTo(1, 5)
  expect(results[1]).toEqual(results[0])
  expect(results[2]).toEqual(results[0])
})

describe('a long run', () => {
  const size = 512
  let session: NativeSession
  const [x, w, y] = [normal([size, size], 6), f32([size, size]), f32([size, size])]
  for (let i = 0; i < size; i++) w.data[i * size + i] = 1 // the identity
  const inputs = named({ x, w })
  const outputs = named({ y })
  beforeAll(async () => {
    session = await createNativeSession(power(size, 80))
  })
  afterAll(() => session.dispose())

  test('leaves the event loop free', async () => {
    let running = true
    const run = session.run(inputs, outputs).finally(() => {
      running = false
    })
    let turns = 0
    for (; running; turns++) await turn()
    await run
    expect(turns).toBeGreaterThan(100)
    expect(y.data).toEqual(x.data)
  })

  test('can be cancelled; the next one runs to its end', async () => {
    const binding = session.bind(inputs, outputs)
    const cancelled = binding.run()
    setTimeout(() => binding.cancel(), 5)
    await expect(cancelled).rejects.toMatchObject({ code: 'NATIVE_CANCELLED' })
    y.data.fill(0 as never)
    await binding.run()
    expect(y.data).toEqual(x.data)
    const others = [session.run(inputs, outputs), session.run(inputs, named({ y: f32([size, size]) }))]
    session.cancel()
    for (const result of await Promise.allSettled(others))
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'NATIVE_CANCELLED' } })
  })

  test('keeps its arrays busy, and its session alive until it ends', async () => {
    const other = await createNativeSession(power(size, 20))
    const binding = other.bind(inputs, outputs)
    y.data.fill(0 as never)
    const run = binding.run()
    await expect(binding.run()).rejects.toMatchObject({ code: 'BUSY' })
    const disposed = other.dispose()
    await expect(other.run(inputs, outputs)).rejects.toMatchObject({ code: 'CLOSED' })
    await Promise.all([run, disposed])
    expect(y.data).toEqual(x.data)
    expect(() => binding.runSync()).toThrow(/disposed/)
    await other.dispose()
  })
})

test('a profile names the nodes', async () => {
  const session = await createNativeSession(matMul, { profile: `profile-test-${process.pid}` })
  await session.run(named({ a, b }), named({ y: f32([2, 2]) }))
  const file = session.endProfile()
  try {
    expect(file).toMatch(new RegExp(`^profile-test-${process.pid}`))
    const events = JSON.parse(readFileSync(file, 'utf8')) as { name: string }[]
    expect(events.map(({ name }) => name)).toContain('h.0.attn.c_attn/MatMul_kernel_time')
  } finally {
    rmSync(file)
  }
  await session.dispose()
})

import { readFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type NdArray, ndarray } from '../../tensor/array.ts'
import { createNativeSession, type NativeSession } from './session.ts'
import { tinyModel } from './tinyModel.suite.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const row = (data: Float32Array<ArrayBufferLike>): NdArray => ndarray('float32', [data.length], data)

let session: NativeSession
const negate = (x: NdArray, y: NdArray) => session.bind([{ name: 'x', array: x }], [{ name: 'y', array: y }])
beforeAll(async () => {
  session = await createNativeSession(
    tinyModel({ x: ['n'] }, { y: ['n'] }, [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }]),
  )
})
afterAll(() => session.dispose())

const buffers: [name: string, buffer: ArrayBufferLike][] = [
  ['an ArrayBuffer', new ArrayBuffer(64)],
  ['a SharedArrayBuffer', new SharedArrayBuffer(64)],
  ['a WebAssembly.Memory', new WebAssembly.Memory({ initial: 1 }).buffer],
  ['a shared WebAssembly.Memory', new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }).buffer],
]
test.each(buffers)('arrays over parts of %s are read and written where they lie', async (_, buffer) => {
  const all = new Float32Array(buffer, 0, 16)
  all.fill(7)
  const x = row(new Float32Array(buffer, 4, 3))
  const y = row(new Float32Array(buffer, 32, 3))
  const binding = negate(x, y)
  for (const start of [1, 10]) {
    x.data.set([start, start + 1, start + 2] as never)
    await binding.run()
    const expected = [7, start, start + 1, start + 2, 7, 7, 7, 7, -start, -start - 1, -start - 2, 7, 7, 7, 7, 7]
    expect([...all]).toEqual(expected)
  }
})

test('small arrays stay where they are, whatever the garbage collector does', async () => {
  const pairs = Array.from({ length: 200 }, (_, i) => {
    const x = row(Float32Array.of(i, 1, 2))
    const y = row(new Float32Array(3))
    return { x, y, binding: negate(x, y) }
  })
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 5; i++) new Array(100_000).fill({}).map(() => new Float32Array(2))
    collectGarbage()
    for (const [i, { x, y, binding }] of pairs.entries()) {
      x.data[1] = round
      binding.runSync()
      expect([...y.data]).toEqual([-i, -round, -2])
    }
  }
})

describe('an array that lost its storage is refused', () => {
  const refused = { code: 'DETACHED' }
  test('transferred to another thread', () => {
    const x = row(new Float32Array(4))
    const binding = negate(x, row(new Float32Array(4)))
    structuredClone(x.data.buffer, { transfer: [x.data.buffer as ArrayBuffer] })
    expect(() => binding.runSync()).toThrow(expect.objectContaining(refused))
    expect(() => negate(x, row(new Float32Array(4))).runSync()).toThrow(expect.objectContaining(refused))
  })
  test('in a WebAssembly memory that grew', async () => {
    const memory = new WebAssembly.Memory({ initial: 1 })
    const binding = negate(row(new Float32Array(4)), row(new Float32Array(memory.buffer, 0, 4)))
    memory.grow(1)
    await expect(binding.run()).rejects.toMatchObject(refused)
  })
})

describe.runIf(process.platform === 'linux')('memory', () => {
  /** Anonymous memory of this process after a collection, in MiB. */
  async function used(): Promise<number> {
    for (let i = 0; i < 4; i++) {
      collectGarbage()
      await turn()
    }
    return Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024
  }

  test('does not grow over 10,000 asynchronous and 300,000 synchronous runs of one binding', async () => {
    const binding = negate(row(new Float32Array(64)), row(new Float32Array(64)))
    const work = async (runs: number) => {
      for (let i = 0; i < runs; i++) await binding.run()
      for (let i = 0; i < 30 * runs; i++) binding.runSync()
    }
    await work(2_000)
    const before = await used()
    await work(10_000)
    expect((await used()) - before).toBeLessThan(8)
  })

  test('of arrays that are dropped is given back, and that of their tensors', async () => {
    const work = async (rounds: number) => {
      for (let i = 0; i < rounds; i++) {
        for (let j = 0; j < 1000; j++)
          session.runSync(
            [{ name: 'x', array: row(new Float32Array(64)) }],
            [{ name: 'y', array: row(new Float32Array(64)) }],
          )
        await turn()
      }
    }
    await work(100) // until the allocators hold what they will keep
    // 200,000 tensors each time: 50 MiB of numbers and over 40 MiB of handles, which a leak would add every time. The allocator
    // may keep some of it once, so the least growth counts.
    const growth: number[] = []
    for (let i = 0; i < 3 && !growth.some((mebibytes) => mebibytes < 25); i++) {
      const before = await used()
      await work(100)
      growth.push((await used()) - before)
    }
    expect(Math.min(...growth)).toBeLessThan(25)
  })
})

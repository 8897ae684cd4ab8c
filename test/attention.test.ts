/** What attention must not depend on: later tokens, padding, the order of the batch, the length of the program's axes. */
import { describe, expect, test } from 'vitest'
import { symbol } from '../src/graph/axis.ts'
import { program } from '../src/graph/program.ts'
import type { Tensor } from '../src/graph/tensor.ts'
import { type AttendOptions, attend } from '../src/nn/attention.ts'
import { LayerCache } from '../src/nn/cache.ts'
import { input } from '../src/ops/index.ts'
import { nativeRuntime } from '../src/runtime/native/native.ts'
import { referenceRuntime } from '../src/runtime/reference.ts'
import type { Arrays, Runtime } from '../src/runtime/runtime.ts'
import { webRuntime } from '../src/runtime/web.ts'
import { type NdArray, zeros } from '../src/tensor/array.ts'
import { arrayOf, floats } from './op-suite/sample.ts'

const width = 16
const heads = 2
const names = ['q', 'k', 'v'] as const

/** Random queries, keys and values [b, t, width]. */
const batch = (b: number, t: number): Record<'q' | 'k' | 'v', NdArray> =>
  Object.fromEntries(names.map((name) => [name, arrayOf(floats(b, t, width), {}, name)])) as never

const [b, t] = [symbol('b'), symbol('t')]

/** Runs attention over a batch of any size. */
async function run(runtime: Runtime, options: Omit<AttendOptions, 'heads'>, feeds: Arrays): Promise<Float32Array> {
  const qkv = names.map((name) => input(name, [b, t, width])) as [Tensor, Tensor, Tensor]
  const mask = input('mask', [b, t], 'int32')
  const y = attend(...qkv, { ...options, heads, ...('mask' in feeds && { mask }) })
  const executable = await runtime.compile(
    program({ q: qkv[0], k: qkv[1], v: qkv[2], ...('mask' in feeds && { mask }) }, { y }),
  )
  const { y: result } = await executable.run(feeds)
  await executable.dispose()
  return result!.data as Float32Array
}

/** The same arrays with f in place of some elements of each row [t, width]. */
const changed = (arrays: Arrays, f: (value: number, row: number, step: number) => number): Arrays =>
  Object.fromEntries(
    Object.entries(arrays).map(([name, { dtype, shape, data }]) => [
      name,
      {
        dtype,
        shape,
        data: (data as Float32Array).map((v, i) =>
          f(v, Math.floor(i / (shape[1]! * width)), Math.floor(i / width) % shape[1]!),
        ),
      },
    ]),
  )

const farthest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0)
const steps = (y: Float32Array, row: number, length: number, from: number, to: number) =>
  y.slice((row * length + from) * width, (row * length + to) * width)

describe.each([referenceRuntime(), nativeRuntime(), webRuntime()])('attention on the runtime $name', (runtime) => {
  test('later tokens never change earlier results, to the bit', async () => {
    const arrays = batch(2, 6)
    const before = await run(runtime, { causal: true }, arrays)
    for (const at of [1, 3, 5]) {
      const after = await run(
        runtime,
        { causal: true },
        changed(arrays, (v, _, step) => (step >= at ? v + 1 : v)),
      )
      for (const row of [0, 1]) expect(steps(after, row, 6, 0, at)).toEqual(steps(before, row, 6, 0, at))
      expect(farthest(after, before)).toBeGreaterThan(1e-3)
    }
  })

  test('what padding holds does not matter', async () => {
    const arrays = batch(2, 5)
    const mask = { dtype: 'int32', shape: [2, 5], data: Int32Array.of(1, 1, 1, 0, 0, 1, 1, 1, 1, 1) } as const
    const before = await run(runtime, {}, { ...arrays, mask })
    const other = changed(arrays, (v, row, step) => (row === 0 && step >= 3 ? 7 - v : v))
    const after = await run(runtime, {}, { ...other, mask })
    expect(farthest(steps(after, 0, 5, 0, 3), steps(before, 0, 5, 0, 3))).toBeLessThanOrEqual(1e-7)
    expect(steps(after, 1, 5, 0, 5)).toEqual(steps(before, 1, 5, 0, 5))
  })

  test('padding at the end is as if it were not there', async () => {
    const arrays = batch(1, 5)
    const mask = { dtype: 'int32', shape: [1, 5], data: Int32Array.of(1, 1, 1, 0, 0) } as const
    const padded = await run(runtime, { causal: true }, { ...arrays, mask })
    const short = Object.fromEntries(
      names.map((name) => [
        name,
        { dtype: 'float32', shape: [1, 3, width], data: arrays[name].data.slice(0, 3 * width) },
      ]),
    ) as Arrays
    expect(farthest(await run(runtime, { causal: true }, short), steps(padded, 0, 5, 0, 3))).toBeLessThanOrEqual(1e-6)
  })

  test('rows in another order give the same results in that order, to the bit', async () => {
    const arrays = batch(3, 4)
    const order = [2, 0, 1]
    const turned = Object.fromEntries(
      names.map((name) => {
        const data = new Float32Array(3 * 4 * width)
        for (const [to, from] of order.entries())
          data.set(steps(arrays[name].data as Float32Array, from, 4, 0, 4), to * 4 * width)
        return [name, { dtype: 'float32', shape: [3, 4, width], data }]
      }),
    ) as Arrays
    const [y, z] = [await run(runtime, { causal: true }, arrays), await run(runtime, { causal: true }, turned)]
    for (const [to, from] of order.entries()) expect(steps(z, to, 4, 0, 4)).toEqual(steps(y, from, 4, 0, 4))
  })

  test('token by token through a cache as all at once', async () => {
    const length = 5
    const arrays = batch(2, length)
    const whole = await run(runtime, { causal: true }, arrays)
    const slots = [symbol('b'), heads, symbol('s'), width / heads]
    const [keys, values] = [input('keys', slots), input('values', slots)]
    const starts = input('starts', [b], 'int32')
    const qkv = names.map((name) => input(name, [b, t, width])) as [Tensor, Tensor, Tensor]
    const cache = new LayerCache(keys, values, starts)
    const y = attend(...qkv, { heads, causal: true, cache })
    const executable = await runtime.compile(
      program(
        { q: qkv[0], k: qkv[1], v: qkv[2], keys, values, starts },
        { y, keys: cache.updated!.keys, values: cache.updated!.values },
      ),
    )
    let buffers = {
      keys: zeros('float32', [2, heads, 8, width / heads]),
      values: zeros('float32', [2, heads, 8, width / heads]),
    }
    for (const [from, to] of [
      [0, 2],
      [2, 3],
      [3, 4],
      [4, 5],
    ] as const) {
      const feeds = Object.fromEntries(
        names.map((name) => {
          const rows = [0, 1].flatMap((row) => [...steps(arrays[name].data as Float32Array, row, length, from, to)])
          return [name, { dtype: 'float32', shape: [2, to - from, width], data: Float32Array.from(rows) }]
        }),
      ) as Arrays
      const lengths = { dtype: 'int32', shape: [2], data: Int32Array.of(from, from) } as const
      const { y: found, ...updated } = await executable.run({ ...feeds, ...buffers, starts: lengths })
      for (const row of [0, 1])
        expect(
          farthest(
            steps(found!.data as Float32Array, row, to - from, 0, to - from),
            steps(whole, row, length, from, to),
          ),
        ).toBeLessThanOrEqual(1e-6)
      buffers = updated as typeof buffers
    }
    await executable.dispose()
  })

  test('every size of batch and sequence', async () => {
    const largest = batch(5, 7)
    for (const rows of [1, 2, 5])
      for (const length of [1, 2, 7]) {
        const part = Object.fromEntries(
          names.map((name) => {
            const data = new Float32Array(rows * length * width)
            for (let row = 0; row < rows; row++)
              data.set(steps(largest[name].data as Float32Array, row, 7, 0, length), row * length * width)
            return [name, { dtype: 'float32', shape: [rows, length, width], data }]
          }),
        ) as Arrays
        const y = await run(runtime, { causal: true }, part)
        const z = await run(runtime, { causal: true }, largest)
        for (let row = 0; row < rows; row++)
          expect(farthest(steps(y, row, length, 0, length), steps(z, row, 7, 0, length))).toBeLessThanOrEqual(1e-6)
      }
  })
})

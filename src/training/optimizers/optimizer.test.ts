/** Every optimizer against PyTorch and transformers, and the laws of a step: clipping, summing, saving, refusing. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { randomNormal } from '../../base/random.ts'
import type { NdArray } from '../../tensor/array.ts'
import { createOptimizer, type Optimizer, optimizerSchema, type TrainedParameter } from './optimizer.ts'

type Case = { config: unknown; clip: number | null; rates: number[]; scale: number; norms: number[] }
type Tensor = { shape: number[]; data: Float32Array }

const folder = new URL('../../../test/oracles/data/optimizers/', import.meta.url)
const oracle = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as { cases: Record<string, Case> }

/** The float32 tensors of a safetensors file. */
function readTensors(file: URL): Map<string, Tensor> {
  const bytes = readFileSync(file)
  const start = 8 + Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
    string,
    { shape: number[]; data_offsets: [number, number] }
  >
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        const data = new Float32Array(
          bytes.buffer.slice(bytes.byteOffset + start + from, bytes.byteOffset + start + to),
        )
        return [name, { shape, data }]
      },
    ),
  )
}
const tensors = readTensors(new URL('expected.safetensors', folder))
/** The tensors whose name starts with a prefix, by the rest of their names. */
const under = (prefix: string) =>
  new Map([...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, t]) => [name.slice(prefix.length), t]))

const recorded = under('parameter.')
const shapes: TrainedParameter[] = [...recorded].map(([name, { shape }]) => ({ name, shape }))

/** An optimizer over the recorded parameters. */
function start(config: unknown, options?: Parameters<typeof createOptimizer>[2]): Optimizer {
  const optimizer = createOptimizer(optimizerSchema.parse(config), shapes, options)
  for (const [name, { data }] of recorded) optimizer.parameters.get(name)!.set(data)
  return optimizer
}
function fill(optimizer: Optimizer, step: number, source = 0) {
  for (const [name, { data }] of under(`gradient.${step}.`)) optimizer.gradients[source]!.get(name)!.set(data)
}
const bits = (numbers: Iterable<[string, Float32Array]>) =>
  [...numbers].map(([name, data]) => [name, ...new Uint32Array(data.slice().buffer)])
const largest = (data: Float32Array) => data.reduce((most, x) => Math.max(most, Math.abs(x)), 0)

describe.each(Object.entries(oracle.cases))('%s', (name, { config, clip, rates, scale, norms }) => {
  /** A limit for one memory that spreads the parameters over several. */
  test.each([undefined, 9_216])('equals the oracle (memory limit %s)', (limit) => {
    const optimizer = start(config, { limit })
    expect(optimizer.arena.memories.length > 1).toBe(limit !== undefined)
    for (const [step, rate] of rates.entries()) {
      fill(optimizer, step)
      const { gradientNorm } = optimizer.step(rate, { clip: clip ?? undefined, scale })
      expect(Math.abs(gradientNorm - norms[step]!)).toBeLessThan(1e-6 * norms[step]!)
    }
    const final = under(`final.${name}.`)
    expect([...final.keys()]).toEqual([...recorded.keys()])
    for (const [key, { data }] of final) {
      const got = optimizer.parameters.get(key)!
      const error = largest(got.map((x, i) => x - data[i]!))
      expect(error, key).toBeLessThan(1e-6 * largest(data) + 1e-7)
    }
  })

  test('a restored optimizer goes on bit for bit', () => {
    const [whole, first] = [start(config), start(config)]
    for (const optimizer of [whole, first])
      for (const step of [0, 1, 2]) {
        fill(optimizer, step)
        optimizer.step(rates[step]!, { clip: clip ?? undefined, scale })
      }
    const second = start(config)
    const state = structuredClone(first.state())
    second.load(state)
    for (const [key, data] of first.parameters) second.parameters.get(key)!.set(data)
    for (const optimizer of [whole, second])
      for (const step of [3, 4]) {
        fill(optimizer, step)
        optimizer.step(rates[step]!, { clip: clip ?? undefined, scale })
      }
    expect(bits(second.parameters)).toEqual(bits(whole.parameters))
    const floats = (optimizer: Optimizer) =>
      [...optimizer.state()]
        .filter(([, a]) => a.dtype === 'float32')
        .map(([n, a]) => [n, a.data] as [string, Float32Array])
    expect(bits(floats(second))).toEqual(bits(floats(whole)))
    expect(second.state().get('step')!.data).toEqual(BigInt64Array.of(5n))
  })
})

describe('a step', () => {
  const adamw = { name: 'adamw', weightDecay: 0.1 }
  const run = (optimizer: Optimizer) => {
    optimizer.step(1e-2, { clip: 1 })
    return bits(optimizer.parameters)
  }

  test('sums its sources in order, whether fused or accumulated, as float32 sums would', async () => {
    const fused = start(adamw, { gradients: 3 })
    const accumulated = start(adamw, { gradients: 3 })
    const plain = start(adamw)
    for (const source of [0, 1, 2]) for (const optimizer of [fused, accumulated]) fill(optimizer, source, source)
    for (const [name, sum] of plain.gradients[0]!) {
      const [a, b, c] = [0, 1, 2].map((step) => tensors.get(`gradient.${step}.${name}`)!.data)
      for (let i = 0; i < sum.length; i++) sum[i] = Math.fround(a![i]! + b![i]!) + c![i]!
    }
    await accumulated.accumulate(0, 1)
    await accumulated.accumulate(0, 2)
    const options = { clip: 1, scale: 1 / 3 }
    const reports = [
      plain.step(1e-2, options),
      accumulated.step(1e-2, options),
      fused.step(1e-2, { ...options, sources: 3 }),
    ]
    expect(reports[1]).toEqual(reports[0])
    expect(reports[2]!.gradientNorm).toBeCloseTo(reports[0]!.gradientNorm, 12)
    expect(bits(accumulated.parameters)).toEqual(bits(plain.parameters))
    expect(bits(fused.parameters)).toEqual(bits(plain.parameters))
    expect(() => fused.step(1e-2, { sources: 4 })).toThrow(/4 gradient buffers/)
  })

  test('in memory that threads share is the same', () => {
    const [own, shared] = [start(adamw), start(adamw, { shared: true })]
    expect(shared.arena.memories[0]!.buffer).toBeInstanceOf(SharedArrayBuffer)
    for (const optimizer of [own, shared]) fill(optimizer, 0)
    expect(run(shared)).toEqual(run(own))
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('with a gradient of %s changes nothing and names it', (bad) => {
    const optimizer = start(adamw)
    fill(optimizer, 0)
    optimizer.step(1e-2)
    fill(optimizer, 1)
    const [parameters, state] = [bits(optimizer.parameters), structuredClone(optimizer.state())]
    optimizer.gradients[0]!.get('rows')![5] = bad
    expect(optimizer.step(1e-2, { clip: 1 })).toMatchObject({ nonfinite: 'rows' })
    expect(bits(optimizer.parameters)).toEqual(parameters)
    expect(optimizer.state()).toEqual(state)
  })

  test('gradients far beyond what float32 squares hold are measured and clipped', () => {
    const optimizer = start({ name: 'sgd', momentum: 0 })
    fill(optimizer, 0)
    const small = optimizer.step(0).gradientNorm
    for (const data of optimizer.gradients[0]!.values()) for (let i = 0; i < data.length; i++) data[i]! *= 2 ** 90
    expect(optimizer.step(0.1, { clip: 1 }).gradientNorm / 2 ** 90).toBeCloseTo(small, 9)
    const moved = [...optimizer.parameters].flatMap(([name, data]) =>
      [...data].map((x, i) => x - recorded.get(name)!.data[i]!),
    )
    expect(Math.hypot(...moved)).toBeCloseTo(0.1, 5)
  })

  test('leaves vectors alone in decay, unless told otherwise', () => {
    const config = optimizerSchema.parse({ name: 'adamw', weightDecay: 0.5 })
    const optimizer = createOptimizer(config, [
      { name: 'matrix', shape: [2, 2] },
      { name: 'vector', shape: [4] },
      { name: 'fixed', shape: [2, 2], decay: false },
      { name: 'shrinking', shape: [4], decay: true },
    ])
    for (const data of optimizer.parameters.values()) data.fill(1)
    optimizer.step(0.1)
    const values = [...optimizer.parameters].map(([name, [x]]) => [name, x])
    expect(values).toEqual([
      ['matrix', Math.fround(0.95)],
      ['vector', 1],
      ['fixed', 1],
      ['shrinking', Math.fround(0.95)],
    ])
  })

  test('the norm of a large gradient is exact to float64', () => {
    const size = 1_000_003
    const optimizer = createOptimizer(optimizerSchema.parse({ name: 'sgd' }), [{ name: 'x', shape: [size] }])
    const gradient = optimizer.gradients[0]!.get('x')!
    gradient.set(Float32Array.from(randomNormal({ seed: 3, purpose: 'test' }, size)))
    const squares = gradient.reduce((sum, g) => sum + g * g, 0)
    expect(optimizer.step(0).gradientNorm / Math.sqrt(squares)).toBeCloseTo(1, 12)
  })
})

describe('stepInSlices', () => {
  const shape = [3, 2 ** 21 + 1]
  const build = (name: string) => {
    const optimizer = createOptimizer(optimizerSchema.parse({ name }), [{ name: 'x', shape }])
    const numbers = Float32Array.from(randomNormal({ seed: 4, purpose: 'test' }, 2 ** 16))
    for (const data of [optimizer.parameters.get('x')!, optimizer.gradients[0]!.get('x')!])
      for (let i = 0; i < data.length; i += numbers.length) data.set(numbers.subarray(0, data.length - i), i)
    return optimizer
  }
  test.each(['adamw', 'sgd', 'adafactor'])('%s: equals step, and leaves the event loop its turns', async (name) => {
    const [whole, sliced] = [build(name), build(name)]
    let turns = 0
    const count = () => {
      turns++
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    const report = await sliced.stepInSlices(1e-2, { clip: 1 })
    clearImmediate(timer)
    expect(turns).toBeGreaterThan(0)
    expect(report).toEqual(whole.step(1e-2, { clip: 1 }))
    const [a, b] = [whole, sliced].map((o) => Buffer.from(o.parameters.get('x')!.slice().buffer))
    expect(a!.equals(b!)).toBe(true)
  })
})

describe('load', () => {
  const state = () => structuredClone(start({ name: 'adam' }).state()) as Map<string, NdArray>
  const refused = (change: (state: Map<string, NdArray>) => void, message: RegExp) => {
    const changed = state()
    change(changed)
    expect(() => start({ name: 'adam' }).load(changed)).toThrow(message)
  }
  test('names what does not fit', () => {
    refused((s) => s.delete('exp_avg.vector'), /exp_avg\.vector is missing/)
    refused((s) => s.set('exp_avg.other', s.get('step')!), /exp_avg\.other is not known/)
    refused(
      (s) => s.set('exp_avg.vector', s.get('exp_avg.row')!),
      /exp_avg\.vector is float32 \[1,9\], expected float32 \[23\]/,
    )
    expect(() => start({ name: 'sgd' }).load(state())).toThrow(/momentum_buffer\.\w+ is missing \(for sgd\)/)
  })
})

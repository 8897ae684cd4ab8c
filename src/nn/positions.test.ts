import { expect, test } from 'vitest'
import { openOracle } from '../../test/oracles/oracle.ts'
import { evaluator } from '../graph/evaluate.ts'
import type { Tensor } from '../graph/tensor.ts'
import { arange, constant } from '../ops/index.ts'
import { toNumbers } from '../tensor/array.ts'
import {
  alibiBias,
  alibiSlopes,
  distanceBuckets,
  type RotaryOptions,
  rotaryFrequencies,
  rotate,
  rotation,
  sinusoids,
} from './positions.ts'

type Rope = { rope_theta: number; rope_type: string; factor: number; low_freq_factor: number; high_freq_factor: number }
type Buckets = {
  num_buckets: number
  max_distance: number
  bidirectional: boolean
  from: number
  to: number
  bucket: number[]
}
type Expected = {
  rope: Record<string, Rope & { original_max_position_embeddings: number }>
  t5_buckets: Buckets[]
  alibi_slopes: Record<string, number[]>
}

const { expected, under } = openOracle<Expected>('positional')
const recorded = under('')
const known = (name: string): Tensor => {
  const array = recorded.get(name)!
  const dtype = array.dtype === 'int64' ? 'int32' : array.dtype
  return constant(toNumbers(array), array.shape, dtype)
}
const valuesOf = (x: Tensor) => evaluator([x])(new Map(), { round: true })[0]!
/** The largest difference, each allowed 2e-5 and 2e-7 for every position it is away from 0. */
function excess(found: Tensor, name: string, positions: readonly number[], perPosition: number): number {
  const [value, wanted] = [valuesOf(found), toNumbers(recorded.get(name)!)]
  expect(value.data.length).toBe(wanted.length)
  return value.data.reduce((most, v, i) => {
    const position = positions[Math.floor(i / perPosition) % positions.length]!
    return Math.max(most, Math.abs(v - wanted[i]!) - 2e-5 - 2e-7 * position)
  }, 0)
}

test.each([4, 16])('sinusoids of width %i', (width) => {
  expect(excess(sinusoids(10, width), `sinusoidal.${width}`, [0], width)).toBe(0)
})

test('sinusoids in halves: the same columns, sines first', () => {
  const [a, b] = [valuesOf(sinusoids(5, 6)), valuesOf(sinusoids(5, 6, 'halves'))]
  for (let p = 0; p < 5; p++)
    for (let i = 0; i < 3; i++)
      expect([b.data[6 * p + i], b.data[6 * p + 3 + i]]).toEqual([a.data[6 * p + 2 * i], a.data[6 * p + 2 * i + 1]])
})

const optionsOf = (name: string): RotaryOptions => {
  const r = expected.rope[name]!
  const scalings: Record<string, RotaryOptions['scaling']> = {
    default: undefined,
    linear: { type: 'linear', factor: r.factor },
    llama3: {
      type: 'llama3',
      factor: r.factor,
      low: r.low_freq_factor,
      high: r.high_freq_factor,
      context: r.original_max_position_embeddings,
    },
  }
  return { theta: r.rope_theta, scaling: scalings[r.rope_type] }
}

test.each(
  Object.keys(expected.rope).flatMap((name) => [
    [name, 'rope.positions', ''],
    [name, 'rope.far_positions', '.far'],
  ]),
)('rotations %s of %s', (name, positionsName, suffix) => {
  const positions = known(positionsName)
  const at = [...valuesOf(positions).data]
  const angles = rotation(positions.unsqueeze(1), 8, optionsOf(name))
  for (const x of ['q', 'k'])
    expect(excess(rotate(known(`rope.${x}`), angles), `rope.${name}${suffix}.${x}_rotated`, at, 8)).toBe(0)
})

test('rotations of neighbors', () => {
  const angles = rotation(known('rope.positions').unsqueeze(1), 8)
  expect(excess(rotate(known('rope.q'), angles, 'neighbors'), 'rope.interleaved.q_rotated', [0], 8)).toBe(0)
})

test('an odd width cannot be rotated', () => {
  expect(() => rotaryFrequencies(7)).toThrow('even width of heads, got 7')
})

test.each(expected.t5_buckets)('$num_buckets buckets up to $max_distance, both ways: $bidirectional', (each) => {
  const relative = arange(each.to - each.from + 1).add(each.from)
  const found = distanceBuckets(relative, {
    buckets: each.num_buckets,
    maxDistance: each.max_distance,
    bidirectional: each.bidirectional,
  })
  expect([...valuesOf(found).data]).toEqual(each.bucket)
})

test.each(Object.entries(expected.alibi_slopes))('slopes of %s heads', (heads, slopes) => {
  const found = alibiSlopes(Number(heads))
  expect(found.map(Math.fround)).toEqual(slopes.map(Math.fround))
})

test('the bias of slopes: softmax sees −slope·distance', () => {
  const [heads, length] = [2, 4]
  const scores = constant([0.5, -1, 2, 0.25], [length])
  const distance = arange(length, 'float32').unsqueeze(1).sub(arange(length, 'float32'))
  const written = scores.sub(constant(alibiSlopes(heads), [heads, 1, 1]).mul(distance))
  // The bias has one row for all queries; adding zeros of the other's shape repeats it for each.
  const found = scores.add(alibiBias(heads, length)).add(written.mul(0))
  const [a, b] = [valuesOf(found.softmax()).data, valuesOf(written.softmax()).data]
  expect(a.length).toBe(heads * length * length)
  for (const [i, v] of a.entries()) expect(v).toBeCloseTo(b[i]!, 6)
})

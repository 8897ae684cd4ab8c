import { describe, expect, it } from 'vitest'
import { RandomStream } from '../base/random.ts'
import { drawn, mostProbable } from './candidates.ts'

const texts = () => [
  { values: Float32Array.of(0.5, -1, Number.NEGATIVE_INFINITY, 0.25), plus: -1 },
  { values: Float32Array.of(-2, 1, 0.5, -0.5), plus: -0.5 },
]
const name = ({ parent, id }: { parent: number; id: number }) => `${parent}:${id}`

describe('the most probable continuations', () => {
  it('come best first over all texts; of equals the earlier text first; removed ones never', () => {
    expect(mostProbable(texts(), 5)).toEqual([
      { parent: 1, id: 1, score: 0.5 },
      { parent: 1, id: 2, score: 0 },
      { parent: 0, id: 0, score: -0.5 },
      { parent: 0, id: 3, score: -0.75 },
      { parent: 1, id: 3, score: -1 },
    ])
    expect(mostProbable(texts(), 100)).toHaveLength(7)
    const equal = [Float32Array.of(0, 1), Float32Array.of(1, 0)].map((values) => ({ values, plus: 0 }))
    expect(mostProbable(equal, 4).map(name)).toEqual(['0:1', '1:0', '0:0', '1:1'])
  })
})

describe('drawn continuations', () => {
  it('come each at most once, removed ones never, and no more than there are', () => {
    const stream = new RandomStream({ seed: 1, purpose: 'test' })
    for (let i = 0; i < 100; i++) {
      const found = drawn(
        texts(),
        Float64Array.from({ length: 20 }, () => stream.uniform()),
      )
      expect(found.map(name).sort()).toEqual(['0:0', '0:1', '0:3', '1:0', '1:1', '1:2', '1:3'])
    }
  })

  it('come in every order as often as drawing without replacement gives it', () => {
    const stream = new RandomStream({ seed: 2, purpose: 'test' })
    const runs = 40_000
    const seen = new Map<string, number>()
    for (let i = 0; i < runs; i++) {
      const pair = drawn(texts(), Float64Array.of(stream.uniform(), stream.uniform())).map(name).join()
      seen.set(pair, (seen.get(pair) ?? 0) + 1)
    }
    const all = mostProbable(texts(), 7).map((one) => ({ key: name(one), weight: Math.exp(one.score) }))
    const total = all.reduce((sum, { weight }) => sum + weight, 0)
    let chi = 0
    for (const a of all)
      for (const b of all) {
        if (a === b) continue
        const expected = (runs * (a.weight / total) * b.weight) / (total - a.weight)
        chi += ((seen.get(`${a.key},${b.key}`) ?? 0) - expected) ** 2 / expected
      }
    // 41 degrees of freedom: above 74.7 with a probability of 0.1 %.
    expect(chi).toBeLessThan(74.7)
  })

  it('are found however much less probable they are than others', () => {
    const values = Float32Array.of(-3e6, 0, -1e6, Number.NEGATIVE_INFINITY)
    expect(drawn([{ values, plus: -5 }], Float64Array.of(0.5, 0.5, 0.5, 0.5)).map(({ id }) => id)).toEqual([1, 2, 0])
  })

  it('finds its way through several blocks of a large vocabulary', () => {
    const values = new Float32Array(5000).fill(-50)
    for (const id of [3, 1023, 1024, 4999]) values[id] = 10
    const stream = new RandomStream({ seed: 3, purpose: 'test' })
    const found = drawn(
      [{ values, plus: 0 }],
      Float64Array.from({ length: 4 }, () => stream.uniform()),
    )
    expect(found.map(({ id }) => id).sort((a, b) => a - b)).toEqual([3, 1023, 1024, 4999])
    expect(found.map(({ score }) => score)).toEqual([10, 10, 10, 10])
  })
})

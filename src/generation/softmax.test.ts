import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decay, depth, kthLargest, largestIds, mass, maximum, removed } from './softmax.ts'

const rows = fc.array(fc.oneof(fc.float({ min: -99, max: 99, noNaN: true }), fc.constantFrom(0, 1, removed)), {
  minLength: 1,
  maxLength: 60,
})

describe('exponentials', () => {
  it('decay is e^(−x) to 13 digits, over and beyond its table', () => {
    for (let x = 0; x < 2 * depth; x += 0.00137) expect(Math.abs(decay(x) * Math.exp(x) - 1)).toBeLessThan(1e-13)
    expect([0, Number.POSITIVE_INFINITY, Number.NaN].map(decay)).toEqual([1, 0, Number.NaN])
  })

  it('mass is the sum of them over a part of a row, without removed tokens', () => {
    const row = Float32Array.of(2, removed, 1, 0)
    expect(mass(row, 2)).toBeCloseTo(1 + Math.exp(-1) + Math.exp(-2), 12)
    expect(mass(row, 2, 1, 3)).toBeCloseTo(Math.exp(-1), 12)
  })
})

describe('the largest', () => {
  it('of a row, by value', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 60 }), (values, k) => {
        const row = Float32Array.from(values)
        const sorted = row.toSorted().reverse()
        expect(maximum(row)).toBe(sorted[0])
        expect(kthLargest(row, Math.min(k, row.length))).toBe(sorted[Math.min(k, row.length) - 1])
      }),
    )
  })

  it('of a row, by id: falling, of equals the lower id first, none removed', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 0, max: 70 }), (values, k) => {
        const row = Float32Array.from(values)
        const left = [...row.keys()].filter((id) => row[id] !== removed)
        expect(largestIds(row, k)).toEqual(left.sort((a, b) => row[b]! - row[a]! || a - b).slice(0, k))
      }),
    )
  })
})

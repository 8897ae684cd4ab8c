/** Merges come out of the queue by rank, then by place, whatever the order in which they went in. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MergeQueue } from './merge-queue.ts'

const ranks = 12
/** A merge to put in, or null to take one out. */
const step = fc.oneof(fc.tuple(fc.nat(ranks - 1), fc.nat(50)), fc.constant(null))

describe.each([
  ['a heap', 40],
  ['a list for each rank', 5000],
])('in %s', (_, count) => {
  it('always the first of those that wait', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const queue = new MergeQueue(count, ranks)
        const waiting: [number, number][] = []
        const takeBoth = () => {
          waiting.sort((a, b) => a[0] - b[0] || a[1] - b[1])
          const expected = waiting.shift()
          expect(queue.take() ? [queue.rank, queue.place] : undefined).toEqual(expected)
        }
        for (const merge of steps) {
          if (!merge) takeBoth()
          else {
            queue.push(...merge)
            waiting.push(merge)
          }
        }
        while (waiting.length > 0) takeBoth()
        takeBoth()
      }),
    )
  })
})

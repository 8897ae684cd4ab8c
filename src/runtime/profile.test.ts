import { describe, expect, test } from 'vitest'
import { covered } from './profile.ts'

describe('time covered by spans', () => {
  test.each([
    ['none', [], 0],
    [
      'apart',
      [
        [0, 1],
        [2, 4],
      ],
      3,
    ],
    [
      'side by side',
      [
        [0, 3],
        [1, 4],
      ],
      4,
    ],
    [
      'one within another, out of order',
      [
        [2, 3],
        [0, 10],
        [4, 5],
      ],
      10,
    ],
    [
      'touching',
      [
        [0, 1],
        [1, 2],
      ],
      2,
    ],
    [
      'equal',
      [
        [1, 2],
        [1, 2],
      ],
      1,
    ],
  ] as const)('%s', (_, spans, expected) => {
    expect(covered(spans as unknown as [number, number][])).toBe(expected)
  })
})

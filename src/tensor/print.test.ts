import { expect, test } from 'vitest'
import { fromNested, ndarray, zeros } from './array.ts'
import { toHalf } from './half.ts'
import { formatArray } from './print.ts'

test.each([
  [fromNested(2.5, 'float32'), 'float32 []\n2.5'],
  [fromNested([], 'float32'), 'float32 [0]\n[]'],
  [fromNested([1, -20, 3], 'int64'), 'int64 [3]\n[  1, -20,   3]'],
  [fromNested([true, false], 'bool'), 'bool [2]\n[ true, false]'],
  [toHalf(fromNested([1 / 3], 'float32'), 'bfloat16'), 'bfloat16 [1]\n[0.334]'],
  [
    fromNested(
      [
        [1, 1e-9, Number.NaN],
        [Math.PI, -0.1, Number.POSITIVE_INFINITY],
      ],
      'float32',
    ),
    'float32 [2, 3]\n[[       1,     1e-9,      NaN],\n [   3.142,     -0.1, Infinity]]',
  ],
])('array %#', (array, text) => {
  expect(formatArray(array)).toBe(text)
})

test('long axes show their ends', () => {
  const array = ndarray(
    'int32',
    [100, 1000],
    Int32Array.from({ length: 100_000 }, (_, i) => i),
  )
  expect(formatArray(array, { edge: 1 })).toBe('int32 [100, 1000]\n[[    0, …,   999],\n …,\n [99000, …, 99999]]')
})

test('an axis of length zero leaves nothing to show', () => {
  expect(formatArray(zeros('float32', [2, 0]))).toBe('float32 [2, 0]\n[[],\n []]')
})

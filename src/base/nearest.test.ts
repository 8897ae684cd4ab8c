import { expect, test } from 'vitest'
import { editDistance, nearest } from './nearest.ts'

test.each([
  ['', '', 0],
  ['abc', '', 3],
  ['steps', 'stesp', 1],
  ['steps', 'step', 1],
  ['kitten', 'sitting', 3],
])('from %j to %j: %i', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance)
  expect(editDistance(b, a)).toBe(distance)
})

const known = ['steps', 'seed', 'batchSize', 'learningRate', '__proto__']
test.each([
  ['step', 'steps'],
  ['stpes', 'steps'],
  ['batch_size', 'batchSize'],
  ['BATCH-SIZE', 'batchSize'],
  ['learnignRate', 'learningRate'],
  ['sed', 'seed'],
  ['x', undefined],
  ['', undefined],
  ['temperature', undefined],
  ['s'.repeat(1_000_000), undefined],
])('by %j is meant %s', (name, meant) => expect(nearest(name, known)).toBe(meant))

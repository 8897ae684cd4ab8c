import { expect, test } from 'vitest'
import { arange, input } from '../ops/index.ts'
import { symbol } from './axis.ts'
import { programProblems } from './check.ts'
import { program } from './program.ts'
import { inScope } from './scope.ts'
import { Tensor } from './tensor.ts'

const x = input('x', [symbol('batch'), 4])
const y = inScope('h.1', () => x.sum(1))

test('nothing to say about a sound program', () => {
  expect(programProblems(program({ x }, { y }))).toEqual([])
})

test('a leaf that nobody feeds', () => {
  expect(programProblems(program({}, { y: input('z', [2]).neg() }))).toEqual([
    'leaf: z is neither an input nor a constant of the program',
  ])
})

test('an axis that no input declares', () => {
  const total = inScope('h.2', () => arange(symbol('tokens')).sum())
  expect(programProblems(program({ x }, { total }))).toEqual(['arange (in h.2): no input declares the axis tokens'])
})

test('an output of another type than the rule gives', () => {
  const outputs: Tensor[] = []
  const node = { ...y.node, outputs }
  outputs.push(new Tensor(node, 0, { shape: [4], dtype: 'int32' }))
  expect(programProblems(program({ x }, { y: outputs[0]! }))).toEqual([
    'sum (in h.1): output 0 is int32[4], the rule gives float32[batch]',
  ])
})

import { expect, test } from 'vitest'
import { evaluator } from '../graph/evaluate.ts'
import type { Tensor } from '../graph/tensor.ts'
import { nodesOf } from '../graph/walk.ts'
import { module } from '../nn/index.ts'
import { input } from '../ops/index.ts'
import { Value } from '../tensor/value.ts'
import { enter } from './enter.ts'

const first = module({}, (_, x: Tensor) => x.exp())
const net = module({ first }, (m, x: Tensor) => {
  const y = m.first(x)
  return y.mul(y).add(1)
})
const x = input('x', [3])

test('what comes after a value is computed from the one that is given, and nothing before it', () => {
  const { outputs, input: given } = enter([net(x)], 'first', 'states')
  expect(given).toMatchObject({ shape: [3], dtype: 'float32', node: { attributes: { name: 'states' } } })
  expect(nodesOf(outputs)).not.toContain(x.node)
  const [y] = evaluator(outputs)(new Map([[given, new Value([3], 'float32', Float64Array.of(1, 2, 3))]]))
  expect([...y!.data]).toEqual([2, 5, 10])
})

test('a path that no value has is refused', () =>
  expect(() => enter([net(x)], 'second', 'states')).toThrow('No value has the path second.'))

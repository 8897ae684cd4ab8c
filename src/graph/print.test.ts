import { expect, test } from 'vitest'
import { Linear, parameters } from '../nn/index.ts'
import { arange, constant, input, layerNorm, scan } from '../ops/index.ts'
import { symbol } from './axis.ts'
import { printGraph } from './print.ts'
import { inScope } from './scope.ts'

test('one line a node, with names, types, settings and the module path', () => {
  const x = input('x', [symbol('batch'), 4])
  const y = inScope('h.0', () => x.mul(2).sum(1).tap('total'))
  expect(printGraph({ total: y })).toBe(
    [
      'x = leaf() {name: x, shape: [batch, 4], dtype: float32} : float32[batch, 4]',
      '%1 = constant() {value: 2} : float32[] · h.0',
      '%2 = mul(x, %1) : float32[batch, 4] · h.0',
      '%3 = sum(%2) {axes: [1]} : float32[batch] · h.0',
      '%4 = tap(%3) {name: total} : float32[batch] · h.0',
      '→ total = %4',
    ].join('\n'),
  )
})

test('parameters by their paths, outputs of several values by number', () => {
  const linear = Linear(2, 2)
  const [part] = linear(input('x', [3, 2])).split(1, [1, 1])
  const listing = printGraph({ part: part! }, { names: parameters(linear) })
  expect(listing).toContain('weight = leaf() {shape: [2, 2], dtype: float32, init: normal(0.02)} : float32[2, 2]')
  expect(listing).toMatch(
    /%\d+\.0, %\d+\.1 = split\(%\d+\) \{axis: 1, sizes: \[1, 1\]\} : float32\[3, 1\], float32\[3, 1\]/,
  )
})

test('long constants and inner graphs in a few characters', () => {
  const x = input('x', [3])
  const { carry } = scan([x], [input('xs', [2, 3])], [], ([c], [v]) => ({ carry: [c!.add(v!)], ys: [] }))
  expect(printGraph({ y: carry[0]!.add(constant([1, 2, 3], [3])).add(arange(3, 'float32')) })).toMatch(
    /\{carries: 1, sequences: 1, step: 3 nodes\}[\s\S]*\{value: 3 values\}/,
  )
})

test('a graph printed twice reads the same', () => {
  const y = layerNorm(input('x', [2, 3]), input('w', [3]), input('b', [3]))
  expect(printGraph({ y })).toBe(printGraph({ y }))
  expect(printGraph({ y })).toMatchInlineSnapshot(`
    "x = leaf() {name: x, shape: [2, 3], dtype: float32} : float32[2, 3]
    w = leaf() {name: w, shape: [3], dtype: float32} : float32[3]
    b = leaf() {name: b, shape: [3], dtype: float32} : float32[3]
    %3.0, %3.1, %3.2 = layerNorm(x, w, b) {epsilon: 0.00001} : float32[2, 3], float32[2, 1], float32[2, 1]
    → y = %3.0"
  `)
})

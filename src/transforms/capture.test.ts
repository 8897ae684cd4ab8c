import { describe, expect, test } from 'vitest'
import { evaluator } from '../graph/evaluate.ts'
import type { Tensor } from '../graph/tensor.ts'
import { nodesOf } from '../graph/walk.ts'
import { attend, Linear, module, repeat } from '../nn/index.ts'
import { input } from '../ops/index.ts'
import { Value } from '../tensor/value.ts'
import { capture, matcher } from './capture.ts'
import { atInference } from './inference.ts'

const Block = () =>
  module(
    { attn: module({}, (_, x: Tensor) => attend(x, x, x, { heads: 2, causal: true, dropout: 0.5 })) },
    (m, x: Tensor) => x.add(m.attn(x)),
  )
const net = module({ h: repeat(2, Block), head: Linear(4, 3) }, (m, x: Tensor) =>
  m.head(m.h.reduce((y, block) => block(y), x)),
)
const x = input('x', [1, 3, 4])
const [y] = atInference([net(x)]) as [Tensor]

describe('patterns', () => {
  test.each([
    ['h.0.attn', 'h.0.attn', true],
    ['h.*.attn', 'h.11.attn', true],
    ['h.*', 'h.0.attn', false],
    ['h.**', 'h.0.attn', true],
    ['**.weights', 'h.0.attn.weights', true],
    ['h.?', 'h.0', false],
    ['h.1', 'h.10', false],
    ['h0', 'h.0', false],
    [`${'*'.repeat(100)}x`, `${'h.'.repeat(40)}0`, false],
  ])('%s and %s: %s', (pattern, path, matches) => {
    expect(matcher(pattern).test(path)).toBe(matches)
  })
})

describe('capture', () => {
  test('what modules return, by their paths and in order', () => {
    const { captured } = capture([y], ['h.*', 'head'])
    expect([...captured].map(([path, { shape }]) => [path, shape])).toEqual([
      ['h.0', [1, 3, 4]],
      ['h.1', [1, 3, 4]],
      ['head', [1, 3, 3]],
    ])
  })

  test('what a composite hides: it is opened, and only where it must be', () => {
    const { outputs, captured } = capture([y], ['h.0.attn.weights'])
    expect([...captured.keys()]).toEqual(['h.0.attn.weights'])
    expect(captured.get('h.0.attn.weights')!.shape).toEqual([1, 2, 3, 3])
    const attends = nodesOf(outputs).filter(({ op }) => 'body' in op)
    expect(attends.map(({ scope }) => scope)).toEqual(['h.1.attn'])
  })

  test('the outputs stay the same', () => {
    const { outputs, captured } = capture([y], ['**'])
    const parameters = nodesOf([y]).filter(({ op }) => op.external)
    const leaves = new Map(
      parameters.map((node, seed) => [
        node.outputs[0]!,
        Value.generate(node.outputs[0]!.shape as number[], 'float32', (i) => Math.sin(seed + i)),
      ]),
    )
    const [before, after, weights] = evaluator([y, ...outputs, captured.get('h.1.attn.weights')!])(leaves)
    expect(after!.data).toEqual(before!.data)
    expect(weights!.data.slice(0, 3)).toEqual(Float64Array.of(1, 0, 0))
  })

  test('a module called twice', () => {
    const twice = module({ layer: Linear(4, 4) }, (m, x: Tensor) => m.layer(m.layer(x)))
    expect([...capture([twice(x)], ['layer']).captured.keys()]).toEqual(['layer', 'layer#1'])
  })

  test('a pattern that matches nothing changes nothing', () => {
    const { outputs, captured } = capture([y], ['nowhere'])
    expect(outputs).toEqual([y])
    expect(captured.size).toBe(0)
  })
})

describe('at inference', () => {
  test('dropout is gone, and its mask with it', () => {
    const train = x.dropout(0.5).mul(2)
    expect(nodesOf([train]).filter(({ op }) => op.external)).toHaveLength(2)
    const [plain] = atInference([train])
    expect(nodesOf([plain!]).filter(({ op }) => op.external)).toHaveLength(1)
  })

  test('also within composites', () => {
    const open = capture([net(x)], ['**']).outputs
    expect(nodesOf(open).some(({ attributes }) => attributes.rate === 0.5)).toBe(true)
    expect(nodesOf(capture([y], ['**']).outputs).some(({ attributes }) => attributes.rate === 0.5)).toBe(false)
  })
})

import { describe, expect, test } from 'vitest'
import { describeModel } from './describe.ts'
import { resolveAxis, symbol } from './graph/axis.ts'
import { flopsOf } from './graph/flops.ts'
import { type ParameterTree, parameterTree } from './inspection/index.ts'
import { gpt2 } from './models/gpt2.ts'
import { definitions } from './models/index.ts'
import { attend, Gru, parameters } from './nn/index.ts'
import { input } from './ops/index.ts'
import { gradients } from './transforms/gradients.ts'

const small = gpt2.configure({ layers: 3, heads: 2, width: 40, context: 12, vocabulary: 70 })

describe.each(definitions.flatMap((definition) => Object.keys(definition.sizes).map((name) => ({ name, definition }))))(
  '$name',
  ({ name, definition }) => {
    const size = definition.sizes[name]!
    const described = describeModel(definition, definition.configure(size))
    test('has the published number of parameters, in all and in the tree', () => {
      expect(described.parameters).toBe(size.parameters)
      expect(described.tree.parameters).toBe(size.parameters)
    })
    test('and costs what its matrices say', () => {
      const { layers, width, vocabulary, context } = size
      const matrices = layers * 12 * width ** 2 + vocabulary * width
      expect(described.flops.forward).toEqual([
        { coefficient: 2 * matrices, degree: 1 },
        { coefficient: 4 * layers * width, degree: 2 },
      ])
      expect(described.flops.prompt).toBe(2 * matrices * context + 4 * layers * width * context ** 2)
      expect(described.flops.trainingStep).toBe(3 * described.flops.prompt)
      expect(described.memory.weights.float32).toBe(4 * size.parameters)
      expect(described.memory.training).toEqual({
        optimizer: 'adamw',
        gradients: 4 * size.parameters,
        state: 8 * size.parameters,
      })
      expect(described.memory.cache.context).toBe(2 * 4 * layers * width * context)
    })
  },
)

test('in few bits only the matrices of products, in blocks that are filled up', () => {
  const { memory, parameters: all } = describeModel(gpt2, { ...small, tied: false })
  const linear = [
    ...Array(3)
      .fill([
        [40, 120],
        [40, 40],
        [40, 160],
        [160, 40],
      ])
      .flat(),
    [40, 70],
  ] as [number, number][]
  const values = linear.reduce((sum, [inputs, outputs]) => sum + inputs * outputs, 0)
  const bytes = (perBlock: number) =>
    4 * (all - values) + linear.reduce((sum, [inputs, outputs]) => sum + outputs * Math.ceil(inputs / 32) * perBlock, 0)
  expect(memory.weights.int8).toBe(bytes(36))
  expect(memory.weights.int4).toBe(bytes(20))
  // Tied: the embedding is read whole by the first layer, and in blocks by the last.
  expect(describeModel(gpt2, small).memory.weights.int8).toBe(bytes(36))
})

test('a derivative takes twice the forward pass, and what it computes again', () => {
  const network = gpt2.build(small)
  const ids = input('input_ids', [1, 12], 'int32')
  const { loss } = network({ input_ids: ids, labels: ids })
  const count = (outputs: Parameters<typeof flopsOf>[0]) =>
    flopsOf(outputs).reduce<number>((sum, term) => sum + (term as number), 0)
  const result = gradients(loss!, [...parameters(network).values()], [loss!])
  const forward = describeModel(gpt2, small).flops.prompt
  const again = 3 * 2 * 40 * 12 ** 2 // the weights of attention
  expect(count([loss!])).toBe(forward)
  expect([3 * forward, 3 * forward + again]).toContain(count([...result.outputs, ...result.gradients]))
})

test('composites and repeated steps are counted by their parts, in symbols', () => {
  const [b, t] = [symbol('b'), symbol('t')]
  const x = input('x', [b, t, 8])
  const terms = flopsOf([attend(x, x, x, { heads: 2, causal: true })])
  expect(terms.map(String)).toEqual(['32·b·t·t'])
  const layer = Gru(8, 4)
  const steps = flopsOf([layer(input('xs', [b, t, 8])).output])
  const bindings = new Map([
    ['b', 3],
    ['t', 5],
  ])
  expect(steps.reduce<number>((sum, term) => sum + resolveAxis(term, bindings), 0)).toBe(2 * 3 * 5 * 12 * (8 + 4))
})

test('what is beyond counting is refused', () => {
  expect(() => describeModel(gpt2, { ...small, vocabulary: 1e15 })).toThrow(/too many to be counted exactly/)
})

test('equal neighbors among numbered parts are folded, others stay', () => {
  const shapes = { 'h.0.w': [2, 3], 'h.1.w': [2, 3], 'h.2.w': [2, 4], 'h.3.w': [2, 3], 'out.bias': [5] }
  const tree = parameterTree(new Map(Object.entries(shapes).map(([name, shape]) => [name, { shape }])))
  const names = ({ name, times, parameters: count, parts }: ParameterTree): unknown => [
    name,
    times,
    count,
    parts.map(names),
  ]
  expect(names(tree)).toEqual([
    '',
    1,
    31,
    [
      [
        'h',
        1,
        26,
        [
          ['0–1', 2, 12, [['w', 1, 6, []]]],
          ['2', 1, 8, [['w', 1, 8, []]]],
          ['3', 1, 6, [['w', 1, 6, []]]],
        ],
      ],
      ['out', 1, 5, [['bias', 1, 5, []]]],
    ],
  ])
})

import { describe, expect, test } from 'vitest'
import { evaluator } from '../graph/evaluate.ts'
import { inScope } from '../graph/scope.ts'
import type { Tensor } from '../graph/tensor.ts'
import { nodesOf } from '../graph/walk.ts'
import { attend } from '../nn/index.ts'
import { concat, input, layerNorm } from '../ops/index.ts'
import { Value } from '../tensor/value.ts'
import { gradients } from './gradients.ts'

const numbers = (x: Tensor, seed = 1) => Value.generate(x.shape as number[], x.dtype, (i) => Math.sin(seed + i))
const valuesOf = (outputs: readonly Tensor[], leaves: readonly Tensor[]) =>
  evaluator(outputs)(new Map(leaves.map((x, i) => [x, numbers(x, i)]))).map((v) => [...v.data])

describe('reverse mode', () => {
  const x = input('x', [2, 3])
  const unused = input('unused', [4])

  test('what the loss does not depend on has the derivative 0', () => {
    const [dx, none] = valuesOf(gradients(x.mul(2).sum(), [x, unused]).gradients, [x])
    expect(dx).toEqual([2, 2, 2, 2, 2, 2])
    expect(none).toEqual([0, 0, 0, 0])
  })

  test('a loss that is itself the leaf', () => {
    const y = input('y', [])
    expect(valuesOf(gradients(y, [y]).gradients, [y])).toEqual([[1]])
  })

  test('a table that is looked up and multiplied with: the rows are added to the product’s gradient', () => {
    const table = input('table', [300, 2])
    const ids = input('ids', [2, 2], 'int32')
    const rows = Value.generate(ids.shape as number[], 'int32', (i) => [7, 299, 7, 0][i]!)
    const loss = table.gather(ids).matmul(table, { transB: true }).sum()
    const { gradients: found } = gradients(loss, [table])
    expect(nodesOf(found).map(({ op }) => op.name)).not.toContain('scatterRows')
    const w = numbers(table)
    const [dTable] = evaluator(found)(
      new Map([
        [table, w],
        [ids, rows],
      ]),
    )
    // Each row gets the sum of the rows looked up, and the sum of all rows once for each time it was looked up.
    const sum = (at: readonly number[], c: number) => at.reduce((total, row) => total + w.data[2 * row + c]!, 0)
    const all = Array.from({ length: 300 }, (_, row) => row)
    for (let i = 0; i < 600; i++) {
      const [row, c] = [i >> 1, i & 1]
      const times = [...rows.data].filter((id) => id === row).length
      expect(dTable!.data[i]).toBeCloseTo(sum([...rows.data], c) + times * sum(all, c), 10)
    }
  })

  test('only a scalar can be differentiated', () => {
    expect(() =>
      gradients(
        inScope('h.0', () => x.neg()),
        [x],
      ),
    ).toThrow('A derivative starts from a scalar, got float32[2, 3] from neg (in h.0).')
  })

  test('an input in several places gets each share once', () => {
    const s = input('s', [1, 3, 4])
    const [a, b, c] = ['a', 'b', 'c'].map((name) => input(name, s.shape)) as [Tensor, Tensor, Tensor]
    const f = (q: Tensor, k: Tensor, v: Tensor) => attend(q, k, v, { heads: 2, causal: true })
    const weight = numbers(s, 7)
    const loss = (y: Tensor) => y.mul(input('w', s.shape))
    const one = loss(f(s, s, s))
    const three = loss(f(a, b, c))
    const value = numbers(s)
    const at = (y: Tensor, wrt: Tensor[]) => {
      const w = nodesOf([y]).find((node) => node.attributes.name === 'w')!.outputs[0]!
      const { gradients: found } = gradients(y.sum(), wrt)
      return evaluator(found)(new Map([...wrt.map((x) => [x, value] as const), [w, weight]]))
    }
    const [whole] = at(one, [s])
    const shares = at(three, [a, b, c])
    for (const [i, v] of whole!.data.entries())
      expect(v).toBeCloseTo(
        shares.reduce((sum, share) => sum + share.data[i]!, 0),
        12,
      )
  })

  test('shares every intermediate value with the outputs', () => {
    const y = x.exp().tap('y')
    const { loss, outputs, gradients: found } = gradients(y.mul(y).sum(), [x], [y])
    const exps = nodesOf([loss, ...outputs, ...found]).filter(({ op }) => op === x.exp().node.op)
    expect(exps).toHaveLength(1)
  })

  test('does no work for what is not asked for', () => {
    const [w, b] = [input('w', [3, 3]), input('b', [3])]
    const y = x.matmul(w).add(b).sum()
    const products = (wrt: Tensor[]) =>
      nodesOf(gradients(y, wrt).gradients).filter(({ op }) => op === x.matmul(w).node.op).length
    expect(products([b])).toBe(0)
    expect(products([w])).toBe(1)
    expect(products([w, x])).toBe(2)
  })

  test('labels the derivative with the module it belongs to', () => {
    const y = inScope('h.3.mlp', () => x.tanh().sum())
    const scopes = nodesOf(gradients(y, [x]).gradients).map(({ scope }) => scope)
    expect(new Set(scopes.filter(Boolean))).toEqual(new Set(['h.3.mlp']))
  })

  test('ten thousand steps deep', () => {
    let y: Tensor = x
    for (let i = 0; i < 10_000; i++) y = y.add(1)
    expect(valuesOf(gradients(y.sum(), [x]).gradients, [x])).toEqual([[1, 1, 1, 1, 1, 1]])
  })

  test('a third derivative', () => {
    const y = input('y', [])
    let f: Tensor = y.pow(5)
    for (let i = 0; i < 3; i++) [f] = gradients(f, [y]).gradients as [Tensor]
    expect(evaluator([f])(new Map([[y, Value.generate([], 'float32', () => 2)]]))[0]!.data[0]).toBeCloseTo(60 * 4, 9)
  })

  test('one output of several', () => {
    const [a, b] = [input('a', [2, 2]), input('b', [2, 2])]
    const [, second] = concat([a, b], 0).split(0, [1, 3])
    const [da, db] = valuesOf(gradients(second!.sum(), [a, b]).gradients, [a, b])
    expect([da, db]).toEqual([
      [0, 0, 1, 1],
      [1, 1, 1, 1],
    ])
  })

  test('values that a composite hides stay where they are', () => {
    const [w, b] = [input('w', [3]), input('b', [3])]
    const y = layerNorm(x, w, b)
    const { outputs } = gradients(y.sum(), [w], [y])
    expect(outputs[0]).toBe(y)
  })
})

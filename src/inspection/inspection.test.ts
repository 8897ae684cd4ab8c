import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { largestIds } from '../generation/softmax.ts'
import { loadModel, type Model, type RunResult } from '../model.ts'
import { runtimeNames } from '../runtime/choose.ts'
import { type NdArray, toNumbers } from '../tensor/array.ts'
import { candidates, logSumExp } from './candidates.ts'
import { attentionMaps, logitLens, residualNorms, summarize, surprises, tellingHead } from './index.ts'

const folder = fileURLToPath(new URL('../../test/oracles/data/gpt2-lm/model', import.meta.url))
const ids = [5, 17, 3, 42, 8, 8, 30, 1, 12]

/** Row `at` of the last axis. */
const rowOf = (array: NdArray, at: number): Float32Array => {
  const width = array.shape.at(-1)!
  return (array.data as Float32Array).slice(at * width, (at + 1) * width)
}
const norm = (row: Float32Array) => Math.hypot(...row)

describe.each(runtimeNames)('on the %s runtime', (runtime) => {
  let model: Model
  let out: RunResult
  beforeAll(async () => {
    model = await loadModel(folder, { runtime, warn: () => {} })
    out = await model.run(
      { input_ids: [ids] },
      { capture: ['attentions', 'hidden_states', '**.attn', '**.mlp', '**.h.*'] },
    )
  })
  afterAll(() => model.dispose())

  test('attention maps are the attentions of run, head by head, and every row sums to 1', async () => {
    const heads = out.attentions!.flatMap(({ shape }, layer) =>
      Array.from({ length: shape[1]! }, (_, head) => ({ layer, head })),
    )
    const maps = await attentionMaps(model, ids, heads)
    expect(maps.map(({ layer, head }) => ({ layer, head }))).toEqual(heads)
    for (const { layer, head, weights } of maps) {
      expect(weights.shape).toEqual([ids.length, ids.length])
      const size = ids.length ** 2
      expect(toNumbers(weights)).toEqual(toNumbers(out.attentions![layer]!).slice(head * size, (head + 1) * size))
      for (let q = 0; q < ids.length; q++) {
        const row = rowOf(weights, q)
        expect(row.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 5)
        expect(row.slice(q + 1).every((x) => x === 0)).toBe(true)
      }
    }
  })

  test('the telling head is one that the model has', async () => {
    const head = await tellingHead(model, ids)
    expect(await attentionMaps(model, ids, [head])).toHaveLength(1)
    expect(await tellingHead(model, [5])).toEqual({ layer: 0, head: 0 })
  })

  test('norms are those of the captured states', async () => {
    const { start, layers } = await residualNorms(model, ids)
    const expected = (array: NdArray) => ids.map((_, t) => norm(rowOf(array, t)))
    const close = (got: readonly number[], array: NdArray) => {
      for (const [t, value] of expected(array).entries()) expect(got[t]! / value).toBeCloseTo(1, 6)
    }
    close(start, out.hidden_states![0]!)
    for (const [i, { adds, end }] of layers.entries()) {
      close(adds.attention!, out.captured[`transformer.h.${i}.attn`]!)
      close(adds.mlp!, out.captured[`transformer.h.${i}.mlp`]!)
      close(end, out.captured[`transformer.h.${i}`]!)
    }
    expect(layers).toHaveLength(out.attentions!.length)
  })

  test('what a layer adds is the difference that it makes', () => {
    const at = (path: string) => toNumbers(out.captured[path]!)
    const before = toNumbers(out.hidden_states![0]!)
    const [attention, mlp, after] = ['transformer.h.0.attn', 'transformer.h.0.mlp', 'transformer.h.0'].map(at)
    for (const [i, x] of after!.entries()) expect(before[i]! + attention![i]! + mlp![i]!).toBeCloseTo(x, 5)
  })

  test("after the last layer the lens shows the model's own answer", async () => {
    const last = out.captured[`transformer.h.${out.attentions!.length - 1}`]!
    const read = await model.readout(last)
    expect(read.shape).toEqual(out.logits.shape)
    const most = out.logits.data.length && Math.max(...toNumbers(out.logits).map(Math.abs))
    for (const [i, x] of toNumbers(out.logits).entries())
      expect(Math.abs(toNumbers(read)[i]! - x)).toBeLessThanOrEqual(2e-6 * most)

    const lens = await logitLens(model, ids, { top: 3 })
    expect(lens.positions).toEqual(ids.map((_, i) => i))
    expect(lens.layers.map(({ layer }) => layer)).toEqual([-1, 0, 1])
    for (const [t, found] of lens.layers.at(-1)!.candidates.entries()) {
      const own = candidates(model, rowOf(out.logits, t), 3)
      expect(found.map(({ id }) => id)).toEqual(own.map(({ id }) => id))
      for (const [i, { probability }] of found.entries()) expect(probability).toBeCloseTo(own[i]!.probability, 6)
    }
    for (const [p, settled] of lens.settled.entries()) {
      const tops = lens.layers.map(({ candidates: each }) => each[p]![0]!.id)
      expect(tops.slice(settled + 1)).toEqual(Array(tops.length - settled - 1).fill(tops.at(-1)))
      if (settled >= 0) expect(tops[settled]).not.toBe(tops.at(-1))
    }
  })

  test('the last positions of a lens are those of the whole one', async () => {
    const [whole, part] = [await logitLens(model, ids, { top: 1 }), await logitLens(model, ids, { top: 1, last: 2 })]
    expect(part.positions).toEqual([ids.length - 2, ids.length - 1])
    expect(part.settled).toEqual(whole.settled.slice(-2))
    for (const [i, { candidates: each }] of part.layers.entries())
      expect(each.map(([best]) => best!.id)).toEqual(whole.layers[i]!.candidates.slice(-2).map(([best]) => best!.id))
  })

  test('surprises: probability, bits, rank and alternatives of each token', async () => {
    const { tokens, next, perplexity } = await surprises(model, ids, 4)
    expect(tokens[0]).toEqual({ id: 5, text: expect.any(String) })
    for (const [i, { id, probability, bits, rank, alternatives }] of tokens.entries()) {
      if (i === 0) continue
      const row = rowOf(out.logits, i - 1)
      expect(probability).toBeCloseTo(Math.exp(row[id]! - logSumExp(row)), 6)
      expect(bits).toBeCloseTo(-Math.log2(probability!), 6)
      expect(rank).toBe(row.filter((x) => x > row[id]!).length + 1)
      expect(alternatives!.map((each) => each.id)).toEqual(largestIds(row, 4))
    }
    expect(next.map(({ id }) => id)).toEqual(largestIds(rowOf(out.logits, ids.length - 1), 4))
    const mean = tokens.slice(1).reduce((sum, { bits }) => sum + bits!, 0) / (tokens.length - 1)
    expect(perplexity).toBeCloseTo(2 ** mean, 4)
  })

  test.each([
    [{ layer: 2, head: 0 }, /no head 2\.0: this model has the layers 0 to 1/],
    [{ layer: 0, head: 99 }, /no head 0\.99: this model has the heads 0 to \d+ in each of the layers 0 to 1/],
    [{ layer: -1, head: 0 }, /no head -1\.0/],
    [{ layer: 0.5, head: 0 }, /no head 0\.5\.0/],
  ])('a head that there is not: %j', async (head, says) => {
    await expect(attentionMaps(model, ids, [head])).rejects.toThrow(says)
  })

  test('counts below 1, no tokens, no tokenizer', async () => {
    await expect(logitLens(model, ids, { top: 0 })).rejects.toThrow(/top is 0/)
    await expect(logitLens(model, ids, { last: 1.5 })).rejects.toThrow(/last is 1.5/)
    await expect(residualNorms(model, [])).rejects.toThrow(/empty/)
    if (!model.tokenizer) await expect(residualNorms(model, 'a text')).rejects.toThrow(/no tokenizer/)
  })
})

test('of weights in few bits, too, the lens ends at the answer of the model', async () => {
  const model = await loadModel(folder, { quantize: 'int8', warn: () => {} })
  const { logits } = await model.run({ input_ids: [ids] })
  const { layers } = await logitLens(model, ids, { top: 1 })
  for (const [t, [best]] of layers.at(-1)!.candidates.entries())
    expect(best!.id).toBe(largestIds(rowOf(logits, t), 1)[0])
  await model.dispose()
})

test('the largest entries, of equal ones the first', () => {
  expect(largestIds(Float32Array.of(1, 3, 3, 2, 3), 3)).toEqual([1, 2, 4])
  expect(largestIds(Float32Array.of(1, 2), 5)).toEqual([1, 0])
})

test('an array in a few numbers, what is no number apart', () => {
  const array = { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, NaN, 4, Infinity, 5) } as const
  expect(summarize(array)).toEqual({ shape: [2, 3], mean: 3, deviation: Math.sqrt(2.5), min: 1, max: 5, nonfinite: 2 })
  expect(summarize({ ...array, shape: [0], data: new Float32Array(0) }).mean).toBeNaN()
})

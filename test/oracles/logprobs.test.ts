/** Log-probabilities of generated and prompt tokens, against logits recorded from transformers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TokenLogprobs } from '../../src/index.ts'
import { loadModel, type Model } from '../../src/model.ts'
import { type Generations, openOracle } from './oracle.ts'

const oracle = openOracle<Generations>('gpt2-lm')
const recorded = oracle.under('output.').get('logits')!
const [, length, vocabulary] = recorded.shape as [number, number, number]
/** The first row of the oracle, which has no padding. */
const prompt = Array.from(oracle.under('input.').get('input_ids')!.data.slice(0, length), Number)
const tolerance = 1e-4

/** ln softmax of a row, in float64. */
function logSoftmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits)
  const total = largest + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - largest), 0))
  return logits.map((x) => x - total)
}
const rowAt = (data: ArrayLike<number>, position: number) =>
  Array.from({ length: vocabulary }, (_, id) => data[position * vocabulary + id]!)

/** Compares what is told of a token with the distribution that it came from. */
function check(told: TokenLogprobs, id: number, logprobs: readonly number[], count: number): void {
  expect(told.id).toBe(id)
  expect(Math.abs(told.logprob! - logprobs[id]!)).toBeLessThan(tolerance)
  const best = [...logprobs].sort((a, b) => b - a).slice(0, count)
  expect(told.alternatives).toHaveLength(count)
  for (const [rank, { id: other, logprob }] of told.alternatives.entries()) {
    expect(Math.abs(logprob - logprobs[other]!)).toBeLessThan(tolerance)
    expect(Math.abs(logprob - best[rank]!)).toBeLessThan(tolerance)
  }
}

describe('gpt2-lm', () => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(oracle.model)
  })
  afterAll(() => model.dispose())

  test.each([0, 1, 3, vocabulary])('each token of the prompt, with %i alternatives', async (count) => {
    const { sequences } = await model.complete(prompt, { promptLogprobs: count, maxNewTokens: 1, seed: 3 })
    const told = sequences[0]!.promptTokens!
    expect(told[0]).toEqual({ id: prompt[0], text: '', alternatives: [] })
    expect(told).toHaveLength(length)
    for (const [t, id] of prompt.slice(1).entries())
      check(told[t + 1]!, id, logSoftmax(rowAt(recorded.data as Float32Array, t)), count)
  })

  test('each new token before any processor, whatever it was chosen from', async () => {
    const options = { logprobs: 4, temperature: 0.5, topK: 3, repetitionPenalty: 1.5, minNewTokens: 10, seed: 5 }
    const { sequences } = await model.complete([prompt, prompt.slice(0, 2)], { ...options, maxNewTokens: 10 })
    for (const { ids, promptLength, tokens, logprobs, promptTokens } of sequences) {
      expect(promptTokens).toBeUndefined()
      expect(tokens).toHaveLength(10)
      const { logits } = await model.run({ input_ids: [[...ids]] })
      for (const [i, told] of tokens!.entries())
        check(told, ids[promptLength + i]!, logSoftmax(rowAt(logits.data as Float32Array, promptLength + i - 1)), 4)
      expect(tokens!.map(({ logprob }) => logprob)).not.toEqual(logprobs)
    }
  })

  test('they change no text, and pieces tell the same', async () => {
    const options = { maxNewTokens: 8, seed: 9, temperature: 0.8, minNewTokens: 8 }
    const plain = (await model.complete(prompt, options)).sequences[0]!
    const told = (await model.complete(prompt, { ...options, logprobs: 2, promptLogprobs: 1 })).sequences[0]!
    expect(told.ids).toEqual(plain.ids)
    const pieces = []
    for await (const piece of model.generate(prompt, { ...options, logprobs: 2, promptLogprobs: 1 })) pieces.push(piece)
    expect(pieces.flatMap(({ tokens }) => tokens)).toEqual(told.tokens)
    expect(pieces.map(({ promptTokens }) => promptTokens !== undefined)).toEqual(pieces.map((_, i) => i === 0))
    expect(pieces[0]!.promptTokens).toEqual(told.promptTokens)
  })

  test('tokens of a long prompt that the model does not read have none', async () => {
    const long = Array.from({ length: model.contextLength * 2 }, (_, i) => (i * 7) % vocabulary)
    const { sequences } = await model.complete(long, { promptLogprobs: 0, maxNewTokens: 1 })
    const told = sequences[0]!.promptTokens!
    const first = told.findIndex(({ logprob }) => logprob !== undefined)
    expect(told.length - first).toBeLessThan(model.contextLength)
    const { logits } = await model.run({ input_ids: [long.slice(first - 1)] })
    for (let t = first; t < long.length; t++)
      check(told[t]!, long[t]!, logSoftmax(rowAt(logits.data as Float32Array, t - first)), 0)
  })

  test('a sampler of the caller’s chooses, with the number that belongs to the position', async () => {
    const draws = new Map<number, number>()
    const sampler = (logits: Float32Array, draw: () => number, { ids }: { ids: readonly number[] }) => {
      draws.set(ids.length, draw())
      return logits.indexOf(Math.min(...logits.filter(Number.isFinite)))
    }
    const options = { sampler, maxNewTokens: 5, minNewTokens: 5, seed: 2, logprobs: 0 }
    const first = (await model.complete(prompt, options)).sequences[0]!
    const drawn = [...draws]
    expect(drawn.map(([position]) => position)).toEqual([0, 1, 2, 3, 4].map((i) => prompt.length + i))
    expect(new Set(draws.values()).size).toBe(5)
    const again = (await model.complete([prompt.slice(0, 2), prompt], options)).sequences[1]!
    expect(again).toMatchObject({ ids: first.ids, logprobs: first.logprobs })
    expect(drawn).toEqual([...draws].filter(([position]) => position >= prompt.length))
    expect(first.logprobs.every((x) => x < Math.log(1 / vocabulary))).toBe(true)
  })

  test.each([[vocabulary], [-1], [1.5], ['1'], [undefined], [{ id: 1, logprob: Number.NaN }]])(
    'refuses a sampler that gives %j',
    async (found) => {
      const sampler = () => found as number
      await expect(model.complete(prompt, { sampler })).rejects.toThrow(/The sampler must give the id of a token/)
    },
  )
})

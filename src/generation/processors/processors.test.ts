import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { randomNormal, randomUniform } from '../../base/random.ts'
import type { NdArray } from '../../tensor/array.ts'
import { openSafetensors, type Safetensors } from '../../weights/safetensors.ts'
import { greedy, multinomial } from '../sampling.ts'
import * as make from './index.ts'
import type { LogitsProcessor } from './processor.ts'

const folder = fileURLToPath(new URL('../../../test/oracles/data/logits-processors/', import.meta.url))
const { processors: settings } = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8'))
const removed = Number.NEGATIVE_INFINITY

describe('processors, against transformers', () => {
  let oracle: Safetensors
  beforeAll(async () => {
    oracle = await openSafetensors(`${folder}expected.safetensors`)
  })
  const { min_length, min_new_tokens: fewest, forced_eos: forced, chain } = settings
  const { exponential_decay_length_penalty: decay, eos_token_id } = settings.exponential_decay_length_penalty
  /** Each with the length of the prompt, where it matters, or the prompts of the rows. */
  const cases: readonly [string, LogitsProcessor | readonly LogitsProcessor[], (number | number[][])?][] = [
    ['temperature', make.temperature(settings.temperature.temperature)],
    ['temperature_high', make.temperature(settings.temperature_high.temperature)],
    ['top_k', make.topK(settings.top_k.top_k)],
    ['top_k_1', make.topK(settings.top_k_1.top_k)],
    ['top_p', make.topP(settings.top_p.top_p)],
    ['top_p_small', make.topP(settings.top_p_small.top_p)],
    ['top_p_keep_3', make.topP(settings.top_p_keep_3.top_p, settings.top_p_keep_3.min_tokens_to_keep)],
    ['min_p', make.minP(settings.min_p.min_p)],
    ['typical_p', make.typicalP(settings.typical_p.typical_p)],
    ['epsilon_cutoff', make.epsilonCutoff(settings.epsilon_cutoff.epsilon_cutoff)],
    ['eta_cutoff', make.etaCutoff(settings.eta_cutoff.eta_cutoff)],
    ['repetition_penalty', make.repetitionPenalty(settings.repetition_penalty.repetition_penalty)],
    [
      'encoder_repetition_penalty',
      make.encoderRepetitionPenalty(settings.encoder_repetition_penalty.encoder_repetition_penalty),
      settings.encoder_repetition_penalty.encoder_input_ids,
    ],
    ['no_repeat_ngram_size', make.noRepeatNgram(settings.no_repeat_ngram_size.no_repeat_ngram_size)],
    ['no_repeat_ngram_size_3', make.noRepeatNgram(settings.no_repeat_ngram_size_3.no_repeat_ngram_size)],
    ['bad_words', make.badWords(settings.bad_words.bad_words_ids)],
    ['min_length', make.minLength(min_length.min_length, [min_length.eos_token_id])],
    ['min_new_tokens', make.minNewTokens(fewest.min_new_tokens, [fewest.eos_token_id]), fewest.prompt_length],
    ['forced_eos', make.forceTokens([forced.eos_token_id], forced.max_length - 1)],
    ['suppress_tokens', make.suppressTokens(settings.suppress_tokens.suppress_tokens)],
    [
      'exponential_decay_length_penalty',
      make.lengthDecay(decay[0], decay[1], [eos_token_id]),
      settings.exponential_decay_length_penalty.prompt_length,
    ],
    [
      'chain',
      [
        make.repetitionPenalty(chain.repetition_penalty),
        make.noRepeatNgram(chain.no_repeat_ngram_size),
        make.temperature(chain.temperature),
        make.topK(chain.top_k),
        make.topP(chain.top_p),
      ],
    ],
  ]
  it('all of them', () => expect(cases.map(([name]) => name).sort()).toEqual(Object.keys(settings).sort()))
  it.each(cases)('%s', async (name, processors, prompt = 0) => {
    const [logits, prefix, scores, probs] = (await Promise.all(
      ['input.logits', 'input.prefix', `scores.${name}`, `probs.${name}`].map((key) => oracle.read(key)),
    )) as [NdArray, NdArray, NdArray, NdArray]
    const [rows, vocabulary] = logits.shape as [number, number]
    const ids = Array.from(prefix.data, Number)
    for (let i = 0; i < rows; i++) {
      const part = ({ data }: NdArray) => (data as Float32Array).slice(i * vocabulary, (i + 1) * vocabulary)
      const row = part(logits)
      const length = prefix.shape[1]!
      const state =
        typeof prompt === 'number'
          ? { ids: ids.slice(i * length, (i + 1) * length), promptLength: prompt }
          : { ids: prompt[i]!, promptLength: prompt[i]!.length }
      for (const process of [processors].flat()) process(row, state)
      const expected = part(scores)
      for (const [id, x] of row.entries())
        if (expected[id] === removed) expect(x, `row ${i}, id ${id}`).toBe(removed)
        else expect(Math.abs(x - expected[id]!), `row ${i}, id ${id}`).toBeLessThanOrEqual(1e-5)
      const total = row.reduce((sum, x) => sum + Math.exp(x), 0)
      for (const [id, p] of part(probs).entries()) expect(Math.abs(Math.exp(row[id]!) / total - p)).toBeLessThan(2e-6)
    }
  })
})

/** Rows of logits of every shape: flat, peaked, with ties, with removed tokens. */
const rows = fc
  .array(fc.oneof(fc.float({ min: -60, max: 60, noNaN: true }), fc.constantFrom(0, 1, removed)), {
    minLength: 1,
    maxLength: 80,
  })
  .filter((row) => row.some((x) => x !== removed))

describe('what processors keep', () => {
  it('topK keeps the k largest and ties with the smallest of them', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 90 }), (values, k) => {
        const row = Float32Array.from(values)
        make.topK(k)(row, { ids: [], promptLength: 0 })
        const least = Float32Array.from(values).sort().at(-Math.min(k, values.length))!
        expect([...row]).toEqual([...Float32Array.from(values, (x) => (x < least ? removed : x))])
      }),
    )
  })

  it('topP keeps the fewest whose probabilities reach p', () => {
    const reuse = make.topP(0.9)
    fc.assert(
      fc.property(rows, (values) => {
        const row = Float32Array.from(values)
        reuse(row, { ids: [], promptLength: 0 })
        const given = Float32Array.from(values)
        const largest = Math.max(...given)
        const weights = given.map((x) => Math.exp(x - largest))
        const total = weights.reduce((a, b) => a + b)
        const order = [...given.keys()].sort((a, b) => given[b]! - given[a]! || a - b)
        const kept = order.filter((id) => row[id] !== removed)
        const mass = (ids: number[]) => ids.reduce((sum, id) => sum + weights[id]!, 0) / total
        expect(kept).toEqual(order.slice(0, kept.length))
        expect(mass(kept)).toBeGreaterThanOrEqual(0.9 - 1e-6)
        expect(mass(kept.slice(0, -1))).toBeLessThan(0.9 + 1e-6)
      }),
    )
  })
})

describe('sampling', () => {
  const row = Float32Array.from(randomNormal({ seed: 3, purpose: 'test' }, 3000), (x) => 2 * x)
  const total = row.reduce((sum, x) => sum + Math.exp(x), 0)

  it('draws tokens as often as their probabilities say', () => {
    const draws = randomUniform({ seed: 4, purpose: 'test' }, 10_000)
    const counts = new Map<number, number>()
    for (const u of draws) {
      const { id } = multinomial(row, () => u)
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    for (const [id, x] of row.entries()) {
      const expected = (draws.length * Math.exp(x)) / total
      expect(Math.abs((counts.get(id) ?? 0) - expected)).toBeLessThan(5 * Math.sqrt(expected) + 5)
    }
  })

  it('gives the logarithm of the probability', () => {
    for (const sample of [greedy, multinomial]) {
      const { id, logprob } = sample(row, () => 0.7)
      expect(logprob).toBeCloseTo(Math.log(Math.exp(row[id]!) / total), 6)
    }
  })

  it('never draws a removed token, whatever the number drawn', () => {
    const sparse = new Float32Array(5000).fill(removed)
    for (const id of [0, 2047, 4999]) sparse[id] = 1
    const drawn = [0, 0.3, 0.34, 0.6, 0.7, 1 - 2 ** -32].map((u) => multinomial(sparse, () => u).id)
    expect(drawn).toEqual([0, 0, 2047, 2047, 4999, 4999])
  })

  it('any temperature above 0 can be divided by', () => {
    for (const value of [1e-320, Number.MIN_VALUE, 1e-38, 1e308]) {
      const logits = Float32Array.of(-300, 7.5, 7.25)
      make.temperature(value)(logits, { ids: [], promptLength: 0 })
      expect(multinomial(logits, () => 0).id).toBe(value < 1 ? 1 : 0)
    }
  })

  it('says when nothing can be chosen', () => {
    for (const sample of [greedy, multinomial]) {
      expect(() => sample(new Float32Array(3).fill(removed), () => 0)).toThrow('every one was removed')
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
        expect(() => sample(Float32Array.of(1, bad, 2), () => 0)).toThrow('not numbers')
    }
    const damaged = Float32Array.of(1, Number.NaN, 2)
    for (const process of [
      make.temperature(0.5),
      make.topK(2),
      make.topP(0.5),
      make.minP(0.1),
      make.typicalP(0.5),
      make.etaCutoff(0.1),
    ])
      process(damaged, { ids: [], promptLength: 0 })
    expect(() => greedy(damaged, () => 0)).toThrow('not numbers')
  })
})

/** GPT-2 against transformers, through the public names, on every runtime. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadModel, type Model, type RunResult } from '../../src/model.ts'
import { runtimeNames } from '../../src/runtime/choose.ts'
import { differences, type Generations, gradientsOf, openOracle, outputsOf, tolerance } from './oracle.ts'

const oracle = openOracle<Generations>('gpt2-lm')
const { generation } = oracle.expected
const inputs = Object.fromEntries(oracle.under('input.'))
const greedy = { maxNewTokens: generation.max_new_tokens, temperature: 0 }

describe.each(runtimeNames)('gpt2-lm on the runtime %s', (runtime) => {
  let model: Model
  let result: RunResult
  beforeAll(async () => {
    model = await loadModel(oracle.model, { runtime })
    result = await model.run(inputs, { capture: ['attentions', 'hidden_states'], gradients: true })
  })
  afterAll(() => model.dispose())

  test('logits, hidden states, attentions and loss', () => {
    expect(differences(outputsOf(result), oracle.under('output.'), tolerance.output)).toEqual([])
  })

  test('the gradient of every parameter', () => {
    const recorded = oracle.under('grad.')
    expect([...gradientsOf(result).keys()].sort()).toEqual([...recorded.keys()].sort())
    expect(differences(gradientsOf(result), recorded, tolerance.gradient)).toEqual([])
  })

  test('the same outputs without derivatives', async () => {
    const plain = await model.run(inputs, { capture: ['attentions', 'hidden_states'] })
    expect(plain.gradients).toBeUndefined()
    expect(differences(outputsOf(plain), oracle.under('output.'), tolerance.output)).toEqual([])
  })

  test.each(generation.single)('greedy continuation of $input_ids', async ({ input_ids, greedy: recorded }) => {
    const { sequences } = await model.complete(input_ids, greedy)
    expect(sequences.map(({ ids }) => [...ids])).toEqual(recorded.sequences)
    expect(Math.abs(sequences[0]!.score - recorded.scores[0]!)).toBeLessThan(tolerance.score())
  })

  test('greedy continuation of prompts of several lengths at once', async () => {
    const { sequences } = await model.complete(
      generation.single.map(({ input_ids }) => input_ids),
      greedy,
    )
    expect(sequences.map(({ ids }) => [...ids])).toEqual(generation.single.flatMap((each) => each.greedy.sequences))
  })
})

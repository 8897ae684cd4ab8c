import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadModel, type Model } from '../model.ts'
import { type RuntimeName, runtimeNames } from '../runtime/choose.ts'
import { windowStart } from './window.ts'

const folder = fileURLToPath(new URL('../../test/oracles/data/gpt2-lm/', import.meta.url))
type Greedy = { sequences: number[][]; token_logprobs: number[][]; scores: number[] }
type Oracle = {
  single: { input_ids: number[]; greedy: Greedy }[]
  batch: { input_ids: number[][]; attention_mask: number[][]; greedy: Greedy }
}
const oracle: Oracle = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')).generation

const context = 48
const greedy = { temperature: 0, maxNewTokens: 12 }
/** Goes on for ever: the end token is one like the others. */
const endless = { stopTokens: [] }
const prompts = [[46, 13, 91, 84, 30], [7], [84, 52, 5], [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4]]

const open = async (runtime: RuntimeName) => await loadModel(`${folder}model`, { runtime })

/** Greedy generation without a cache: the whole window is read for every token. */
async function uncached(model: Model, prompt: readonly number[], count: number): Promise<number[]> {
  const ids = [...prompt]
  for (let i = 0; i < count; i++) {
    const seen = ids.slice(windowStart(ids.length, context))
    const { logits } = await model.run({ input_ids: [seen] })
    const last = logits.data.subarray(logits.data.length - logits.shape[2]!) as Float32Array
    ids.push(last.indexOf(Math.max(...last)))
  }
  return ids
}

describe.each(runtimeNames)('greedy generation on the %s runtime, against transformers', (runtime) => {
  let model: Model
  beforeAll(async () => {
    model = await open(runtime)
    return () => model.dispose()
  })

  it.each(oracle.single)('goes on from $input_ids', async ({ input_ids, greedy: expected }) => {
    const { sequences } = await model.complete(input_ids, greedy)
    expect(sequences.map(({ ids }) => ids)).toEqual(expected.sequences)
    const [sequence] = sequences
    expect(sequence!.finish).toBe('eos')
    expect(sequence!.logprobs).toHaveLength(expected.token_logprobs[0]!.length)
    for (const [i, value] of sequence!.logprobs.entries())
      expect(Math.abs(value - expected.token_logprobs[0]![i]!)).toBeLessThan(1e-4)
    expect(Math.abs(sequence!.score - expected.scores[0]!)).toBeLessThan(1e-4)
  })

  it('gives for a batch of prompts what left padding gives there', async () => {
    const { input_ids, attention_mask, greedy: expected } = oracle.batch
    const padding = attention_mask.map((row) => row.indexOf(1))
    const { sequences } = await model.complete(
      input_ids.map((ids, row) => ids.slice(padding[row])),
      greedy,
    )
    expect(sequences.map(({ ids }) => ids)).toEqual(expected.sequences.map((ids, row) => ids.slice(padding[row])))
    for (const [row, { logprobs, score }] of sequences.entries()) {
      for (const [i, value] of logprobs.entries())
        expect(Math.abs(value - expected.token_logprobs[row]![i]!)).toBeLessThan(1e-4)
      expect(Math.abs(score - expected.scores[row]!)).toBeLessThan(1e-4)
    }
  })

  it('gives with a cache what it gives without, over 40 steps', async () => {
    const { sequences } = await model.complete([7], { ...greedy, ...endless, maxNewTokens: 40 })
    expect(sequences[0]!.ids).toEqual(await uncached(model, [7], 40))
    expect(sequences[0]!.finish).toBe('length')
  })

  it('goes on from the last half of its window when the text outgrows the context', async () => {
    const { sequences } = await model.complete([prompts[3]!, [7]], { ...greedy, ...endless, maxNewTokens: 80 })
    expect(sequences[0]!.ids).toEqual(await uncached(model, prompts[3]!, 80))
    expect(sequences[1]!.ids).toEqual(await uncached(model, [7], 80))
  })

  it('gives each prompt of a sampled batch what it gives it alone', async () => {
    const options = { maxNewTokens: 60, seed: 5, topP: 0.95 }
    const { sequences } = await model.complete(prompts, options)
    for (const [row, prompt] of prompts.entries()) {
      const alone = (await model.complete(prompt, options)).sequences[0]!
      expect({ ...alone, prompt: row, score: 0, logprobs: 0 }).toEqual({ ...sequences[row]!, score: 0, logprobs: 0 })
      expect(Math.abs(alone.score - sequences[row]!.score)).toBeLessThan(1e-3)
    }
  })
})

describe('sampling', () => {
  let model: Model
  const ids = async (prompt: number[], options: object) => (await model.complete(prompt, options)).sequences[0]!.ids
  beforeAll(async () => {
    model = await open('native')
    return () => model.dispose()
  })

  it('gives the same for a seed, and something else for another', async () => {
    const options = { ...endless, maxNewTokens: 30, temperature: 1.5 }
    expect(await ids([7], { ...options, seed: 1 })).toEqual(await ids([7], { ...options, seed: 1 }))
    expect(await ids([7], { ...options, seed: 1 })).not.toEqual(await ids([7], { ...options, seed: 2 }))
  })

  it('returns differing sequences for each prompt, the first as if it were alone', async () => {
    const options = { ...endless, maxNewTokens: 20, seed: 3 }
    const { sequences } = await model.complete(prompts, { ...options, returned: 3 })
    expect(sequences.map(({ prompt }) => prompt)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    expect(new Set(sequences.map((sequence) => sequence.ids.join())).size).toBe(12)
    for (const [row, prompt] of prompts.entries()) expect(sequences[3 * row]!.ids).toEqual(await ids(prompt, options))
  })

  it('goes on the same way when a text is written in two calls, beyond the context too', async () => {
    const options = { ...endless, seed: 8 }
    const whole = await ids([7], { ...options, maxNewTokens: 70 })
    for (const cut of [2, 40, 48, 49, 60])
      expect(await ids(whole.slice(0, cut), { ...options, maxNewTokens: 71 - cut })).toEqual(whole)
  })

  it('streams what complete returns', async () => {
    const options = { ...endless, seed: 4, maxNewTokens: 25 }
    const complete = (await model.complete([7], options)).sequences[0]!
    const pieces = []
    for await (const piece of model.generate([7], options)) pieces.push(piece)
    expect([7, ...pieces.flatMap((piece) => piece.ids)]).toEqual(complete.ids)
    expect(pieces.flatMap((piece) => piece.logprobs)).toEqual(complete.logprobs)
    expect(pieces.map((piece) => piece.finish).filter(Boolean)).toEqual(['length'])
  })

  it('takes the most probable token only with topK 1 or a small topP', async () => {
    const expected = await ids([7], { ...endless, maxNewTokens: 20, temperature: 0 })
    expect(await ids([7], { ...endless, maxNewTokens: 20, topK: 1 })).toEqual(expected)
    expect(await ids([7], { ...endless, maxNewTokens: 20, topP: 1e-9 })).toEqual(expected)
  })
})

describe('where a text ends', () => {
  let model: Model
  const complete = async (prompt: number[], options: object) => (await model.complete(prompt, options)).sequences[0]!
  beforeAll(async () => {
    model = await open('native')
    return () => model.dispose()
  })

  it('does not end before minNewTokens', async () => {
    const sequence = await complete([84, 52, 5], { temperature: 0, minNewTokens: 10, maxNewTokens: 40 })
    expect(sequence.ids.slice(3, 12)).not.toContain(95)
    expect(sequence.ids.length).toBeGreaterThanOrEqual(13)
  })

  it('ends at the tokens the caller names, in place of those of the model', async () => {
    const free = await complete([7], { ...greedy, ...endless, maxNewTokens: 30 })
    const stop = free.ids[20]!
    const first = free.ids.indexOf(stop, 1)
    const stopped = await complete([7], { ...greedy, maxNewTokens: 30, stopTokens: [stop] })
    expect(stopped).toMatchObject({ ids: free.ids.slice(0, first + 1), finish: 'stop' })
  })

  it('begins an empty prompt with the token that begins a text', async () => {
    expect((await complete([], greedy)).ids).toEqual((await complete([1], greedy)).ids)
  })

  it('drops finished rows from the batch without disturbing the others', async () => {
    const options = { temperature: 0, maxNewTokens: 30 }
    const { sequences } = await model.complete([...prompts, ...prompts], { ...options, minNewTokens: 3 })
    const lengths = new Set(sequences.map(({ ids, promptLength }) => ids.length - promptLength))
    expect(lengths.size).toBeGreaterThan(1)
    for (const [row, { ids }] of sequences.entries())
      expect(ids).toEqual((await complete(prompts[row % 4]!, { ...options, minNewTokens: 3 })).ids)
  })

  it('ends with the reason of an abort', async () => {
    const stop = new AbortController()
    const seen: number[] = []
    const writing = (async () => {
      for await (const piece of model.generate([7], { ...endless, maxNewTokens: 1000, signal: stop.signal })) {
        seen.push(...piece.ids)
        if (seen.length === 5) stop.abort(new Error('enough'))
      }
    })()
    await expect(writing).rejects.toThrow('enough')
    expect(seen).toHaveLength(5)
  })
})

describe('what generation refuses', () => {
  let model: Model
  beforeAll(async () => {
    model = await open('reference')
  })
  it.each([
    [[1], { maxNewTokens: 0 }, 'maxNewTokens must be a whole number from 1 to 1000000000, found 0.'],
    [[1], { maxNewTokens: 1.5 }, 'maxNewTokens must be a whole number from 1 to 1000000000, found 1.5.'],
    [[1], { maxNewTokens: 1e12 }, 'found 1000000000000.'],
    [[1], { minNewTokens: 5, maxNewTokens: 4 }, 'minNewTokens must be at most maxNewTokens (4), found 5.'],
    [[1], { temperature: -1 }, 'temperature must be a number of 0 or more, found -1.'],
    [[1], { temperature: Number.NaN }, 'temperature must be a number of 0 or more, found NaN.'],
    [[1], { temperature: '1' }, 'temperature must be a number of 0 or more, found "1".'],
    [[1], { topK: 0 }, 'topK must be a whole number of 1 or more, found 0.'],
    [[1], { topP: 0 }, 'topP must be a number above 0 and at most 1, found 0.'],
    [[1], { topP: 1.1 }, 'topP must be a number above 0 and at most 1, found 1.1.'],
    [[1], { seed: -1 }, 'seed must be a whole number from 0 to 2^53 - 1, found -1.'],
    [[1], { seed: 2 ** 53 }, 'seed must be a whole number'],
    [[1], { stop: '' }, 'stop must be a text or texts, none empty, found "".'],
    [[1], { stop: 'x' }, 'Stop strings need a tokenizer'],
    [[1], { stopTokens: [96] }, 'stopTokens: token ids must be whole numbers from 0 to 95 (the vocabulary), found 96.'],
    [[1], { returned: 2, temperature: 0 }, 'returned must be 1 with temperature 0'],
    [[1], { maxTokens: 3 }, 'There is no option maxTokens; there are maxNewTokens, '],
    [[1, 96], {}, 'the prompt (position 1): token ids must be whole numbers from 0 to 95 (the vocabulary), found 96.'],
    [[1, -1], {}, 'found -1.'],
    [[1, 0.5], {}, 'found 0.5.'],
    ['text', {}, 'The model has no tokenizer: give token ids as the prompt.'],
    [[[1], null], {}, 'A prompt must be text or a list of token ids, found null.'],
  ])('%j with %j', async (prompt, options, message) => {
    await expect(model.complete(prompt as number[], options as object)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining(message),
    })
  })
})

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadModel, type Model } from '../model.ts'
import { runtimeNames } from '../runtime/choose.ts'
import { logSoftmax } from './sampling.ts'
import { windowStart } from './window.ts'

const folder = fileURLToPath(new URL('../../test/oracles/data/gpt2-lm/', import.meta.url))
const { single, batch } = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')).generation

const modes = { beam: false, beam_early_stopping: true } as const
const context = 48

/** Log-probabilities of every next token, from the whole window. */
async function logprobsOf(model: Model, ids: readonly number[]): Promise<Float32Array> {
  const { logits } = await model.run({ input_ids: [ids.slice(windowStart(ids.length, context))] })
  const last = (logits.data as Float32Array).slice(-logits.shape[2]!)
  logSoftmax(last)
  return last
}

describe.each(runtimeNames)('beam search on the %s runtime, against transformers', (runtime) => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(`${folder}model`, { runtime })
    return () => model.dispose()
  })

  it.each(Object.keys(modes) as (keyof typeof modes)[])('%s', async (mode) => {
    const options = { beams: 4, returned: 4, lengthPenalty: 1, earlyStopping: modes[mode], maxNewTokens: 12 }
    for (const { input_ids, [mode]: expected } of single) {
      const { sequences } = await model.complete(input_ids, options)
      expect(sequences.map(({ ids }) => ids)).toEqual(expected.sequences)
      for (const [i, { score }] of sequences.entries()) expect(Math.abs(score - expected.scores[i])).toBeLessThan(1e-4)
    }
    const padding: number[] = batch.attention_mask.map((row: number[]) => row.indexOf(1))
    const prompts: number[][] = batch.input_ids.map((ids: number[], row: number) => ids.slice(padding[row]))
    const { sequences } = await model.complete(prompts, options)
    expect(sequences.map(({ ids }) => ids)).toEqual(
      batch[mode].sequences.map((ids: number[], i: number) => ids.slice(padding[Math.floor(i / 4)])),
    )
    for (const [i, { score, prompt }] of sequences.entries()) {
      expect(Math.abs(score - batch[mode].scores[i])).toBeLessThan(1e-4)
      expect(prompt).toBe(Math.floor(i / 4))
    }
  })
})

describe('beam search', () => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(`${folder}model`, { runtime: 'native' })
    return () => model.dispose()
  })

  it('finds the most probable text when it follows all of them', async () => {
    const allowed = [3, 12, 70]
    const only = (logits: Float32Array) => {
      for (const id of logits.keys()) if (!allowed.includes(id)) logits[id] = Number.NEGATIVE_INFINITY
    }
    const scores = new Map<string, number>()
    const visit = async (ids: number[], score: number): Promise<void> => {
      if (ids.length === 4) return void scores.set(ids.join(), score)
      const logprobs = await logprobsOf(model, ids)
      for (const id of allowed) await visit([...ids, id], score + logprobs[id]!)
    }
    await visit([7], 0)
    const options = { beams: 27, returned: 27, maxNewTokens: 3, stopTokens: [], processors: [only], lengthPenalty: 0 }
    const { sequences } = await model.complete([7], options)
    const expected = [...scores].sort((a, b) => b[1] - a[1])
    expect(sequences.map(({ ids }) => ids.join())).toEqual(expected.map(([ids]) => ids))
    for (const [i, { score }] of sequences.entries()) expect(score).toBeCloseTo(expected[i]![1], 4)
  })

  it('goes on beyond the context; scores are sums of log-probabilities over length', async () => {
    const { sequences } = await model.complete([7], { beams: 3, maxNewTokens: 60, stopTokens: [], lengthPenalty: 1 })
    const { ids, logprobs, score, finish } = sequences[0]!
    expect(ids).toHaveLength(61)
    expect(finish).toBe('length')
    for (const [i, value] of logprobs.entries())
      expect(Math.abs(value - (await logprobsOf(model, ids.slice(0, i + 1)))[ids[i + 1]!]!)).toBeLessThan(1e-4)
    expect(score).toBeCloseTo(logprobs.reduce((a, b) => a + b) / 60, 6)
  })

  it('prefers longer texts with a larger length penalty', async () => {
    const lengthWith = async (lengthPenalty: number) =>
      (await model.complete([7], { beams: 4, lengthPenalty, maxNewTokens: 30, earlyStopping: 'never' })).sequences[0]!
        .ids.length
    expect(await lengthWith(3)).toBeGreaterThan(await lengthWith(-1))
  })

  it.each([
    [{ beams: 2, returned: 3 }, 'returned must be at most beams (2), found 3.'],
    [{ beams: 2, temperature: 0.5 }, 'leave out temperature'],
    [{ beams: 2, topK: 5 }, 'leave out topK'],
    [{ beams: 0 }, 'beams must be a whole number from 1 to 1024, found 0.'],
    [{ lengthPenalty: 2 }, 'lengthPenalty belongs to beam search'],
    [{ beams: 2, earlyStopping: 'maybe' }, "earlyStopping must be true, false or 'never'"],
  ])('refuses %j', async (options, message) => {
    await expect(model.complete([7], options as object)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining(message),
    })
  })

  it('refuses to stream several texts', async () => {
    await expect(model.generate([7], { beams: 2 }).next()).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })
})

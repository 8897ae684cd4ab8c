/** Searches beyond what the recorded cases cover: sampled beams, groups, contrastive search, and what all searches have in common. */
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadModel, type Model } from '../model.ts'
import { runtimeNames } from '../runtime/choose.ts'
import type { GenerateOptions } from './options.ts'

const folder = fileURLToPath(new URL('../../test/oracles/data/gpt2-lm/model', import.meta.url))
const context = 48
const endless = { stopTokens: [] }

let model: Model
beforeAll(async () => {
  model = await loadModel(folder, { runtime: 'native' })
  return () => model.dispose()
})
const idsOf = async (options: GenerateOptions, prompt: readonly number[] = [7]) =>
  (await model.complete(prompt, options)).sequences.map(({ ids }) => ids)

/** The probability of some tokens after a prompt. */
async function probability(prompt: readonly number[], tokens: readonly number[]): Promise<number> {
  const { logits } = await model.run({ input_ids: [[...prompt, ...tokens]] })
  const vocabulary = logits.shape[2]!
  return tokens.reduce((product, token, i) => {
    const at = (prompt.length + i - 1) * vocabulary
    const row = Array.from(logits.data.subarray(at, at + vocabulary) as Float32Array)
    return (product * Math.exp(row[token]!)) / row.reduce((sum, x) => sum + Math.exp(x), 0)
  }, 1)
}

describe('sampled beams', () => {
  const sampled = { beams: 2, returned: 2, beamSampling: true, ...endless }

  it('are the same for the same seed, in any batch, and others for another', async () => {
    const options = { ...sampled, beams: 4, returned: 4, maxNewTokens: 12, seed: 5 }
    const alone = await idsOf(options)
    expect(await idsOf(options)).toEqual(alone)
    const { sequences } = await model.complete([[3, 4], [7]], options)
    expect(sequences.slice(4).map(({ ids }) => ids)).toEqual(alone)
    expect(await idsOf({ ...options, seed: 6 })).not.toEqual(alone)
  })

  it('finish with the first texts of a draw without replacement, as often as their probabilities say', async () => {
    // Two tokens may come: after two steps four texts are left, of which the two that are drawn first are returned.
    const [a, b] = [60, 41]
    const only = (logits: Float32Array) => {
      for (const id of logits.keys()) if (id !== a && id !== b) logits[id] = Number.NEGATIVE_INFINITY
    }
    const texts = [
      [a, a],
      [a, b],
      [b, a],
      [b, b],
    ]
    const weights = await Promise.all(texts.map((tokens) => probability([7], tokens)))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const runs = 400
    const seen = new Map<string, number>()
    for (let seed = 0; seed < runs; seed++) {
      const found = await idsOf({ ...sampled, maxNewTokens: 2, seed, processors: [only] })
      const pair = found
        .map((ids) => ids.slice(1).join())
        .sort()
        .join(' ')
      seen.set(pair, (seen.get(pair) ?? 0) + 1)
    }
    let chi = 0
    for (const [i, first] of weights.entries())
      for (const [j, second] of weights.entries()) {
        if (j <= i) continue
        const expected = (runs * first * second * (1 / (total - first) + 1 / (total - second))) / total
        const pair = [texts[i]!.join(), texts[j]!.join()].sort().join(' ')
        chi += ((seen.get(pair) ?? 0) - expected) ** 2 / expected
      }
    // 5 degrees of freedom: above 20.5 with a probability of 0.1 %.
    expect(chi).toBeLessThan(20.5)
  })

  it('take temperature and cut-offs; near temperature 0 they are those of the search that does not sample', async () => {
    const options = { ...sampled, beams: 3, returned: 1, maxNewTokens: 8 }
    const cold = await idsOf({ ...options, temperature: 1e-5 })
    const { beamSampling, ...search } = options
    expect(cold).toEqual(await idsOf(search))
    const hot = await idsOf({ ...options, temperature: 1.5, topK: 20, topP: 0.9, minP: 0.01, seed: 3 })
    expect(hot[0]).toHaveLength(9)
  })
})

describe('beams that cannot go on', () => {
  const until =
    (length: number) =>
    (logits: Float32Array, { ids }: { readonly ids: readonly number[] }) => {
      if (ids.length >= length) logits.fill(Number.NEGATIVE_INFINITY)
    }

  it('leave what is finished; without that it is an error', async () => {
    const stopTokens = Array.from({ length: 48 }, (_, id) => 2 * id)
    const options = { beams: 3, returned: 3, maxNewTokens: 20, processors: [until(3)], lengthPenalty: 5 }
    const found = await idsOf({ ...options, stopTokens })
    expect(found.length).toBeGreaterThan(0)
    for (const ids of found) expect(ids.at(-1)! % 2).toBe(0)
    await expect(idsOf({ ...options, ...endless })).rejects.toMatchObject({ code: 'NONFINITE_LOGITS' })
  })
})

describe('groups of beams', () => {
  it('begin with different tokens where the penalty is large', async () => {
    const groups = { beams: 4, beamGroups: 4, returned: 4, maxNewTokens: 5, ...endless }
    const firsts = async (diversityPenalty: number) =>
      new Set((await idsOf({ ...groups, diversityPenalty })).map((ids) => ids[1])).size
    expect(await firsts(100)).toBe(4)
    expect(await firsts(0)).toBe(1)
  })
})

describe('contrastive search', () => {
  it('is greedy with a penalty of almost nothing, and streams what it completes', async () => {
    const greedy = await idsOf({ temperature: 0, maxNewTokens: 15, ...endless })
    expect(await idsOf({ contrastivePenalty: 1e-9, maxNewTokens: 15, ...endless })).toEqual(greedy)
    const options = { contrastivePenalty: 0.6, topK: 5, maxNewTokens: 15, ...endless }
    const streamed: number[] = []
    for await (const { ids } of model.generate([7], options)) streamed.push(...ids)
    const [whole] = await idsOf(options)
    expect([7, ...streamed]).toEqual(whole)
    expect(whole).not.toEqual(greedy[0])
  })

  it('gives on every runtime the same', async () => {
    const options = { contrastivePenalty: 0.5, topK: 4, maxNewTokens: 8, ...endless }
    const expected = await idsOf(options)
    for (const runtime of runtimeNames) {
      const other = await loadModel(folder, { runtime })
      expect((await other.complete([7], options)).sequences.map(({ ids }) => ids)).toEqual(expected)
      await other.dispose()
    }
  })

  it('agrees beyond the context with a search that begins where the window does', async () => {
    const options = { contrastivePenalty: 0.4, topK: 4, ...endless }
    const [whole] = await idsOf({ ...options, maxNewTokens: 70 })
    expect(whole).toHaveLength(71)
    // At 49 tokens the window moves on by half of the context.
    const window = whole!.slice(context / 2, context + 1)
    const [rest] = await idsOf({ ...options, maxNewTokens: 22 }, window)
    expect(whole!.slice(context / 2)).toEqual(rest)
  })
})

describe('every search', () => {
  const searches: Record<string, GenerateOptions> = {
    beams: { beams: 3 },
    'sampled beams': { beams: 3, beamSampling: true },
    'groups of beams': { beams: 4, beamGroups: 2 },
    'contrastive search': { contrastivePenalty: 0.5, topK: 3 },
  }

  describe.each(Object.entries(searches))('%s', (_, search) => {
    it('writes beyond the context', async () => {
      const [ids] = await idsOf({ ...search, ...endless, maxNewTokens: 100 })
      expect(ids).toHaveLength(101)
    })

    it('ends at stop tokens, after the fewest tokens asked for', async () => {
      const stopTokens = Array.from({ length: 96 }, (_, id) => id).filter((id) => id % 3 === 0)
      const { sequences } = await model.complete([7], { ...search, stopTokens, minNewTokens: 3, maxNewTokens: 30 })
      const written = sequences[0]!.ids.slice(1)
      expect(written.slice(0, 2).every((id) => id % 3 !== 0)).toBe(true)
      expect(written.length === 30 || written.at(-1)! % 3 === 0).toBe(true)
    })

    it('is aborted, and gives way to the event loop meanwhile', async () => {
      const stop = new AbortController()
      setTimeout(() => stop.abort(new Error('enough')), 20)
      const endlessly = model.complete([7], { ...search, ...endless, maxNewTokens: 1e6, signal: stop.signal })
      await expect(endlessly).rejects.toThrow('enough')
    })
  })

  it.each([
    [{ beamSampling: true }, 'beamSampling belongs to beam search: give beams above 1.'],
    [{ beamGroups: 2 }, 'beamGroups belongs to beam search: give beams above 1.'],
    [{ beams: 5, beamGroups: 2 }, 'beams must be a multiple of beamGroups (2), found 5.'],
    [{ beams: 4, diversityPenalty: 1 }, 'give beamGroups above 1'],
    [{ beams: 4, beamGroups: 2, diversityPenalty: -1 }, 'diversityPenalty must be a number of 0 or more, found -1.'],
    [{ beams: 4, beamGroups: 2, beamSampling: true }, 'leave out beamSampling, or beamGroups'],
    [{ beams: 4, beamSampling: true, temperature: 0 }, 'leave out beamSampling, or temperature'],
    [{ beams: 4, seed: 1 }, 'leave out seed, or beams'],
    [{ contrastivePenalty: 2 }, 'contrastivePenalty must be a number from 0 to 1, found 2.'],
    [{ contrastivePenalty: 0.5, topK: 1 }, 'topK must be above 1, found 1.'],
    [{ contrastivePenalty: 0.5, beams: 2 }, 'leave out beams, or contrastivePenalty'],
    [{ contrastivePenalty: 0.5, returned: 2 }, 'returned must be 1, found 2.'],
    [{ contrastivePenalty: 0.5, temperature: 0.7 }, 'leave out temperature, or contrastivePenalty'],
    [{ contrastivePenalty: 0.5, topP: 0.7 }, 'leave out topP, or contrastivePenalty'],
  ])('refuses %j', async (options, message) => {
    await expect(model.complete([7], options as object)).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: expect.stringContaining(message),
    })
  })
})

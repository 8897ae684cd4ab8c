/** Searches against transformers: random prompts and settings, the same ids and scores. Made by make/searches.py. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { type GenerateOptions, loadModel, type Model } from '../../src/index.ts'

type Case = {
  readonly options: GenerateOptions
  readonly prompts: readonly (readonly number[])[]
  /** Of each prompt: what is returned, best first. */
  readonly found: readonly { readonly ids: readonly (readonly number[])[]; readonly scores?: readonly number[] }[]
}

const data = fileURLToPath(new URL('./data/', import.meta.url))
const read = (kind: string) => JSON.parse(readFileSync(`${data}searches/${kind}.json`, 'utf8')) as { cases: Case[] }

/** How far scores may be off: float32 holds a score of 1000 to 6e-5 only. */
const tolerance = (score: number) => 1e-4 + 1e-6 * Math.abs(score)

describe.each(['beams', 'groups', 'contrastive'])('%s', (kind) => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(`${data}gpt2-lm/model`)
    return () => model.dispose()
  })

  it.each(read(kind).cases.map((one, i) => [i, one] as const))('case %i', async (_, { options, prompts, found }) => {
    const { sequences } = await model.complete(prompts, options)
    const expected = found.flatMap(({ ids, scores }, prompt) =>
      ids.map((row, i) => ({ prompt, ids: row, score: scores?.[i] })),
    )
    expect(sequences.map(({ prompt, ids, promptLength }) => ({ prompt, ids: ids.slice(promptLength) }))).toEqual(
      expected.map(({ prompt, ids }) => ({ prompt, ids })),
    )
    for (const [i, { score }] of expected.entries())
      if (score !== undefined) expect(Math.abs(sequences[i]!.score - score)).toBeLessThan(tolerance(score))
  })
})

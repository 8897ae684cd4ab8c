/** The pipeline against transformers' `generate`, over random settings, and what its options mean for texts. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkOptions, type GenerateOptions } from './options.ts'
import { type PipelineModel, pipeline } from './pipeline.ts'

/** PIPELINES names a file of more cases, as test/oracles/make/pipelines.py writes it. */
const file =
  process.env.PIPELINES ?? fileURLToPath(new URL('../../test/oracles/data/pipelines/cases.json', import.meta.url))
type Case = {
  readonly settings: GenerateOptions
  readonly beams: number
  readonly maxNewTokens: number
  readonly stopTokens: number[]
  readonly prompt: number[]
  readonly new: number[]
  readonly logits: number[]
  readonly expected: (number | null)[]
}
const { vocabulary, cases } = JSON.parse(readFileSync(file, 'utf8')) as { vocabulary: number; cases: Case[] }

const checkpoint = {
  format: { definition: { vocabulary: () => vocabulary } },
} as unknown as PipelineModel['checkpoint']
const model: PipelineModel = { checkpoint, tokenizer: undefined, missing: [] }

/** Logits after everything that options ask for. */
function processed(
  options: GenerateOptions,
  row: readonly number[],
  prompt: readonly number[],
  added: readonly number[],
) {
  const settings = checkOptions(options)
  const stopTokens = new Set(options.stopTokens)
  const ends = { maxNewTokens: settings.maxNewTokens, stop: [], stopTokens, endTokens: stopTokens }
  const logits = Float32Array.from(row)
  const state = { ids: [...prompt, ...added], promptLength: prompt.length }
  for (const process of pipeline(settings, ends, model)) process(logits, state)
  return [...logits]
}

describe('random settings, against transformers', () => {
  it.each(cases.map((given, i) => [i, given] as const))('case %i', (_, given) => {
    const { settings, beams, maxNewTokens, stopTokens, prompt, logits, expected } = given
    const options = { ...settings, maxNewTokens, stopTokens, ...(beams > 1 && { beams, beamSampling: true }) }
    for (const [id, x] of processed(options, logits, prompt, given.new).entries()) {
      const wanted = expected[id] ?? Number.NEGATIVE_INFINITY
      if (Number.isFinite(wanted)) expect(Math.abs(x - wanted), `id ${id}`).toBeLessThan(2e-5 * (1 + Math.abs(wanted)))
      else expect(x, `id ${id}`).toBe(wanted)
    }
  })
})

const flat = new Array<number>(vocabulary).fill(0)
const removedIn = (row: readonly number[]) => row.flatMap((x, id) => (x === Number.NEGATIVE_INFINITY ? [id] : []))

describe('what transformers has not, or has otherwise', () => {
  it('presence and frequency penalties count generated tokens only, as OpenAI defines them', () => {
    const row = processed({ presencePenalty: 0.5, frequencyPenalty: 0.25 }, flat, [1, 2, 2], [2, 3, 3, 3])
    expect([row[1], row[2], row[3], row[4]]).toEqual([0, -0.75, -1.25, 0])
  })

  it('a forced first token comes after any prompt, and moves suppressFirst behind it', () => {
    const options = { forcedFirst: 5, suppressFirst: [6, 7] }
    expect(removedIn(processed(options, flat, [1, 2], []))).toEqual([...flat.keys()].filter((id) => id !== 5))
    expect(removedIn(processed(options, flat, [1, 2], [5]))).toEqual([6, 7])
    expect(removedIn(processed(options, flat, [1, 2], [5, 1]))).toEqual([])
    expect(removedIn(processed({ suppressFirst: [6, 7] }, flat, [1, 2], []))).toEqual([6, 7])
  })

  it('biases may be given by id', () => {
    const row = processed({ logitBias: { 3: 1.5, 4: Number.NEGATIVE_INFINITY } }, flat, [1], [])
    expect([row[2], row[3], row[4]]).toEqual([0, 1.5, Number.NEGATIVE_INFINITY])
  })

  it('the caller’s processors come before temperature and cut-offs', () => {
    const row = processed({ temperature: 0.5, topK: 1, processors: [(logits) => logits.fill(3, 7, 8)] }, flat, [1], [])
    expect(row[7]).toBe(6)
    expect(removedIn(row)).toHaveLength(vocabulary - 1)
  })

  it('an end that becomes ever more likely stays a number', () => {
    const logits = flat.map((_, id) => id)
    const options = { lengthDecay: [0, 1e9] as const, stopTokens: [4, 0], maxNewTokens: 100 }
    const row = processed(options, logits, [1], new Array(90).fill(1))
    expect(row[4]).toBeGreaterThan(1e38)
    expect(row.every(Number.isFinite)).toBe(true)
  })

  it('a text among bad words needs a tokenizer, and is banned as it is and after a space', () => {
    expect(() => processed({ badWords: ['a'] }, flat, [1], [])).toThrow('no tokenizer')
    const ids: Readonly<Record<string, number[]>> = { a: [3], ' a': [4, 5], ' b': [6], end: [2], ' end': [7] }
    const tokenizer = { encode: (text: string) => ({ ids: ids[text]! }) } as unknown as PipelineModel['tokenizer']
    const settings = checkOptions({ badWords: ['a', ' b', 'end'] })
    const ends = { maxNewTokens: 9, stop: [], stopTokens: new Set([2]), endTokens: new Set([2]) }
    const leftOutAfter = (last: number) => {
      const logits = Float32Array.from(flat)
      for (const process of pipeline(settings, ends, { ...model, tokenizer }))
        process(logits, { ids: [last], promptLength: 1 })
      return removedIn([...logits])
    }
    expect(leftOutAfter(1)).toEqual([3, 6, 7])
    expect(leftOutAfter(4)).toEqual([3, 5, 6, 7])
  })

  it.each<GenerateOptions>([
    { suppressTokens: [vocabulary] },
    { suppressFirst: [99] },
    { forcedFirst: 24 },
    { forcedLast: [1, 24] },
    { logitBias: { 24: 1 } },
    { logitBias: [[[1, 24], 1]] },
    { badWords: [[24]] },
  ])('refuses ids that the model does not have: %j', (options) => {
    const [name] = Object.keys(options)
    expect(() => processed(options, flat, [1], [])).toThrow(new RegExp(`^${name}: token ids.*0 to 23.*found (24|99)`))
  })
})

describe('options', () => {
  it.each<readonly [unknown, RegExp]>([
    [{ minP: 1.5 }, /minP must be a number from 0 to 1, found 1.5/],
    [{ typicalP: 0 }, /typicalP must be a number above 0 and at most 1/],
    [{ epsilonCutoff: 1 }, /epsilonCutoff must be a number above 0 and below 1, found 1/],
    [{ etaCutoff: Number.NaN }, /etaCutoff must be .*found NaN/],
    [{ repetitionPenalty: 0 }, /repetitionPenalty must be a number above 0, found 0/],
    [{ presencePenalty: '1' }, /presencePenalty must be a number, found "1"/],
    [{ noRepeatNgram: 0 }, /noRepeatNgram must be a whole number of 1 or more/],
    [{ logitBias: { a: 1 } }, /logitBias must be biases by token id/],
    [{ logitBias: [[[], 1]] }, /logitBias must be/],
    [{ logitBias: { 1: Number.POSITIVE_INFINITY } }, /logitBias must be/],
    [{ badWords: [''] }, /badWords must be a list of texts or lists of token ids, none empty/],
    [{ badWords: [[]] }, /badWords must be/],
    [{ suppressTokens: [-1] }, /suppressTokens must be a list of token ids/],
    [{ forcedFirst: [1] }, /forcedFirst must be a token id/],
    [{ forcedLast: [] }, /forcedLast must be a token id or a list of them/],
    [{ lengthDecay: [1] }, /lengthDecay must be/],
    [{ sampler: 'greedy' }, /sampler must be a function/],
    [{ logprobs: -1 }, /logprobs must be a whole number from 0 to 1000/],
    [{ promptLogprobs: 1.5 }, /promptLogprobs must be/],
    [{ forcedFirst: 3, suppressTokens: [3] }, /forcedFirst is 3, which suppressTokens removes/],
    [{ forcedLast: [3, 4], suppressTokens: [3, 4] }, /forcedLast is 3, 4, which suppressTokens removes/],
    [{ forcedFirst: 3, suppressFirst: [4], maxNewTokens: 1 }, /suppressFirst is for the token after forcedFirst/],
    [{ temperature: 0, sampler: () => 0 }, /leave out sampler, or temperature/],
    [{ beams: 2, sampler: () => 0 }, /Beam search has no use for sampler/],
    [{ beams: 2, logprobs: 0 }, /Beam search has no use for logprobs/],
    [{ beams: 2, minP: 0.1 }, /Beam search does not sample: leave out minP/],
  ])('%j is refused', (options, says) => {
    expect(() => checkOptions(options as GenerateOptions)).toThrow(says)
  })
})

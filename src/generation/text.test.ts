import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { chooseRuntime } from '../runtime/choose.ts'
import { referenceRuntime } from '../runtime/reference.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { bytelevelBpe, Tokenizer } from '../tokenizers/index.ts'
import { vocabularyOf } from '../tokenizers/models/vocabulary.ts'
import { arrangement } from '../tokenizers/post-processors.ts'
import { byteCharacters } from '../tokenizers/text/bytes.ts'
import { type Checkpoint, openCheckpoint, readParameters } from '../weights/checkpoint.ts'
import { Generator } from './generator.ts'
import type { GenerateOptions } from './options.ts'
import type { LogitsProcessor } from './processors/processor.ts'
import { randomCheckpoint } from './random-checkpoint.suite.ts'

const directory = fileURLToPath(new URL('../../test/oracles/data/gpt2-lm/model', import.meta.url))

/** Byte-level tokens for the bytes of some characters, and one merge of bytes of two characters. */
const bytes = [...new Set(new TextEncoder().encode('abcdefghijklmnopqrstuvwxyz .!?😀😁é日本'))].map(
  (byte) => byteCharacters[byte]!,
)
const tokens = [...bytes, 'th', `${bytes.at(-1)!}a`, '<end>']
const tokenizer = bytelevelBpe({
  vocabulary: vocabularyOf(tokens),
  merges: [['t', 'h']],
  named: { eos: '<end>' },
})
const idsOf = (text: string) => tokenizer.encode(text).ids

/** Leaves the next id of a script as the only one. */
const script = (ids: readonly number[]): GenerateOptions => ({
  maxNewTokens: ids.length,
  stopTokens: [],
  processors: [
    (logits, state) => {
      const id = ids[state.ids.length - state.promptLength]!
      for (let i = 0; i < logits.length; i++) if (i !== id) logits[i] = Number.NEGATIVE_INFINITY
    },
  ],
})

describe('text', () => {
  let checkpoint: Checkpoint
  let native: Runtime
  let generator: Generator
  beforeAll(async () => {
    checkpoint = await openCheckpoint(directory)
    native = await chooseRuntime('native')
    generator = new Generator(checkpoint, native, { tokenizer })
    return () => generator.dispose()
  })
  const complete = async (prompt: string, options: GenerateOptions) =>
    (await generator.complete(prompt, options)).sequences[0]!
  const pieces = async (prompt: string, options: GenerateOptions) => {
    const found = []
    for await (const piece of generator.stream(prompt, options)) found.push(piece)
    return found
  }

  it('streams whole characters only, and together what complete returns', async () => {
    const ids = idsOf('so 😀 日é!')
    const streamed = await pieces('go', script(ids))
    expect(streamed).toHaveLength(ids.length)
    for (const { text } of streamed) expect(text).not.toContain('\ufffd')
    expect(streamed.map(({ text }) => text).join('')).toBe('so 😀 日é!')
    expect((await complete('go', script(ids))).text).toBe('so 😀 日é!')
  })

  it('goes on in the middle of a character of the prompt', async () => {
    const ids = idsOf('😀')
    const { sequences } = await generator.complete(ids.slice(0, 2), script(ids.slice(2)))
    expect(sequences[0]!.text).toBe('😀')
  })

  it('shows an unfinished character at the end as decoding does', async () => {
    const ids = idsOf('a😀').slice(0, -1)
    const { text } = await complete('go', script(ids))
    expect(text).toBe(tokenizer.decode(ids))
    expect(text).toBe('a\ufffd')
  })

  it.each([
    ['one two!', ['two'], 'one ', 7],
    ['the end', ['nd', 'he e'], 't', 4],
    ['so 😀😁!', ['😁'], 'so 😀', 11],
    ['so 😁😀!', ['😀!'], 'so 😁', 12],
    ['日本!', '本', '日', 6],
    ['never', ['x', 'evo'], 'never', 5],
    ['aab', 'ab', 'a', 3],
  ])('of %j with the stop strings %j shows %j', async (text, stop, shown, length) => {
    const options = { ...script(idsOf(text)), stop }
    const sequence = await complete('go', options)
    expect(sequence.text).toBe(shown)
    expect(sequence.ids).toHaveLength(2 + length)
    expect(sequence.finish).toBe(shown === text ? 'length' : 'stop')
    const streamed = await pieces('go', options)
    expect(streamed.map((piece) => piece.text).join('')).toBe(shown)
    expect(streamed.at(-1)!.finish).toBe(sequence.finish)
  })

  it('leaves special tokens out of the text, not out of the ids', async () => {
    const end = tokenizer.idOf('<end>')!
    const sequence = await complete('go', script([...idsOf('a'), end, ...idsOf('b')]))
    expect(sequence.text).toBe('ab')
    expect(sequence.ids).toContain(end)
  })

  it('never writes an id that the tokenizer does not have', async () => {
    const { sequences } = await generator.complete('go', {
      maxNewTokens: 200,
      temperature: 3,
      stopTokens: [],
      returned: 4,
    })
    for (const { ids } of sequences) expect(Math.max(...ids)).toBeLessThan(tokenizer.vocabSize)
  })

  it('refuses special tokens in a prompt unless it is told what they are', async () => {
    await expect(complete('a<end>', {})).rejects.toMatchObject({ code: 'SPECIAL_TOKEN_IN_TEXT' })
    const parsed = await complete('a<end>', { special: 'parse', maxNewTokens: 1 })
    expect(parsed.ids.slice(0, parsed.promptLength)).toEqual([...idsOf('a'), tokenizer.idOf('<end>')])
  })

  it('does not go on behind an end token that the tokenizer adds to every text', async () => {
    const { stages } = tokenizer
    const end = { id: tokenizer.idOf('<end>')!, token: '<end>' }
    const ending = new Tokenizer({
      ...stages,
      postProcessor: arrangement(null, {
        single: [
          { sequence: 0, typeId: 0 },
          { tokens: [end], typeId: 0 },
        ],
        pair: [],
      }),
    })
    expect(ending.encode('go').ids).toEqual([...idsOf('go'), end.id])
    const own = { ...checkpoint, file: { ...checkpoint.file, eos_token_id: end.id }, generation: {} }
    const other = new Generator(own, referenceRuntime(), { tokenizer: ending })
    const [sequence] = (await other.complete('go', { maxNewTokens: 1 })).sequences
    expect(sequence!.ids.slice(0, sequence!.promptLength)).toEqual(idsOf('go'))
  })

  it('needs a first token for an empty prompt', async () => {
    const bare = { ...checkpoint, file: { ...checkpoint.file, bos_token_id: null, eos_token_id: null }, generation: {} }
    await expect(new Generator(bare, native).complete([])).rejects.toMatchObject({ code: 'EMPTY_PROMPT' })
    const [sequence] = (await new Generator(bare, native, { tokenizer }).complete('', { maxNewTokens: 1 })).sequences
    expect(sequence!.ids[0]).toBe(tokenizer.idOf('<end>'))
  })

  it('takes end tokens from generation_config.json before config.json, one or several', async () => {
    const [first] = (await generator.complete([7], { temperature: 0, stopTokens: [], maxNewTokens: 5 })).sequences
    const [, , second, third] = first!.ids
    const ending = { ...checkpoint, generation: { eos_token_id: [third!, second!] } }
    const [sequence] = (await new Generator(ending, native, { tokenizer }).complete([7], { temperature: 0 })).sequences
    expect(sequence).toMatchObject({ finish: 'eos' })
    expect([second, third]).toContain(sequence!.ids.at(-1))
    const bad = { ...checkpoint, generation: { eos_token_id: 'x' } }
    await expect(new Generator(bad, native).complete([7])).rejects.toMatchObject({ code: 'BAD_CONFIG', kind: 'file' })
  })

  it('gives the same when caches leave room for few prompts at once', async () => {
    const options = { returned: 2, maxNewTokens: 8, seed: 2 }
    const prompts = ['go', 'the', 'a', 'one', 'two']
    const expected = await generator.complete(prompts, options)
    for (const cacheBytes of [1, 100_000]) {
      const small = new Generator(checkpoint, native, { tokenizer, cacheBytes })
      const { sequences } = await small.complete(prompts, options)
      expect(sequences.map(({ prompt, ids }) => [prompt, ids])).toEqual(
        expected.sequences.map(({ prompt, ids }) => [prompt, ids]),
      )
      await small.dispose()
    }
  })

  it('reads weights that change between texts, and gives what constants give', async () => {
    const weights = Object.fromEntries(await readParameters(checkpoint))
    const wte = weights['transformer.wte.weight']!.data as Float32Array
    const free = new Generator(checkpoint, native, { weights })
    const options = { temperature: 0, stopTokens: [], maxNewTokens: 30 }
    const expected = await new Generator(checkpoint, native).complete([[7], [84, 52, 5]], options)
    const ids = ({ sequences }: typeof expected) => sequences.map((sequence) => sequence.ids)
    expect(ids(await free.complete([[7], [84, 52, 5]], options))).toEqual(ids(expected))
    wte.fill(0)
    expect(ids(await free.complete([[7]], options))).toEqual([[7, ...Array(30).fill(0)]])
    wte.fill(Number.NaN)
    await expect(free.complete([[7]], options)).rejects.toMatchObject({ code: 'NONFINITE_LOGITS', kind: 'nonfinite' })
    await free.dispose()
  })
})

describe('caches with fused and written-out attention', () => {
  const prompts = [[3, 1, 4, 1, 5, 9, 2, 6], [7], [20, 30, 40], Array.from({ length: 32 }, (_, i) => i)]
  /** Texts, and the first logits of every step. */
  async function write(checkpoint: Checkpoint, runtime: Runtime) {
    const steps: number[][] = []
    const watch: LogitsProcessor = (logits) => void steps.push([...logits.slice(0, 8)])
    const generator = new Generator(checkpoint, runtime)
    const { sequences } = await generator.complete(prompts, { temperature: 0, maxNewTokens: 45, processors: [watch] })
    await generator.dispose()
    return { ids: sequences.map(({ ids }) => ids), steps }
  }

  it.each([
    ['native', 'heads of 8', {}],
    ['web', 'heads of 8', {}],
    ['native', 'heads of 4', { heads: 4 }],
    ['native', 'unscaled scores', { scaleAttention: false }],
    ['native', 'scores scaled by layer', { scaleByLayer: true }],
    ['native', 'a head of its own, ReLU, another inner width', { tied: false, activation: 'relu', inner: 24 }],
    ['native', 'an odd context', { context: 33 }],
  ] as const)('on the %s runtime, with %s, give what the reference gives', async (name, _, changes) => {
    const checkpoint = randomCheckpoint(changes)
    const found = await write(checkpoint, await chooseRuntime(name))
    const expected = await write(checkpoint, referenceRuntime())
    expect(found.ids).toEqual(expected.ids)
    for (const [i, logits] of found.steps.entries())
      for (const [j, x] of logits.entries())
        expect(Math.abs(x - expected.steps[i]![j]!)).toBeLessThan(1e-4 * Math.max(1, Math.abs(x)))
    // Attention is at work: the same last token after different texts gives different logits.
    expect(new Set(expected.steps.map((step) => step.map((x) => x.toFixed(3)).join())).size).toBeGreaterThan(100)
  })
})

import fc from 'fast-check'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { Model } from '../model.ts'
import { chooseRuntime } from '../runtime/choose.ts'
import { referenceRuntime } from '../runtime/reference.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { quantized } from '../weights/quantized.ts'
import { Decoder } from './decoder.ts'
import { Generator, type GeneratorOptions } from './generator.ts'
import type { GenerateOptions } from './options.ts'
import { randomCheckpoint } from './random-checkpoint.suite.ts'

/** A text with the logits that each of its tokens was chosen by. */
type Written = { readonly ids: number[]; readonly logits: Float32Array[] }

/** Writes a text piece by piece, up to so many pieces. */
async function write(
  generator: Generator,
  prompt: readonly number[],
  options: GenerateOptions,
  { pieces = Number.POSITIVE_INFINITY, pause = async () => {} } = {},
): Promise<Written> {
  const ids = [...prompt]
  const logits: Float32Array[] = []
  const watch = (row: Float32Array) => void logits.push(row.slice())
  let count = 0
  if (pieces === 0) return { ids, logits: [] }
  for await (const piece of generator.stream(prompt, { ...options, stopTokens: [], processors: [watch] })) {
    ids.push(...piece.ids)
    if (++count >= pieces) break
    await pause()
  }
  return { ids, logits: logits.slice(0, count) }
}

const ticks = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** Expects the beginning of a text, bit for bit. */
function expectSame(found: Written, whole: Written, steps = whole.logits.length): void {
  expect(found.ids).toEqual(whole.ids.slice(0, whole.ids.length - whole.logits.length + steps))
  expect(found.logits).toHaveLength(steps)
  // One comparison of bytes each: a matcher would take its time over thousands of numbers.
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength)
  for (const [i, row] of found.logits.entries())
    expect(bytes(row).equals(bytes(whole.logits[i]!)), `logits of step ${i}`).toBe(true)
}

const context = 48
const vocabulary = 50
/** Prompts that have beginnings in common, and fill the context or more. */
const story = Array.from({ length: 70 }, (_, i) => (i * i + 7 * i) % vocabulary)
const prompts = [
  [7],
  [7, 1],
  story.slice(0, 9),
  story.slice(0, 30),
  [...story.slice(0, 20), 3, 3, 4],
  story.slice(0, 48),
  story,
]
const repeating = Array.from({ length: 30 }, (_, i) => i % 5)

const native = await chooseRuntime('native')
/** Models to be exact with: weights in another form are another line. */
const models: [string, Checkpoint, Runtime][] = [
  ['heads of 8, native', randomCheckpoint({ context }), native],
  ['heads of 4, native', randomCheckpoint({ context, heads: 4 }), native],
  ['int8, native', quantized(randomCheckpoint({ context, heads: 4, width: 64 }), 'int8'), native],
  ['int4, native', quantized(randomCheckpoint({ context, heads: 4, width: 64 }), 'int4'), native],
  ['heads of 8, reference', randomCheckpoint({ context, layers: 1 }), referenceRuntime({ precision: 'float32' })],
]

describe.each(models)('%s', (_, checkpoint, runtime) => {
  const isSlow = runtime.name === 'reference'
  const length = isSlow ? 12 : 60
  let alone: Generator
  /** Each text as it is when nothing is shared with anything. */
  const expected = async (prompt: readonly number[], options: GenerateOptions) => await write(alone, prompt, options)
  const opened: Generator[] = []
  const open = (options: GeneratorOptions = {}) => {
    const made = new Generator(checkpoint, runtime, { ...options, decoder: undefined })
    opened.push(made)
    return made
  }
  beforeAll(() => {
    alone = open({ prefixCache: false })
    return async () => {
      for (const generator of opened) await generator.dispose()
    }
  })

  it('gives a row of any batch what it gives the row alone, with and without a prefix cache', async () => {
    for (const prefixCache of [true, false]) {
      const together = open({ prefixCache })
      const options = { maxNewTokens: 15, seed: 3 }
      for (const list of [prompts, prompts.map((prompt) => [...prompt, 9])]) {
        const found = await Promise.all(list.map((prompt) => write(together, prompt, options)))
        for (const [i, prompt] of list.entries()) expectSame(found[i]!, await expected(prompt, options))
      }
      const { prefixHits, shared, bytes } = await together.statistics()
      if (prefixCache) expect(prefixHits).toBeGreaterThan(2)
      else expect([shared, bytes]).toEqual([0, 0])
    }
  })

  it('gives what it gives alone to rows that come and go in any order, are read slowly, or called off', async () => {
    const text = fc.record({
      prompt: fc.oneof(fc.constantFrom(...prompts), fc.array(fc.nat(vocabulary - 1), { minLength: 1, maxLength: 60 })),
      wait: fc.nat(40),
      maxNewTokens: fc.integer({ min: 1, max: length }),
      pieces: fc.option(fc.nat(20), { nil: Number.POSITIVE_INFINITY, freq: 3 }),
      pause: fc.constantFrom(0, 0, 0, 3),
      seed: fc.nat(3),
      temperature: fc.constantFrom(0, 0.7, 1, 2),
      promptLookup: fc.constantFrom(undefined, undefined, 2),
    })
    const limits = fc.record({
      rows: fc.constantFrom(undefined, 1, 2, 5),
      prefixCache: fc.boolean(),
      cacheBytes: fc.constantFrom(2 ** 30, 40_000),
    })
    await fc.assert(
      fc.asyncProperty(limits, fc.array(text, { minLength: 1, maxLength: 8 }), async (options, texts) => {
        const generator = open(options)
        const found = await Promise.all(
          texts.map(async ({ prompt, wait, pieces, pause, ...settings }) => {
            await ticks(wait)
            return await write(generator, prompt, settings, { pieces, pause: () => ticks(pause) })
          }),
        )
        for (const [i, { prompt, pieces, wait, pause, promptLookup, ...settings }] of texts.entries())
          expectSame(found[i]!, await expected(prompt, settings), Math.min(pieces, settings.maxNewTokens))
        // A text that was called off leaves its row before the next run.
        const idle = { active: 0, reading: 0, waiting: 0 }
        await vi.waitFor(async () => expect(await generator.statistics()).toMatchObject(idle))
        await generator.dispose()
      }),
      { numRuns: isSlow ? 2 : 15, seed: 20 },
    )
  })

  it('gives with guesses of any kind what it gives without', async () => {
    const guessing = open()
    const draft = new Model(randomCheckpoint({ context: 24, layers: 1 }, 9), runtime)
    const same = new Model(checkpoint, runtime)
    for (const guess of [{ promptLookup: 1 }, { promptLookup: 4 }, { draft }, { draft: same }])
      for (const prompt of isSlow ? [repeating] : [repeating, story.slice(0, 9), [7]])
        for (const temperature of [0, 0.3, 1]) {
          const options = { maxNewTokens: length, seed: 11, temperature }
          expectSame(await write(guessing, prompt, { ...options, ...guess }), await expected(prompt, options))
        }
    const { proposed, accepted } = await guessing.statistics()
    expect(accepted).toBeGreaterThan(proposed / 8)
    expect(accepted).toBeLessThan(proposed)
    await draft.dispose()
    await same.dispose()
  })

  it('streams what complete returns, several texts of a prompt too', async () => {
    const options = { maxNewTokens: length, seed: 5, stopTokens: [] }
    const { sequences } = await open().complete(prompts, { ...options, returned: 2 })
    for (const [i, prompt] of prompts.entries())
      expect(sequences[2 * i]!.ids).toEqual((await expected(prompt, options)).ids)
    const again = await open({ prefixCache: false, cacheBytes: 1 }).complete(prompts, { ...options, returned: 2 })
    expect(again).toEqual({ sequences })
  })
})

describe.each(models)('a prompt for %s', (_, checkpoint, runtime) => {
  it('gives the same logits in whatever parts it is read, alone or padded among others', async () => {
    const decoder = await Decoder.create(checkpoint, runtime, {})
    const rows = decoder.open(4, context)
    const lengths = runtime.name === 'reference' ? [17, 18] : Array.from({ length: context - 2 }, (_, i) => i + 3)
    for (const length of lengths) {
      const prompt = story.slice(0, length)
      const [whole] = (await rows.read(0, [prompt])).map((row) => row.slice())
      const others = [prompt, story.slice(3, 3 + Math.min(context, length + 5)), [1, 2]]
      expect((await rows.read(0, others))[0]).toEqual(whole)
      for (const part of [2, length >> 1, length - 2]) {
        rows.clear(3)
        if (part > 1) await rows.extend(3, prompt.slice(0, part))
        const rest = prompt.slice(part > 1 ? part : 0)
        expect((await rows.extend(3, rest, [0, rest.length - 1])).at(-1), `${part} of ${length}`).toEqual(whole)
      }
    }
    await decoder.dispose()
  })
})

describe('heads of 8', () => {
  it('give with a cache what they give without, over 500 steps', async () => {
    for (const heads of [2, 4]) {
      const model = new Model(randomCheckpoint({ context: 512, heads }), native)
      const { ids, logits } = await write(model.generator(), [3, 1, 4], { maxNewTokens: 500, temperature: 0 })
      const whole = await model.run({ input_ids: [ids.slice(0, -1)] })
      const data = whole.logits.data as Float32Array
      let [largest, furthest] = [0, 0]
      for (const [step, row] of logits.entries())
        for (const [id, value] of row.entries()) {
          largest = Math.max(largest, Math.abs(value))
          furthest = Math.max(furthest, Math.abs(value - data[(2 + step) * vocabulary + id]!))
        }
      expect(furthest / largest).toBeLessThan(2e-6)
      for (const [step, id] of ids.slice(3).entries()) {
        const row = data.subarray((2 + step) * vocabulary, (3 + step) * vocabulary)
        expect(row.indexOf(Math.max(...row))).toBe(id)
      }
      await model.dispose()
    }
  })

  it('give the same on one thread and on two', async () => {
    const found = await Promise.all(
      [1, 2].map(async (threads) => {
        const generator = new Generator(randomCheckpoint({ context, width: 64, heads: 8 }), native, { threads })
        const texts = await Promise.all(
          prompts.map((prompt) => write(generator, prompt, { maxNewTokens: 40, seed: 2 })),
        )
        await generator.dispose()
        return texts
      }),
    )
    for (const [i, text] of found[0]!.entries()) expectSame(text, found[1]![i]!)
  })
})

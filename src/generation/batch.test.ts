import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Model } from '../model.ts'
import { chooseRuntime } from '../runtime/choose.ts'
import { Generator, type GeneratorOptions } from './generator.ts'
import type { GenerateOptions } from './options.ts'
import { chunkEnd } from './prompt-reader.ts'
import { promptLookup } from './proposer.ts'
import { randomCheckpoint } from './random-checkpoint.suite.ts'

const native = await chooseRuntime('native')
const context = 1024
const checkpoint = randomCheckpoint({ context, layers: 1 })
const endless = { stopTokens: [], maxNewTokens: 200, seed: 4 }
const promptOf = (length: number, from = 0) => Array.from({ length }, (_, i) => ((i + from) * (i + 3)) % 50)

const opened: { dispose(): Promise<void> }[] = []
const open = (options: GeneratorOptions = {}) => {
  const generator = new Generator(checkpoint, native, options)
  opened.push(generator)
  return generator
}
afterEach(async () => {
  for (const generator of opened.splice(0)) await generator.dispose()
})
const complete = async (generator: Generator, prompt: readonly number[], options: GenerateOptions = {}) =>
  (await generator.complete(prompt, { ...endless, ...options })).sequences[0]!.ids

/** Looks again and again while work goes on. */
async function during(work: Promise<unknown>, look: () => Promise<void>): Promise<void> {
  let done = false
  const end = work.finally(() => {
    done = true
  })
  while (!done) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    await look()
  }
  await end
}

describe('texts that share steps', () => {
  it('go on while a long prompt is read', async () => {
    const generator = open()
    let pieces = 0
    const first = (async () => {
      for await (const _ of generator.stream([7], { ...endless, maxNewTokens: 900 })) pieces++
    })()
    await vi.waitFor(() => expect(pieces).toBeGreaterThan(0))
    const before = pieces
    const second = generator.stream(promptOf(1000), endless)
    await second.next()
    // The prompt is four chunks: three steps are made between them.
    expect(pieces - before).toBeGreaterThanOrEqual(3)
    await second.return(undefined)
    await first
  })

  it('are as many at once as there are rows; memory is allocated once', async () => {
    const generator = open({ rows: 2, slots: 256 })
    const texts = Promise.all(Array.from({ length: 6 }, (_, i) => complete(generator, [i], { maxNewTokens: 30 })))
    const seen = new Set<string>()
    await during(texts, async () => {
      const { rows, bytes, active, reading } = await generator.statistics()
      if (rows > 0) seen.add(`${rows} ${bytes}`)
      expect(active + reading).toBeLessThanOrEqual(2)
    })
    expect([...seen]).toEqual([`2 ${2 * 2 * 2 * 256 * 8 * 4}`])
  })

  it('keep within the bytes for caches, whatever comes', async () => {
    const cacheBytes = 3 * 2 * 2 * 512 * 8 * 4
    const generator = open({ cacheBytes })
    const lengths = [3, 100, 3, 700, 3, 3, 400]
    const work = Promise.all(lengths.map((length) => complete(generator, promptOf(length), { maxNewTokens: 40 })))
    let most = 0
    await during(work, async () => {
      most = Math.max(most, (await generator.statistics()).bytes)
    })
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(cacheBytes)
  })

  it('wait for their reader after some pieces, and the others go on', async () => {
    const generator = open({ rows: 2 })
    const unread = generator.stream([7], endless)
    const ids = [7, ...(await unread.next()).value!.ids]
    await complete(generator, [8])
    const { written, active } = await generator.statistics()
    expect(written - 200).toBeLessThan(30)
    expect(active).toBe(1)
    for await (const piece of unread) ids.push(...piece.ids)
    expect(ids).toEqual(await complete(open(), [7]))
  })

  it.each(['its iterator is left', 'its signal is aborted'])('free their row at once when %s', async (how) => {
    const generator = open({ rows: 1 })
    const stop = new AbortController()
    const first = generator.stream([7], { ...endless, signal: stop.signal })
    await first.next()
    const second = complete(generator, [8], { maxNewTokens: 5 })
    if (how === 'its iterator is left') await first.return(undefined)
    else {
      stop.abort(new Error('enough'))
      await expect(first.next()).rejects.toThrow('enough')
    }
    expect(await second).toHaveLength(6)
    expect((await generator.statistics()).written).toBeLessThan(60)
  })

  it('end with the reason of an abort even when they were complete before their reader was', async () => {
    const generator = open()
    const stop = new AbortController()
    const text = generator.stream([7], { ...endless, maxNewTokens: 8, signal: stop.signal })
    await text.next()
    await vi.waitFor(async () => expect((await generator.statistics()).written).toBe(8))
    stop.abort(new Error('enough'))
    await expect(text.next()).rejects.toThrow('enough')
  })

  it('are not begun when their signal is aborted while they wait', async () => {
    const generator = open({ rows: 1 })
    const first = generator.stream([7], endless)
    await first.next()
    const stop = new AbortController()
    const second = complete(generator, [8], { signal: stop.signal })
    await new Promise<void>((resolve) => setImmediate(resolve))
    stop.abort(new Error('enough'))
    await expect(second).rejects.toThrow('enough')
    await vi.waitFor(async () => expect((await generator.statistics()).waiting).toBe(0))
    await first.return(undefined)
  })

  it('end alone when a processor of theirs throws', async () => {
    const generator = open()
    const broken = complete(generator, [7], {
      processors: [
        (_, { ids }) => {
          if (ids.length > 10) throw new Error('broken')
        },
      ],
    })
    const whole = complete(generator, [8])
    await expect(broken).rejects.toThrow('broken')
    expect(await whole).toEqual(await complete(open(), [8]))
  })

  it('are refused where rows are too short for them, and end when the model is disposed', async () => {
    const generator = open({ slots: 64 })
    await expect(complete(generator, promptOf(30), { maxNewTokens: 36 })).rejects.toMatchObject({
      code: 'TOO_LONG',
      kind: 'usage',
    })
    expect(await complete(generator, promptOf(30), { maxNewTokens: 35 })).toHaveLength(65)
    const text = generator.stream([7], { ...endless, maxNewTokens: 60 })
    await text.next()
    await generator.dispose()
    await expect(
      (async () => {
        for await (const _ of text);
      })(),
    ).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

describe('the prefix cache', () => {
  it('reads of the next turn of a conversation only what is new', async () => {
    const generator = open()
    const first = await complete(generator, promptOf(300), { maxNewTokens: 20 })
    const { read } = await generator.statistics()
    expect(read).toBe(300)
    await complete(generator, [...first, 3, 4, 5], { maxNewTokens: 20 })
    expect(await generator.statistics()).toMatchObject({ read: 300 + 23, shared: 300, prefixHits: 1 })
  })

  it('serves prompts that come together from one reading', async () => {
    const generator = open()
    await Promise.all([1, 2, 3, 4].map((last) => complete(generator, [...promptOf(200), last], { maxNewTokens: 3 })))
    expect((await generator.statistics()).read).toBeLessThan(220)
    await generator.complete(promptOf(90, 5), { ...endless, maxNewTokens: 3, returned: 5 })
    expect((await generator.statistics()).read).toBeLessThan(310)
  })

  it('forgets what has not been used for longest', async () => {
    const generator = open({ rows: 2 })
    const [a, b, c] = [promptOf(50, 1), promptOf(50, 2), promptOf(50, 9)]
    const hits = async (prompt: readonly number[]) => {
      const before = (await generator.statistics()).prefixHits
      await complete(generator, prompt, { maxNewTokens: 2 })
      return (await generator.statistics()).prefixHits - before
    }
    expect([await hits(a!), await hits(b!), await hits(a!)]).toEqual([0, 0, 1])
    expect([await hits(c!), await hits(a!), await hits(b!)]).toEqual([0, 1, 0])
  })
})

describe('guesses', () => {
  it.each([
    [
      [1, 2, 3, 9, 1, 2, 3],
      [9, 1, 2],
    ],
    [
      [1, 2, 3, 8, 2, 3, 7, 2, 3],
      [7, 2, 3],
    ],
    [
      [5, 1, 2, 3, 8, 2, 3, 7, 1, 2, 3],
      [8, 2, 3],
    ],
    [[1, 1, 1, 1], [1]],
    [[1, 2, 3], []],
    [[4, 1, 5, 1], []],
    [[1], []],
  ])('after %j are %j', async (ids, guess) => {
    expect(await promptLookup(3).propose(ids)).toEqual(guess)
  })

  it('save steps where the text repeats itself', async () => {
    const generator = open()
    const options = { temperature: 0, maxNewTokens: 200 }
    const plain = await complete(generator, [7], options)
    const { steps } = await generator.statistics()
    expect(await complete(generator, [7], { ...options, promptLookup: 4 })).toEqual(plain)
    const after = await generator.statistics()
    expect(after.steps - steps).toBeLessThan(0.6 * steps)
    expect(after.accepted).toBeGreaterThan(0.5 * after.proposed)
  })

  it('of a draft model need the same vocabulary', async () => {
    const draft = new Model(randomCheckpoint({ vocabulary: 40 }), native)
    opened.push(draft)
    await expect(complete(open(), [7], { draft })).rejects.toMatchObject({
      code: 'WRONG_DRAFT',
      message: 'The draft model has a vocabulary of 40 tokens, the model one of 50: both must have the same.',
    })
  })

  it.each([
    [{ promptLookup: 0 }, 'promptLookup must be a whole number from 1 to 32, found 0.'],
    [{ draft: {} }, 'draft must be a loaded model, found {}.'],
    [{ promptLookup: 2, beams: 2 }, 'A search follows several texts, which promptLookup does not guess: leave it out.'],
  ])('are refused as %j', async (options, message) => {
    await expect(complete(open(), [7], options as object)).rejects.toMatchObject({ code: 'BAD_OPTION', message })
  })
})

it('a prompt is read up to fixed places, never a single token alone', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 3000 }), fc.nat(2999), fc.constantFrom(64, 256), (length, from, step) => {
      const ends: number[] = []
      for (let start = Math.min(from, length - 2); start < length; start = ends.at(-1)!) {
        const end = chunkEnd(start, length, step)
        expect(end - start).toBeGreaterThanOrEqual(2)
        expect(end - start).toBeLessThanOrEqual(step + 1)
        expect(end === length || end % step === 0).toBe(true)
        ends.push(end)
      }
      expect(ends.at(-1)).toBe(length)
    }),
  )
})

/** GPT-2 in real Chromium, from a page bundled with esbuild: the oracle's numbers, decoding, and a step of training. */
import { type Browser, chromium as engine, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Model, type RunResult } from '../../src/model.ts'
import { referenceRuntime } from '../../src/runtime/reference.ts'
import { fromNested, toNumbers } from '../../src/tensor/array.ts'
import { openCheckpoint } from '../../src/weights/checkpoint.ts'
import { differences, type Generations, gradientsOf, openOracle, outputsOf, tolerance } from '../oracles/oracle.ts'
import { inspections } from './inspections.ts'
import type { PageTests } from './page.ts'
import { bundle, chromium, flags, type Site, serve } from './site.ts'
import { trainingStep } from './step.ts'
import { unpack } from './transfer.ts'

const oracle = openOracle<Generations>('gpt2-lm')
const { generation } = oracle.expected

/** The recorded batch as nested lists. */
const batch = Object.fromEntries(
  [...oracle.under('input.')].map(([name, array]) => {
    const width = array.shape[1]!
    const numbers = [...toNumbers(array)]
    return [name, Array.from({ length: array.shape[0]! }, (_, row) => numbers.slice(row * width, (row + 1) * width))]
  }),
)

type Inspected = Awaited<ReturnType<typeof inspections>>
const inspectedHere = async (ids: number[]): Promise<Inspected> =>
  await inspections(new Model(await openCheckpoint(oracle.model), referenceRuntime()), ids)

type Trained = Awaited<ReturnType<typeof trainingStep>>
let trained: Promise<Trained> | undefined
/** The step as the reference runtime takes it here. */
const onReference = (): Promise<Trained> =>
  (trained ??= openCheckpoint(oracle.model).then((checkpoint) => {
    const arrays = Object.entries(batch).map(([name, rows]) => [name, fromNested(rows, 'int32')] as const)
    return trainingStep(referenceRuntime(), checkpoint, Object.fromEntries(arrays))
  }))

const pages = [
  { name: 'split bundle, isolated page: threads', splitting: true, isolated: true, threads: true },
  {
    name: 'one file, isolated page: no threads, as they would run the page again',
    splitting: false,
    isolated: true,
    threads: false,
  },
  { name: 'split bundle, page not isolated: no threads', splitting: true, isolated: false, threads: false },
]

describe.skipIf(!chromium)(`in Chromium${chromium ? '' : ' (skipped: no Chromium on this system)'}`, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await engine.launch({ executablePath: chromium!, args: flags })
  })
  afterAll(() => browser?.close())

  describe.each(pages)('$name', ({ splitting, isolated, threads }) => {
    let site: Site
    let page: Page
    const complaints: string[] = []
    beforeAll(async () => {
      site = await serve(await bundle('test/browser/page.ts', splitting), 'page.js', oracle.model, isolated)
      page = await browser.newPage()
      page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
      page.on('pageerror', (error) => complaints.push(String(error)))
      page.on('response', (response) => response.ok() || complaints.push(`${response.status()} ${response.url()}`))
      await page.goto(site.url)
      await page.waitForFunction(() => 'tests' in window)
    })
    afterAll(async () => {
      await page?.close()
      await site?.close()
    })

    /** Calls one of the page's tests. */
    async function inPage<T, N extends keyof PageTests>(name: N, ...args: Parameters<PageTests[N]>): Promise<T> {
      const text = await page.evaluate(
        ([test, given]) =>
          (window as unknown as { tests: Record<string, (...args: unknown[]) => Promise<string>> }).tests[test]!(
            ...given,
          ),
        [name, args] as const,
      )
      return unpack<T>(text)
    }

    test('logits, hidden states, attentions, loss and every gradient', async () => {
      const result = await inPage<RunResult, 'run'>('run', batch)
      expect(differences(outputsOf(result), oracle.under('output.'), tolerance.output)).toEqual([])
      expect(differences(gradientsOf(result), oracle.under('grad.'), tolerance.gradient)).toEqual([])
      expect(page.workers().length > 0).toBe(threads && (await page.evaluate(() => navigator.hardwareConcurrency)) > 1)
    })

    test('greedy continuation of several prompts', async () => {
      const prompts = generation.single.map(({ input_ids }) => input_ids)
      const ids = await inPage<number[][], 'generate'>('generate', prompts, generation.max_new_tokens)
      expect(ids).toEqual(generation.single.flatMap(({ greedy }) => greedy.sequences))
    })

    test('inspections show what they show on the reference runtime', async () => {
      const ids = generation.single[0]!.input_ids
      const found = await inPage<Inspected, 'inspect'>('inspect', ids)
      const expected = await inspectedHere(ids)
      expect(found.head).toEqual(expected.head)
      expect(found.lens.settled).toEqual(expected.lens.settled)
      const numbers = (shown: Inspected) => [
        ...[...shown.attention, ...shown.bits, shown.perplexity, ...shown.norms.start],
        ...shown.norms.layers.flatMap(({ adds, end }) => [...end, ...Object.values(adds).flat()]),
        ...shown.lens.layers.flatMap(({ candidates }) => candidates.flat().map(({ probability }) => probability)),
      ]
      for (const [i, x] of numbers(expected).entries())
        expect(Math.abs(numbers(found)[i]! - x)).toBeLessThan(1e-4 * Math.max(1, Math.abs(x)))
    })

    test('a step of training lowers the loss, as it does on the reference runtime', async () => {
      const found = await inPage<Trained, 'train'>('train', batch)
      const expected = await onReference()
      for (const [i, loss] of found.losses.entries())
        expect(Math.abs(loss - expected.losses[i]!)).toBeLessThan(tolerance.score())
      expect(found.losses[1]).toBeLessThan(found.losses[0]!)
      const parameters = (trained: Trained) => new Map(Object.entries(trained.parameters))
      expect(differences(parameters(found), parameters(expected), tolerance.trained)).toEqual([])
    })

    test('without a word on the console', () => expect(complaints).toEqual([]))
  })
})

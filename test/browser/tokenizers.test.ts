/** Tokenizers in real Chromium: the oracles' ids, offsets and texts, Oniguruma's matches, and patterns that are stopped. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium as engine, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codePointOffsets, trainTokenizer } from '../../src/index.ts'
import { found } from './found.ts'
import { bundle, chromium, flags, type Site, serve } from './site.ts'
import type { TokenizerPage } from './tokenizers-page.ts'

const folder = fileURLToPath(new URL('../oracles/data/tokenizers/', import.meta.url))
const read = (...names: string[]) => readFileSync(`${folder}${names.join('/')}`, 'utf8')

type Fields = { ids: number[]; tokens: string[]; offsets: [number, number][]; type_ids?: number[] }
type Item = Fields & { text: string; ids_without_special?: number[]; decoded: string; decoded_skip_special: string }
type Pair = Fields & { a: string; b: string; sequence_ids: (number | null)[] }
type Cases = { items: Item[]; pairs: Pair[] }

const oracles = [
  ...[
    'bart',
    'bpe-byte-fallback',
    'bpe-clip',
    'bpe-end-of-word',
    'bytelevel-bpe',
    'bytelevel-bpe-llama3',
    'char-level',
  ],
  ...['roberta', 'unigram', 'unigram-precompiled', 'word-level', 'wordpiece-cased', 'wordpiece-uncased'],
]

/** A tokenizer of words that a pattern cuts. */
const splitting = (Regex: string) =>
  JSON.stringify({
    version: '1.0',
    added_tokens: [],
    pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false },
    model: { type: 'WordLevel', vocab: { '<unk>': 0 }, unk_token: '<unk>' },
  })

describe.skipIf(!chromium)(`tokenizers in Chromium${chromium ? '' : ' (skipped: no Chromium on this system)'}`, () => {
  let browser: Browser
  let site: Site
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    browser = await engine.launch({ executablePath: chromium!, args: flags })
    site = await serve(await bundle('test/browser/tokenizers-page.ts', true), 'tokenizers-page.js', folder, false)
    page = await browser.newPage()
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(site.url)
    await page.waitForFunction(() => 'tests' in window)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  /** Calls one of the page's tests. */
  async function inPage<N extends keyof TokenizerPage>(name: N, ...args: Parameters<TokenizerPage[N]>) {
    type Tests = Record<string, (...args: unknown[]) => unknown>
    const result = await page.evaluate(
      ([called, given]) => (window as unknown as { tests: Tests }).tests[called]!(...given),
      [name, args] as [string, unknown[]],
    )
    return result as Awaited<ReturnType<TokenizerPage[N]>>
  }

  test.each(oracles)('%s: ids, tokens, offsets and text', async (name) => {
    const { items, pairs }: Cases = JSON.parse(read(name, 'cases.json'))
    const config = existsSync(`${folder}${name}/tokenizer_config.json`)
      ? read(name, 'tokenizer_config.json')
      : undefined
    const texts: [string, string?][] = [
      ...items.map(({ text }): [string] => [text]),
      ...pairs.map(({ a, b }): [string, string] => [a, b]),
    ]
    const got = await inPage('encode', read(name, 'tokenizer.json'), config, texts)
    for (const [i, { text, ...item }] of items.entries()) {
      const { ids, bare, tokens, offsets, decoded } = got[i]!
      const points = codePointOffsets(text)
      expect({ ids, tokens, offsets: offsets.map((range) => range.map(points)) }, text).toEqual({
        ids: item.ids,
        tokens: item.tokens,
        offsets: item.offsets,
      })
      expect(bare).toEqual(item.ids_without_special ?? item.ids)
      expect(decoded).toEqual([item.decoded, item.decoded_skip_special])
    }
    for (const [i, { a, b, ...pair }] of pairs.entries()) {
      const { ids, tokens, offsets, typeIds, sequenceIds } = got[items.length + i]!
      const points = [codePointOffsets(a), codePointOffsets(b)]
      expect({ ids, tokens, typeIds, sequenceIds }).toEqual({
        ids: pair.ids,
        tokens: pair.tokens,
        typeIds: pair.type_ids,
        sequenceIds: pair.sequence_ids,
      })
      expect(offsets.map((range, at) => range.map(points[sequenceIds[at] ?? 0]!))).toEqual(pair.offsets)
    }
  })

  test('patterns find what they find here, which is what Oniguruma finds', async () => {
    const recorded: [string, [text: string, ...unknown[]][]][] = JSON.parse(read('patterns.json'))
    const cases = recorded.map(([pattern, texts]): [string, string[]] => [pattern, texts.map(([text]) => text)])
    expect(await inPage('patterns', cases)).toEqual(cases.map((one) => found(...one)))
  })

  test('a pattern that blows up is stopped, and others take linear time', async () => {
    const stopped = await inPage('time', splitting('(\\w*)(\\w*)(\\w*)\\1\\2\\3x'), 'a', 5000)
    expect(stopped.result).toBe('TOKENIZER_REGEX')
    const linear = await inPage('time', splitting('(?:a|a)*b|(?=(?>a+)b)x|\\X'), 'a', 200_000)
    expect(linear.result).toBe(200_000)
    const million = await inPage('time', read('bytelevel-bpe-llama3', 'tokenizer.json'), 'a', 1_000_000)
    expect(million.result).toBeGreaterThan(100_000)
    for (const { milliseconds } of [stopped, linear, million]) expect(milliseconds).toBeLessThan(20_000)
  })

  test('a tokenizer that is learned is the same', async () => {
    const texts = JSON.parse(read('bpe-training', 'corpus.json')) as string[]
    expect(await inPage('learn', texts, 400)).toEqual((await trainTokenizer(texts, { vocabSize: 400 })).toJSON().model)
  })

  test('without a word on the console', () => expect(complaints).toEqual([]))
})

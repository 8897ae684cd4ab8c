/**
 * Post-processors, truncation and padding together against Hugging Face's, on random settings, texts and pairs
 * (test/oracles/make/post_processors.py), and what files may say.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Encoding } from './encoding.ts'
import { Field, type Json } from './field.ts'
import { parseTokenizer } from './load.ts'
import { readPostProcessor } from './post-processors.ts'
import { codePointOffsets } from './text/unicode.ts'

type Offsets = [number, number][]
/** Ids, tokens, offsets, segments, the two masks as digits, and what overflows. */
type Columns = [number[], string[], Offsets, number[], string, string, Columns[]]
type Case = {
  pre_tokenizer: Json
  post_processor: Json | null
  truncation: { max_length: number; stride: number; strategy: string } | null
  padding: Json | null
  batch: (string | [string, string])[]
  special: boolean
  expected: Columns[] | null
}

const folder = fileURLToPath(new URL('../../test/oracles/data/tokenizers/', import.meta.url))
const cases: Case[] = JSON.parse(readFileSync(`${folder}post-processors.json`, 'utf8'))
const file = JSON.parse(readFileSync(`${folder}bytelevel-bpe/tokenizer.json`, 'utf8'))

/** An encoding as recorded, its offsets in code points. */
function columns(encoding: Encoding, texts: readonly string[]): Columns {
  const points = texts.map(codePointOffsets)
  const inPoints = ([start, end]: [number, number], i: number): [number, number] => {
    const convert = points[encoding.sequenceIds[i] ?? 0]!
    return [convert(start), convert(end)]
  }
  return [
    encoding.ids,
    encoding.tokens,
    encoding.offsets.map(inPoints),
    encoding.typeIds,
    encoding.attentionMask.join(''),
    encoding.specialTokensMask.join(''),
    encoding.overflowing.map((part) => columns(part, texts)),
  ]
}

const encode = ({ pre_tokenizer, post_processor, truncation, padding, batch, special }: Case) =>
  parseTokenizer({ ...file, added_tokens: [], pre_tokenizer, post_processor, truncation, padding }).encodeBatch(batch, {
    addSpecialTokens: special,
  })

const nameOf = ({ post_processor }: Case) => (post_processor?.type as string | undefined) ?? 'none'

describe('what Hugging Face gives', () => {
  for (const name of new Set(cases.map(nameOf)))
    it(`is given with post-processor ${name}`, () => {
      const accepted = cases.filter((each) => nameOf(each) === name && each.expected)
      expect(accepted.length).toBeGreaterThan(3)
      for (const each of accepted) {
        const encodings = encode(each)
        const texts = each.batch.map((texts) => [texts].flat())
        expect(encodings.map((encoding, i) => columns(encoding, texts[i]!))).toEqual(each.expected)
      }
    })

  it('is a refusal where it refuses or panics', () => {
    const refused = cases.filter(({ expected }) => !expected)
    expect(refused.length).toBeGreaterThan(3)
    for (const each of refused)
      expect(() => encode(each)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^BAD_TRUNCATION$/) }))
  })
})

const sequence = (id: string) => ({ Sequence: { id, type_id: 0 } })
const cls = { SpecialToken: { id: '[CLS]', type_id: 0 } }
const template = (fields: Json = {}): Json => ({
  type: 'TemplateProcessing',
  single: [cls, sequence('A')],
  pair: [cls, sequence('A'), sequence('B')],
  special_tokens: { '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] } },
  ...fields,
})

describe('a file', () => {
  const refused: [string, Json, RegExp][] = [
    ['a token that is not defined', template({ special_tokens: {} }), /single|SpecialToken\.id is "\[CLS\]"/],
    ['pieces as strings', template({ single: ['$A'] }), /single\[0\]/],
    ['a second text where there is one', template({ single: [sequence('A'), sequence('B')] }), /no sequence B/],
    ['a pair without its second text', template({ pair: [sequence('A')] }), /sequences A and B/],
    [
      'more tokens than ids',
      template({ special_tokens: { '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[', 'CLS]'] } } }),
      /as many tokens as ids \(1\)/,
    ],
    ['a separator without an id', { type: 'BertProcessing', sep: ['[SEP]'], cls: ['[CLS]', 2] }, /a token and its id/],
    ['no separator', { type: 'RobertaProcessing', cls: ['<s>', 0] }, /sep is missing/],
    ['an unknown name', { type: 'T5Processing' }, /one of BertProcessing/],
    [
      'a template behind one that leaves three parts',
      { type: 'Sequence', processors: [template(), template()] },
      /no template after/,
    ],
  ]
  for (const [name, json, message] of refused)
    it(`with ${name} is refused`, () => {
      expect(() => readPostProcessor(new Field('tokenizer.json', json, 'post_processor'))).toThrow(message)
    })

  it('may chain templates where one leaves as many parts as the next arranges', () => {
    const plain = template({ single: [sequence('A')], pair: [sequence('A'), sequence('B')] })
    const json = { type: 'Sequence', processors: [plain, template()] }
    const tokenizer = parseTokenizer({ ...file, post_processor: json })
    expect(tokenizer.encode('a').ids[0]).toBe(2)
    expect(tokenizer.encode('a', { pair: 'b' }).sequenceIds).toEqual([null, 0, 1])
  })

  for (const stride of [4, 5])
    it(`with a stride of ${stride} for a length of 4 is refused`, () => {
      const truncation = { direction: 'Right', max_length: 4, strategy: 'LongestFirst', stride }
      expect(() => parseTokenizer({ ...file, truncation })).toThrow(/stride.*\n.*less than max_length \(4\)/)
    })
})

describe('what truncation cuts off', () => {
  it('is made when it is asked for', () => {
    const tokenizer = parseTokenizer(file)
    const long = 'a b '.repeat(20_000)
    const before = process.cpuUsage()
    const encoding = tokenizer.encode(long, { pair: long, truncation: 64, addSpecialTokens: false })
    expect(encoding.length).toBe(64)
    // Every part of one text with every part of the other would be more than a million encodings.
    expect(process.cpuUsage(before).user).toBeLessThan(10e6)
  })
})

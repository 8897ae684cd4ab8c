/** Pre-tokenizers against Hugging Face's on random texts and settings (test/oracles/make/pre_tokenizers.py), and what files may say. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Field, type Json } from '../field.ts'
import { originalEnd, originalStart } from '../text/aligned.ts'
import { codePointOffsets } from '../text/unicode.ts'
import { piecesOf, readPreTokenizer } from './index.ts'

type Cut = [string, [number, number]][]
type Recorded = { pre_tokenizer: Json; cases: [string, Cut][] }[]

const file = fileURLToPath(new URL('../../../test/oracles/data/tokenizers/pre-tokenizers.json', import.meta.url))
const recorded: Recorded = JSON.parse(readFileSync(file, 'utf8'))

const read = (json: Json) => readPreTokenizer(new Field('tokenizer.json', json, 'pre_tokenizer'))

/** The pieces as the model sees them, and the code points they stand for. */
function cutBy(json: Json, text: string): Cut {
  const stage = read(json)
  const { text: rewritten, bounds } = piecesOf({ text, origin: 0 }, stage)
  const points = codePointOffsets(text)
  return Array.from({ length: bounds.length / 2 }, (_, i) => {
    const [from, to] = [bounds.data[2 * i]!, bounds.data[2 * i + 1]!]
    const piece = rewritten.text.slice(from, to)
    const spelled = stage.spelling?.(piece).text ?? piece
    return [spelled, [points(originalStart(rewritten, from)), points(originalEnd(rewritten, to))]]
  })
}
const pieces = (json: Json, text: string) => cutBy(json, text).map(([piece]) => piece)

describe('every pre-tokenizer', () => {
  const kinds = new Set(recorded.map(({ pre_tokenizer }) => pre_tokenizer.type as string))
  it('is among the recorded ones', () => {
    expect([...kinds].sort().join()).toBe(
      'BertPreTokenizer,ByteLevel,CharDelimiterSplit,Digits,FixedLength,Metaspace,Punctuation,Sequence,Split,UnicodeScripts,Whitespace,WhitespaceSplit',
    )
  })

  for (const kind of kinds)
    it(`cuts as Hugging Face's does: ${kind}`, () => {
      for (const { pre_tokenizer, cases } of recorded.filter((each) => each.pre_tokenizer.type === kind))
        for (const [text, expected] of cases) expect(cutBy(pre_tokenizer, text)).toEqual(expected)
    })

  it('takes time in proportion to the length of the text', () => {
    for (const { pre_tokenizer } of recorded.slice(0, 60)) {
      const stage = read(pre_tokenizer)
      for (const unit of ['a', ' ', '😀.', 'a 1']) {
        const before = process.cpuUsage()
        piecesOf({ text: unit.repeat(20_000), origin: 0 }, stage)
        expect(process.cpuUsage(before).user, JSON.stringify([pre_tokenizer, unit])).toBeLessThan(2e6)
      }
    }
  })
})

describe('Split', () => {
  const dashes = (behavior: string, invert = false) =>
    pieces({ type: 'Split', pattern: { String: '-' }, behavior, invert }, 'the-final--countdown')

  it('leaves delimiters out, alone, or with a neighbor', () => {
    expect(dashes('Removed')).toEqual(['the', 'final', 'countdown'])
    expect(dashes('Isolated')).toEqual(['the', '-', 'final', '-', '-', 'countdown'])
    expect(dashes('MergedWithPrevious')).toEqual(['the-', 'final-', '-', 'countdown'])
    expect(dashes('MergedWithNext')).toEqual(['the', '-final', '-', '-countdown'])
    expect(dashes('Contiguous')).toEqual(['the', '-', 'final', '--', 'countdown'])
    expect(dashes('Removed', true)).toEqual(['-', '-', '-'])
  })
})

describe('Metaspace', () => {
  const marked = (fields: Json, text = 'Hey my  friend') =>
    pieces({ type: 'Metaspace', replacement: '▁', ...fields }, text)

  it('marks spaces, and the beginning by its scheme', () => {
    expect(marked({})).toEqual(['▁Hey', '▁my', '▁', '▁friend'])
    expect(marked({ prepend_scheme: 'never' })).toEqual(['Hey', '▁my', '▁', '▁friend'])
    expect(marked({ prepend_scheme: 'first', split: false })).toEqual(['▁Hey▁my▁▁friend'])
  })

  it('marks only the piece that begins the original text with the scheme "first"', () => {
    const stage = read({ type: 'Metaspace', replacement: '▁', prepend_scheme: 'first' })
    const { text } = piecesOf({ text: 'Hey', origin: 3 }, stage)
    expect(text.text).toBe('Hey')
  })

  it('reads the older fields', () => {
    expect(marked({ add_prefix_space: false, str_rep: '▁' })[0]).toBe('Hey')
    expect(marked({ add_prefix_space: true })[0]).toBe('▁Hey')
    expect(() => marked({ add_prefix_space: false, prepend_scheme: 'first' })).toThrow(/add_prefix_space is false/)
  })
})

describe('a file', () => {
  const refused: [string, Json, RegExp][] = [
    ['an unknown name', { type: 'Whitespaces' }, /one of BertPreTokenizer, ByteLevel/],
    ['an unknown name in a sequence', { type: 'Sequence', pretokenizers: [{ type: 'X' }] }, /pretokenizers\[0\]\.type/],
    ['a behavior in small letters', { type: 'Punctuation', behavior: 'isolated' }, /Removed, Isolated/],
    ['a length of 0', { type: 'FixedLength', length: 0 }, /an integer from 1/],
    ['a delimiter of two characters', { type: 'CharDelimiterSplit', delimiter: 'ab' }, /one character/],
    ['no replacement', { type: 'Metaspace' }, /replacement is missing/],
    ['an unknown scheme', { type: 'Metaspace', replacement: '▁', prepend_scheme: 'last' }, /always, first, never/],
    ['digits without a choice', { type: 'Digits' }, /individual_digits is missing/],
    ['a split without a behavior', { type: 'Split', pattern: { String: 'a' } }, /behavior is missing/],
  ]
  for (const [name, json, message] of refused)
    it(`with ${name} is refused`, () => {
      expect(() => read(json)).toThrow(message)
    })
})

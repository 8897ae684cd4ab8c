/** Every normalizer against Hugging Face's (recorded by test/oracles/make/normalizers.py), its errors, and its time on long texts. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Field, type Json } from '../field.ts'
import { type Aligned, originalEnd, originalStart } from '../text/aligned.ts'
import { characterLength, codePointOffsets } from '../text/unicode.ts'
import { type Normalizer, readNormalizer } from './index.ts'

const folder = fileURLToPath(new URL('../../../test/oracles/data/tokenizers/', import.meta.url))
const readJson = (...parts: string[]) => JSON.parse(readFileSync(join(folder, ...parts), 'utf8'))
const precompiled: Json = readJson('unigram-precompiled', 'tokenizer.json').normalizer.normalizers[0]

/** The recorded settings name the one precompiled map by its folder. */
const filled = (json: Json): Json =>
  json.type === 'Sequence'
    ? { ...json, normalizers: (json.normalizers as Json[]).map(filled) }
    : json.type === 'Precompiled'
      ? precompiled
      : json

const read = (json: Json): Normalizer => readNormalizer(new Field('tokenizer.json', json))
const normalize = (json: Json, text: string): Aligned => read(json).normalize({ text, origin: 0 })

/** [start, end) of the original for each character, in code points, one after the other. */
function alignment(aligned: Aligned, original: string): number[] {
  const points = codePointOffsets(original)
  const ends: number[] = []
  for (let i = 0; i < aligned.text.length; ) {
    const next = i + characterLength(aligned.text, i)
    ends.push(points(originalStart(aligned, i)), points(originalEnd(aligned, next)))
    i = next
  }
  return ends
}

type Recorded = { normalizer: Json; readings: [text: string, normalized: string, alignment: number[]][] }

describe('against Hugging Face', () => {
  for (const [index, { normalizer, readings }] of (readJson('normalizers.json') as Recorded[]).entries())
    it(`${index}: ${JSON.stringify(normalizer)}`, () => {
      const json = filled(normalizer)
      const ours = read(json)
      expect(ours.json).toEqual(json)
      for (const [text, normalized, expected] of readings) {
        const aligned = ours.normalize({ text, origin: 0 })
        expect(aligned.text).toBe(normalized)
        expect(alignment(aligned, text)).toEqual(expected)
      }
    })
})

const bert = {
  type: 'BertNormalizer',
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents: null,
  lowercase: true,
}

describe('alignment', () => {
  it('leaves alone what it does not change', () => {
    const text: Aligned = { text: 'plain text', origin: 5 }
    const names = ['NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'StripAccents', 'Nmt']
    for (const type of names) expect(read({ type }).normalize(text)).toBe(text)
    expect(read({ type: 'Strip', strip_left: true, strip_right: true }).normalize(text)).toBe(text)
    expect(read(precompiled).normalize(text)).toBe(text)
  })

  it('needs no arrays where units are replaced one for one', () => {
    expect(normalize(bert, 'Élan\n𐐀')).toEqual({ text: 'elan 𐐨', origin: 0 })
    expect(normalize({ type: 'Lowercase' }, 'ΑΣ')).toEqual({ text: 'ας'.replace('ς', 'σ'), origin: 0 })
    expect(normalize(precompiled, 'a\nｂ')).toEqual({ text: 'a b', origin: 0 })
    expect(normalize({ type: 'Replace', pattern: { String: ' ' }, content: '▁' }, 'a b')).toEqual({
      text: 'a▁b',
      origin: 0,
    })
  })

  it('counts what is inserted before everything from the beginning of the original', () => {
    const strip = { type: 'Strip', strip_left: true, strip_right: false }
    const insert = { type: 'Replace', pattern: { Regex: 'x*' }, content: '-' }
    const aligned = read({ type: 'Sequence', normalizers: [strip, insert] }).normalize({ text: '  a', origin: 3 })
    expect(aligned.text.slice(0, 2)).toBe('-a')
    expect(Array.from(aligned.starts!.subarray(0, 2))).toEqual([3, 5])
    expect(Array.from(aligned.ends!.subarray(0, 2))).toEqual([3, 6])
  })

  it('follows the text through several stages', () => {
    const stages = [{ type: 'NFD' }, { type: 'StripAccents' }, { type: 'Prepend', prepend: '▁' }, { type: 'NFC' }]
    const aligned = normalize({ type: 'Sequence', normalizers: stages }, 'éa')
    expect(aligned.text).toBe('▁ea')
    expect(alignment(aligned, 'éa')).toEqual([0, 1, 0, 1, 1, 2])
  })
})

describe('malformed', () => {
  const cases: [Json, RegExp][] = [
    [{ type: 'NFX' }, /type is "NFX".*\n.*NFKC/],
    [{ type: 'Strip', strip_left: true }, /strip_right is missing/],
    [{ type: 'Strip', strip_left: 1, strip_right: true }, /strip_left is 1.*\n.*true or false/],
    [{ type: 'Prepend', prepend: null }, /prepend is null/],
    [{ type: 'Sequence', normalizers: {} }, /normalizers is .*\n.*a list/],
    [{ type: 'Sequence', normalizers: [{ type: 'NFC' }, {}] }, /normalizers\[1\]\.type is missing/],
    [{ type: 'Precompiled', precompiled_charsmap: '?' }, /precompiled_charsmap.*\n.*base64/],
    [{ type: 'Precompiled', precompiled_charsmap: 'AAA=' }, /precompiled_charsmap.*\n.*character map/],
    [{ type: 'Precompiled', precompiled_charsmap: btoa('\x08\0\0\0abcd') }, /precompiled_charsmap.*\n.*character map/],
    [{ type: 'Precompiled', precompiled_charsmap: btoa('\0\0\0\0\xff') }, /precompiled_charsmap.*\n.*UTF-8/],
  ]
  for (const [json, message] of cases) it(JSON.stringify(json), () => expect(() => read(json)).toThrow(message))

  it('a trie that leads nowhere changes nothing', () => {
    const units = String.fromCharCode(8, 0, 0, 0, 255, 255, 255, 127, 0, 1, 0, 128)
    expect(normalize({ type: 'Precompiled', precompiled_charsmap: btoa(units) }, 'abc é').text).toBe('abc é')
  })
})

describe('long texts take time in proportion to their length', () => {
  const normalizers: Json[] = [
    bert,
    precompiled,
    ...['NFC', 'NFD', 'NFKC', 'Lowercase', 'ByteLevel'].map((type) => ({ type })),
  ]
  const units = [
    'a',
    'é',
    'e\u0301',
    '\u0301\u0323',
    '\r\n',
    '\x1e',
    '\u0600',
    '©\u200d',
    '\u1100\u1161\u11a8',
    '本',
    '👍🏽',
  ]
  for (const json of normalizers)
    it(json.type as string, () => {
      const normalizer = read(json)
      for (const unit of units) {
        const text = unit.repeat(100_000)
        const start = process.cpuUsage()
        normalizer.normalize({ text, origin: 0 })
        const { user, system } = process.cpuUsage(start)
        expect((user + system) / 1e6, `seconds for ${JSON.stringify(unit)}`).toBeLessThan(3)
      }
    })
})

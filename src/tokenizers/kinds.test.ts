/** What every kind of tokenizer makes of odd, hostile and very long text. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byteTokenizer } from './byte-level.ts'
import { loadTokenizer } from './load.ts'
import type { EncodeOptions, Tokenizer } from './tokenizer.ts'
import { trainBytelevelBpe } from './training/train.ts'

const folder = fileURLToPath(new URL('../../test/oracles/data/tokenizers/', import.meta.url))
const read = (name: string) => loadTokenizer(`${folder}${name}`)
const corpus: string[] = JSON.parse(readFileSync(`${folder}bpe-training/corpus.json`, 'utf8'))

/** `exact`: any text comes back as it was. `bytes`: no text is unknown. */
type Kind = { tokenizer: Tokenizer; exact?: true; bytes?: true }
const kinds: readonly [name: string, kind: Kind][] = [
  ['bytes', { tokenizer: byteTokenizer(), exact: true, bytes: true }],
  ['byte-level BPE', { tokenizer: await read('bytelevel-bpe'), exact: true, bytes: true }],
  ['byte-level BPE, learned', { tokenizer: trainBytelevelBpe(corpus, { vocabSize: 600 }), exact: true, bytes: true }],
  ['byte-level BPE of Llama 3', { tokenizer: await read('bytelevel-bpe-llama3'), exact: true, bytes: true }],
  ['byte-level BPE of RoBERTa, which puts a space before', { tokenizer: await read('roberta'), bytes: true }],
  ['BPE with byte fallback', { tokenizer: await read('bpe-byte-fallback'), bytes: true }],
  ['BPE of CLIP', { tokenizer: await read('bpe-clip') }],
  ['BPE with end of word', { tokenizer: await read('bpe-end-of-word') }],
  ['WordPiece, cased', { tokenizer: await read('wordpiece-cased') }],
  ['WordPiece, uncased', { tokenizer: await read('wordpiece-uncased') }],
  ['Unigram', { tokenizer: await read('unigram') }],
  ['Unigram with a precompiled map', { tokenizer: await read('unigram-precompiled') }],
  ['words', { tokenizer: await read('word-level') }],
  ['characters', { tokenizer: await read('char-level') }],
]

const asText: EncodeOptions = { special: 'text', addSpecialTokens: false }
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.string({
    unit: fc.constantFrom(
      'The',
      ' ',
      '  ',
      '\n',
      '\r\n',
      '\t',
      "'s",
      "'Re",
      '12',
      '½',
      'é',
      'e\u0301',
      '€',
      '😀',
      '👩\u200d👧',
      '\ufeff',
      '\0',
      '\u3000',
      '▁',
      '##',
      '</w>',
      'Ġ',
    ),
    maxLength: 30,
  }),
)

/** Seconds of processor time: what other programs do matters less than on the clock. */
function seconds(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** What the files of the oracles call their end of text or of a sentence. */
const specialOf = (tokenizer: Tokenizer) => tokenizer.addedTokens.filter(({ special }) => special)

describe.each(kinds)('%s', (_, { tokenizer, exact, bytes }) => {
  const ids = (text: string, options: EncodeOptions = asText) => tokenizer.encode(text, options).ids
  /** What stands for a character that no vocabulary has: the unknown token may come of any text. */
  const unknown = new Set(ids('鱻'))
  const roundTrip = (text: string) => tokenizer.decode(ids(text))

  it('takes half a surrogate pair for U+FFFD, and two halves for their character', () => {
    for (const half of ['\ud800', '\udc00', '\udbff'])
      for (const [before, after] of [
        ['', ''],
        ['a', 'b'],
        [' ', ' '],
        ['\n', ''],
      ])
        expect(tokenizer.encode(`${before}${half}${after}`, asText)).toEqual(
          tokenizer.encode(`${before}\ufffd${after}`, asText),
        )
    expect(ids(`a${'\ud83d'}${'\ude00'}b`)).toEqual(ids('a😀b'))
    expect(ids('\udc00\ud800')).toEqual(ids('\ufffd\ufffd'))
  })

  it('keeps what only looks like nothing: NUL, controls, the byte order mark', () => {
    if (!bytes) return
    for (const text of ['\0', 'a\0b', '\ufeff', '\ufeffa', 'a\ufeff', '\x1b[2J', '\x7f', '\u0085', '\u2028', '\u200b'])
      expect(roundTrip(`x${text}`)).toContain(text)
  })

  it('makes nothing of nothing', () => {
    expect(ids('')).toEqual([])
    expect(tokenizer.decode([])).toBe('')
    const { length, sequenceIds } = tokenizer.encode('')
    expect(sequenceIds).toEqual(new Array(length).fill(null))
  })

  it('takes special tokens in a text for an error, for themselves, or for text', () => {
    const strings = specialOf(tokenizer)
    expect(strings.length).toBeGreaterThan(0)
    for (const { content, id } of strings) {
      for (const text of [content, `a ${content}`, `${content}${content}`, `a${content}b`]) {
        expect(() => tokenizer.encode(text)).toThrow(expect.objectContaining({ code: 'SPECIAL_TOKEN_IN_TEXT' }))
        expect(ids(text, { special: 'parse', addSpecialTokens: false })).toContain(id)
        if (!unknown.has(id)) expect(ids(text)).not.toContain(id)
      }
      if (exact) expect(roundTrip(content)).toBe(content)
    }
  })

  it('puts no special token together from the ends of texts, or from ids that are written out', () => {
    for (const { content, id } of specialOf(tokenizer)) {
      const cut = Math.ceil(content.length / 2)
      const parse: EncodeOptions = { special: 'parse', addSpecialTokens: false, pair: content.slice(cut) }
      if (!unknown.has(id)) expect(ids(content.slice(0, cut), parse)).not.toContain(id)
      for (const text of [`\0${id}\0`, `<0x${id.toString(16)}>`, `\u2581${id}`])
        if (exact) expect(roundTrip(text)).toBe(text)
    }
  })

  it('gives the same tokens again, inside the text and in order', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const first = tokenizer.encode(text, asText)
        expect(tokenizer.encode(text, asText)).toEqual(first)
        let before = 0
        for (const [start, end] of first.offsets) {
          expect(start).toBeLessThanOrEqual(end)
          expect(start).toBeGreaterThanOrEqual(before)
          expect(end).toBeLessThanOrEqual(text.length)
          expect(text.toWellFormed().slice(start, end).isWellFormed()).toBe(true)
          before = start
        }
        for (const id of first.ids) expect(tokenizer.tokenOf(id)).toBeDefined()
      }),
      { numRuns: 100 },
    )
  })

  it('cuts no character in two where something stands before it', () => {
    for (const text of ['😀', '😀😀', ' 😀a']) {
      const { content } = specialOf(tokenizer)[0]!
      const { offsets } = tokenizer.encode(content + text, { special: 'parse', addSpecialTokens: false })
      for (const [start, end] of offsets) expect((content + text).slice(start, end).isWellFormed()).toBe(true)
    }
  })

  it('covers the text with offsets that slice it into its tokens', () => {
    if (!exact) return
    fc.assert(
      fc.property(anyText, (anything) => {
        const text = anything.toWellFormed()
        const encoding = tokenizer.encode(text, asText)
        let covered = 0
        encoding.offsets.forEach(([start, end], i) => {
          expect(start).toBeLessThanOrEqual(covered)
          covered = end
          // A token of whole characters is what its offsets cut out.
          const piece = tokenizer.decode([encoding.ids[i]!])
          if (!piece.includes('\ufffd') && piece !== '') expect(text.slice(start, end)).toBe(piece)
        })
        expect(covered).toBe(text.length)
      }),
      { numRuns: 300 },
    )
  })

  it('streams what it decodes, without half a character', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const found = ids(text)
        const stream = tokenizer.stream()
        const parts = [...found.map((id) => stream.push(id)), stream.flush()]
        for (const part of parts) expect(part.isWellFormed()).toBe(true)
        expect(parts.join('')).toBe(tokenizer.decode(found))
        if (bytes && !text.toWellFormed().includes('\ufffd')) expect(parts.join('')).not.toContain('\ufffd')
        if (exact) expect(parts.join('')).toBe(text.toWellFormed())
      }),
      { numRuns: 100 },
    )
  })

  it('knows every token by its id and by its name', () => {
    let known = 0
    for (let id = 0; id < tokenizer.vocabSize; id++) {
      const token = tokenizer.tokenOf(id)
      if (token === undefined) continue
      known++
      expect(tokenizer.idOf(token)).toBe(id)
      expect(() => tokenizer.decode([id])).not.toThrow()
      if (!tokenizer.isSpecial(id)) expect(tokenizer.bytesOf(id)).toBeInstanceOf(Uint8Array)
    }
    expect(known).toBeGreaterThan(50)
  })

  it('refuses ids that no token has', () => {
    for (const id of [tokenizer.vocabSize, -1, 0.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => tokenizer.decode([id])).toThrow(expect.objectContaining({ code: 'UNKNOWN_TOKEN_ID' }))
  })

  it('takes time in proportion to the length, of one character or of words', () => {
    for (const unit of ['x', '0', '^', '\n', ' ', 'é', '😀', 'ab ', "x'"]) {
      const text = unit.repeat(Math.floor(100_000 / unit.length))
      let found: number[] = []
      // Two seconds for a million, and ten times that for machines that are busy or slow.
      expect(
        seconds(() => void (found = ids(text))),
        JSON.stringify(unit),
      ).toBeLessThan(4)
      if (exact) expect(tokenizer.decode(found)).toBe(text)
    }
  })
})

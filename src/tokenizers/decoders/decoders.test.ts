/** Every decoder against what Hugging Face tokenizers decodes, as a whole and as a stream; the bytes that single tokens add. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../field.ts'
import { parseTokenizer } from '../load.ts'
import type { Tokenizer } from '../tokenizer.ts'

type Record = { decoder: Json | null; lists: [ids: number[], text: string | null][] }

const file = new URL('../../../test/oracles/data/tokenizers/decoders.json', import.meta.url)
const { tokens, records }: { tokens: string[]; records: Record[] } = JSON.parse(readFileSync(file, 'utf8'))

const withDecoder = (decoder: Json | null, vocabulary: readonly string[] = tokens): Tokenizer =>
  parseTokenizer({
    version: '1.0',
    decoder,
    model: { type: 'WordLevel', vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])), unk_token: 'a' },
  })

const idsOf = (tokenizer: Tokenizer, list: readonly string[]) => list.map((token) => tokenizer.idOf(token)!)

/** The pieces of a stream; the last is what was held back to the end. */
function pieces(tokenizer: Tokenizer, ids: readonly number[]): string[] {
  const stream = tokenizer.stream()
  return [...ids.map((id) => stream.push(id)), stream.flush()]
}

/** A list of tokens through a decoder: the pieces of its stream, with what is held back as the last. */
const streamed = (decoder: Json, list: readonly string[]) => {
  const tokenizer = withDecoder(decoder, [...new Set(['a', ...list])])
  return pieces(tokenizer, idsOf(tokenizer, list))
}

const sequence = (...decoders: Json[]): Json => ({ type: 'Sequence', decoders })
const llama = sequence(
  { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
  { type: 'ByteFallback' },
  { type: 'Fuse' },
  { type: 'Strip', content: ' ', start: 1, stop: 0 },
)
const byteLevel = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true }
const wordPiece = { type: 'WordPiece', prefix: '##', cleanup: true }
const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true }
const endOfWord = { type: 'BPEDecoder', suffix: '</w>' }

describe('recorded texts', () => {
  it(`of ${records.length} decoders come out, at once and piece by piece, without half a character`, () => {
    let compared = 0
    for (const { decoder, lists } of records) {
      const tokenizer = withDecoder(decoder)
      for (const [ids, text] of lists) {
        const parts = pieces(tokenizer, ids)
        for (const part of parts) expect(part.isWellFormed()).toBe(true)
        expect(parts.join('')).toBe(tokenizer.decode(ids))
        if (text === null) continue // Taking off more than there is makes the library fail; here it leaves nothing.
        expect(tokenizer.decode(ids), JSON.stringify([decoder, ids.map((id) => tokens[id])])).toBe(text)
        compared++
      }
    }
    expect(compared).toBeGreaterThan(0.95 * records.flatMap(({ lists }) => lists).length)
  })

  it('come out again of decoders that are written and read', () => {
    for (const { decoder, lists } of records) {
      const tokenizer = withDecoder(decoder)
      const again = parseTokenizer(tokenizer.toJSON())
      for (const [ids] of lists) expect(again.decode(ids)).toBe(tokenizer.decode(ids))
    }
  })
})

describe('a stream holds back only what may change', () => {
  it.each<[string, Json, string[], string[]]>([
    ['parts of a character', byteLevel, ['a', 'ðŁ', 'ĺ', 'Ģ', 'b'], ['a', '', '', '😀', 'b', '']],
    [
      'runs of bytes, which may yet be none',
      llama,
      ['▁a', '<0xE2>', '<0x82>', '<0xAC>', 'b'],
      ['a', '', '', '', '€b', ''],
    ],
    [
      'bytes that went wrong are told at once',
      llama,
      ['<0xE2>', '<0xFF>', '<0x61>'],
      ['', '\ufffd\ufffd', '\ufffd', ''],
    ],
    ['words are not', wordPiece, ['un', '##able', 'to', '.'], ['un', 'able', ' to', '.', '']],
    ['metaspaces are not', metaspace, ['▁a', '▁b', 'c'], ['a', ' b', 'c', '']],
    ['the space after a word', endOfWord, ['hel', 'lo</w>', 'you</w>'], ['hel', 'lo', ' you', '']],
    [
      'spaces that may be the last ones',
      sequence({ type: 'Fuse' }, { type: 'Strip', content: ' ', start: 0, stop: 1 }),
      ['a ', ' ', 'b', ' '],
      ['a', ' ', ' b', '', ''],
    ],
    [
      'what may become a match across tokens',
      sequence({ type: 'Fuse' }, { type: 'Replace', pattern: { String: 'ab' }, content: '-' }),
      ['xa', 'b', 'a', 'c'],
      ['x', '-', '', 'ac', ''],
    ],
  ])('%s', (_, decoder, list, expected) => {
    expect(streamed(decoder, list)).toEqual(expected)
  })

  it('whatever follows: what came out begins every text that the ids can become', () => {
    const anyIds = fc.array(fc.nat({ max: tokens.length - 1 }), { maxLength: 8 })
    fc.assert(
      fc.property(fc.constantFrom(...records), anyIds, anyIds, ({ decoder }, ids, more) => {
        const tokenizer = withDecoder(decoder)
        const stream = tokenizer.stream()
        const out = ids.map((id) => stream.push(id)).join('')
        expect(tokenizer.decode([...ids, ...more]).startsWith(out)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

describe('the bytes of a token', () => {
  const decode = (bytes: Uint8Array[]) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(bytes))
  it.each<[string, Json | null, string[]]>([
    ['spaces between tokens', null, ['a', 'b', '', 'c']],
    ['byte-level', byteLevel, ['a', 'ðŁ', 'ĺ', 'Ģ', 'Ġb', '日本']],
    ['word pieces', wordPiece, ['a', '##b', 'c', '!', 'do', '##', "n't"]],
    ['metaspace', metaspace, ['▁a', '▁b', 'c', '▁', '▁▁']],
    ['bytes where a character has no token', llama, ['▁a', '<0xE2>', '<0x82>', '<0xAC>', '▁b', '<0x0A>', 'c']],
    ['end of word', endOfWord, ['hel', 'lo</w>', 'you</w>', 'x']],
    ['two decoders', sequence({ type: 'Fuse' }, metaspace), ['▁a', '▁b', 'c']],
    [
      'blanks',
      { type: 'CTC', pad_token: '<pad>', word_delimiter_token: '|', cleanup: true },
      ['a', '<pad>', 'b', '|', 'c'],
    ],
  ])('add up to the text: %s', (_, decoder, list) => {
    const tokenizer = withDecoder(decoder, [...new Set(list)])
    const ids = idsOf(tokenizer, list)
    const [first, ...rest] = ids
    const added = decode(rest.map((id) => tokenizer.bytesOf(id)!))
    expect(tokenizer.decode([first!]) + added).toBe(tokenizer.decode(ids))
  })

  it('are a part of a character where the token is', () => {
    expect(withDecoder(llama).bytesOf(tokens.indexOf('<0xE2>'))).toEqual(Uint8Array.of(0xe2))
    expect(withDecoder(byteLevel).bytesOf(tokens.indexOf('â'))).toEqual(Uint8Array.of(0xe2))
  })
})

describe('a million ids', () => {
  it.each<[string, Json, string[]]>([
    ['byte-level', byteLevel, ['Ġword', 's', 'ðŁĺ', 'Ģ']],
    ['word pieces', wordPiece, ['word', '##s', '.']],
    ['Llama', llama, ['▁word', '<0xE2>', '<0x82>', '<0xAC>']],
    ['one run of bytes', llama, ['<0x61>']],
    ['end of word', endOfWord, ['word', 's</w>']],
    [
      'one text, cleaned up as a whole',
      sequence({ type: 'Fuse' }, wordPiece, { type: 'Strip', content: ' ', start: 1, stop: 9 }),
      ['a', ' ', '.', ' do'],
    ],
    [
      'one text, searched as a whole',
      sequence({ type: 'Fuse' }, { type: 'Replace', pattern: { Regex: '▁+' }, content: ' ' }),
      ['▁a', '▁'],
    ],
  ])('take time in proportion to their number: %s', (_, decoder, list) => {
    const tokenizer = withDecoder(decoder, [...new Set(['a', ...list])])
    const period = idsOf(tokenizer, list)
    const ids = Array.from({ length: 1_000_000 }, (_, i) => period[i % period.length]!)
    const before = process.cpuUsage()
    const text = tokenizer.decode(ids)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1e6).toBeLessThan(20)
    const some = tokenizer.decode(ids.slice(0, 1000))
    expect(text.startsWith(some.slice(0, -10))).toBe(true)
  })
})

describe('fields of decoders', () => {
  it.each<[Json, RegExp]>([
    [{ type: 'Nothing' }, /decoder\.type is "Nothing".*\n.*WordPiece/],
    [{ type: 'WordPiece', prefix: '##' }, /decoder\.cleanup is missing/],
    [{ type: 'Metaspace', replacement: '__' }, /replacement is "__".*\n.*one character/],
    [
      { ...metaspace, add_prefix_space: false },
      /prepend_scheme is "always".*\n.*"never", as add_prefix_space is false/,
    ],
    [{ ...metaspace, prepend_scheme: 'maybe' }, /prepend_scheme is "maybe"/],
    [{ type: 'Strip', content: ' ', start: -1, stop: 0 }, /start is -1/],
    [{ type: 'CTC', pad_token: '<pad>', word_delimiter_token: 5, cleanup: true }, /word_delimiter_token is 5/],
    [{ type: 'BPEDecoder' }, /suffix is missing/],
    [{ type: 'Replace', pattern: {}, content: '' }, /pattern/],
    [{ type: 'Sequence', decoders: [byteLevel, { type: 'Fuze' }] }, /decoders\[1\]\.type is "Fuze"/],
    [{ type: 'ByteLevel', trim_offsets: 'yes' }, /trim_offsets is "yes"/],
  ])('%j is refused', (decoder, says) => {
    expect(() => withDecoder(decoder)).toThrow(says)
  })

  it('older files say with a flag that no space was put before the first word', () => {
    const tokenizer = withDecoder({ type: 'Metaspace', replacement: '▁', add_prefix_space: false })
    expect(tokenizer.decode([tokens.indexOf('▁the')])).toBe(' the')
    expect(tokenizer.toJSON().decoder).toMatchObject({ prepend_scheme: 'never' })
  })
})

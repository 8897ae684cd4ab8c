/** Bytes, special tokens, padding and long texts; what holds of every kind of tokenizer is in kinds.test.ts. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byteTokenizer } from './byte-level.ts'
import { loadTokenizer, parseTokenizer } from './load.ts'
import type { EncodeOptions } from './tokenizer.ts'
import { trainBytelevelBpe, trainCharacters, trainTokenizer } from './training/train.ts'

const folder = fileURLToPath(new URL('../../test/oracles/data/tokenizers/', import.meta.url))
const corpus: string[] = JSON.parse(readFileSync(`${folder}bpe-training/corpus.json`, 'utf8'))
const learned = trainBytelevelBpe(corpus, { vocabSize: 600 })
const bytes = byteTokenizer()

describe('decoding', () => {
  it('streams what ids give that nobody encoded, without half a character', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 383 })), (ids) => {
        const stream = bytes.stream()
        const parts = ids.map((id) => stream.push(id))
        expect(parts.join('') + stream.flush()).toBe(bytes.decode(ids))
        for (const part of parts) expect(part.isWellFormed()).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('replaces bytes that are no character as the platform does', () => {
    const platform = new TextDecoder('utf-8', { ignoreBOM: true })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (data) => {
        const ids = Array.from(data, (byte) => learned.idOf(byteToken(byte))!)
        expect(learned.decode(ids)).toBe(platform.decode(data))
      }),
      { numRuns: 1000 },
    )
  })
})

const byteToken = (byte: number) => bytes.tokenOf(byte + 3)!

describe('special tokens', () => {
  const end = '<|endoftext|>'

  it('are an error where the caller has not chosen', () => {
    expect(() => learned.encode(`one ${end}`)).toThrow(
      expect.objectContaining({ code: 'SPECIAL_TOKEN_IN_TEXT', kind: 'usage' }),
    )
    expect(() => learned.encode('fine', { pair: end })).toThrow(/at unit 0/)
  })

  it('never come out of text that is taken as text', () => {
    for (const text of [end, ` ${end}${end}`, `x${end}`]) {
      const { ids } = learned.encode(text, { special: 'text' })
      expect(ids).not.toContain(0)
      expect(learned.decode(ids)).toBe(text)
    }
  })

  it('are left out of decoded text on request', () => {
    const { ids } = learned.encode(`a${end}b`, { special: 'parse' })
    expect(learned.decode(ids)).toBe(`a${end}b`)
    expect(learned.decode(ids, { skipSpecialTokens: true })).toBe('ab')
  })

  it('are known from tokenizer_config.json too', () => {
    const { added_tokens: _, ...json } = learned.toJSON() as Record<string, unknown>
    const named = parseTokenizer(json, { config: { eos_token: { content: end } } })
    expect(named.named).toEqual({ eos: end })
    expect(named.encode(end, { special: 'parse' }).ids).toEqual([0])
  })
})

describe('padding', () => {
  it('takes the padding token of the configuration', () => {
    const characters = trainCharacters(['ab'])
    const [short, long] = characters.encodeBatch(['a', 'abab'], { padding: true })
    expect(short!.tokens).toEqual(['a', '<pad>', '<pad>', '<pad>'])
    expect(long!.ids).toHaveLength(4)
    expect(() => learned.encode('a', { padding: { length: 4 } })).toThrow(/padding: \{ id, token \}/)
    expect(characters.encode('ab', { padding: { multipleOf: 0, length: 3 } }).length).toBe(3)
  })
})

describe('long texts', () => {
  it('of 10 MB are encoded in one go', () => {
    const text = `${corpus.join(' ')} `
    const long = text.repeat(Math.ceil(1e7 / text.length))
    const { ids, offsets } = learned.encode(long)
    expect(offsets.at(-1)![1]).toBe(long.length)
    expect(ids.slice(0, 1000)).toEqual(learned.encode(text).ids.slice(0, 1000))
  })
})

describe('stretches of a text', () => {
  it('have the special tokens before or behind them that are asked for, also where they have no tokens', async () => {
    const bert = await loadTokenizer(`${folder}wordpiece-uncased`)
    for (const text of ['the cat', '', ' \n']) {
      const whole = bert.encode(text)
      expect(whole.withEnds(true, true).toJSON()).toEqual(whole.toJSON())
      const tokens = ([before, behind]: readonly [boolean, boolean]) => whole.withEnds(before, behind).tokens
      expect(tokens([true, false])).toEqual(whole.tokens.slice(0, -1))
      expect(tokens([false, true])).toEqual(whole.tokens.slice(1))
      expect(tokens([false, false])).toEqual(whole.tokens.slice(1, -1))
    }
  })
})

describe('texts one after the other', () => {
  const fresh = () => parseTokenizer({ ...learned.toJSON(), ...withStages })
  /** Several stages that cut, and one that rewrites before another cuts. */
  const withStages = {
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Digits', individual_digits: true },
        { type: 'ByteLevel', add_prefix_space: true, use_regex: true },
      ],
    },
  }
  const texts = Array.from({ length: 400 }, (_, i) => corpus.join(' ').slice(7 * i, 7 * i + ((i * i) % 97)))

  it('keep their tokens', () => {
    const tokenizer = fresh()
    const kept = [...texts, corpus.join(' '), ...texts].map((text) => tokenizer.encode(text))
    for (let i = 0; i < texts.length; i += 16) expect(JSON.stringify(kept[i])).toBe(JSON.stringify(lone(texts[i]!)))
    expect(JSON.stringify(kept.slice(0, 400))).toBe(JSON.stringify(kept.slice(401)))
  })
  const lone = (text: string) => fresh().encode(text)

  it('leave nothing of one that could not be finished', () => {
    const tokenizer = fresh()
    const text = 'Well begun 12'
    expect(() => tokenizer.encode(`${text}<|endoftext|>`, { truncation: 1 })).toThrow()
    expect(JSON.stringify(tokenizer.encode(text))).toBe(JSON.stringify(lone(text)))
  })
})

describe('what makes no sense is refused', () => {
  const tokenizer = trainCharacters(['ab'])
  const misuse = (options: object) => () => tokenizer.encode('ab', options as EncodeOptions)
  it.each<[object, string, RegExp]>([
    [{ special: 'txt' }, 'BAD_OPTION', /special is "txt"\.\nExpected one of "error", "parse", "text"/],
    [{ specail: 'text' }, 'BAD_OPTION', /no specail; did you mean special/],
    [{ addSpecialTokens: 1 }, 'BAD_OPTION', /addSpecialTokens is 1/],
    [{ pair: 5 }, 'BAD_TEXT', /text to encode is 5/],
    [{ truncation: 1.5 }, 'BAD_OPTION', /truncation is 1\.5/],
    [{ truncation: { maxLength: 3, strategy: 'onlySecond' } }, 'BAD_TRUNCATION', /strategy is "onlySecond"/],
    [{ truncation: { maxLength: 3, direction: 'Left' } }, 'BAD_TRUNCATION', /direction is "Left"/],
    [{ padding: { padToMultipleOf: 4 } }, 'BAD_PADDING', /no padding\.padToMultipleOf/],
  ])('%j', (options, code, says) => {
    expect(misuse(options)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(says) }))
  })

  it.each<[string, () => unknown, string, RegExp]>([
    ['options that are none', () => tokenizer.encode('a', 5 as never), 'BAD_OPTION', /options are 5/],
    ['a batch that is a text', () => tokenizer.encodeBatch('ab' as never), 'BAD_TEXT', /texts to encode are "ab"/],
    ['three texts as a pair', () => tokenizer.encodeBatch([['a', 'b', 'a'] as never]), 'BAD_TEXT', /has 3 parts/],
    [
      'one pair for a batch',
      () => tokenizer.encodeBatch(['a'], { pair: 'b' } as object),
      'BAD_OPTION',
      /\[text, pair\]/,
    ],
    ['ways to write no text', () => tokenizer.nBest(null as never, 1), 'BAD_TEXT', /text to encode is null/],
    [
      'an option of decoding',
      () => tokenizer.decode([0], { skipSpecial: true } as object),
      'BAD_OPTION',
      /no skipSpecial/,
    ],
    ['padding beyond reason', () => tokenizer.encode('a', { padding: { length: 2 ** 40 } }), 'BAD_PADDING', /at most/],
  ])('%s', (_, misuse, code, says) => {
    expect(misuse).toThrow(expect.objectContaining({ code, message: expect.stringMatching(says) }))
  })

  it('texts that are none', () => {
    expect(() => tokenizer.encode(undefined as never)).toThrow(expect.objectContaining({ code: 'BAD_TEXT' }))
    expect(() => tokenizer.decode(undefined as never)).toThrow(expect.objectContaining({ code: 'BAD_IDS' }))
  })

  it('names that are none', async () => {
    await expect(loadTokenizer('')).rejects.toMatchObject({ code: 'BAD_MODEL' })
    await expect(loadTokenizer(undefined as never)).rejects.toMatchObject({ code: 'BAD_MODEL' })
  })

  it('settings for learning', async () => {
    await expect(trainTokenizer(['a'], { model: 'foo' as never })).rejects.toThrow(/no kind of tokenizer "foo"/)
    await expect(trainTokenizer([5 as never])).rejects.toMatchObject({ code: 'BAD_TEXT' })
    await expect(trainTokenizer([])).rejects.toMatchObject({ code: 'NO_TEXT' })
    await expect(trainTokenizer(['a'], { specialTokens: ['\ud800'] })).rejects.toMatchObject({
      code: 'BAD_SPECIAL_TOKENS',
    })
    expect((await trainTokenizer('low lower', { model: 'words' })).idOf('lower')).toBeDefined()
  })
})

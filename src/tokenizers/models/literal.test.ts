/** With special: 'text' no way to encode gives a special token for text that spells one, also where the model's vocabulary has it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explainEncoding } from '../explain.ts'
import { parseTokenizer } from '../load.ts'

const added = (contents: readonly string[], first = 0) =>
  contents.map((content, i) => ({ id: first + i, content, special: true, normalized: false }))
const numbered = (tokens: readonly string[]) => Object.fromEntries(tokens.map((token, i) => [token, i]))
const specials = ['<s>', 's>', '[ab]', '<unk>', '|']
const letters = ['<', '>', '/', 's', '[', ']', 'a', 'b', ' ', 'é', '😀']
const merges = [
  ['s', '>'],
  ['<', 's>'],
  ['a', 'b'],
  ['[', 'ab'],
  ['[ab', ']'],
  ['>', '<'],
]
const merged = merges.map((pair) => pair.join('')).filter((token) => !specials.includes(token))
const bpe = (rest: object) => ({
  type: 'BPE',
  vocab: numbered([...specials, ...letters, ...merged]),
  merges,
  unk_token: '<unk>',
  ...rest,
})
const words = { type: 'WhitespaceSplit' }
const kinds: Record<string, { model: object; pre_tokenizer?: object }> = {
  'byte pair encoding': { model: bpe({ fuse_unk: true }) },
  'byte pair encoding of whole words': { model: bpe({ ignore_merges: true }), pre_tokenizer: words },
  'byte-level pieces': {
    model: bpe({ unk_token: null }),
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
  },
  WordPiece: {
    model: {
      type: 'WordPiece',
      vocab: numbered([...specials, ...letters, ...letters.map((letter) => `##${letter}`)]),
      unk_token: '<unk>',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
    },
    pre_tokenizer: words,
  },
  words: {
    model: { type: 'WordLevel', vocab: numbered([...specials, ...letters]), unk_token: '<unk>' },
    pre_tokenizer: words,
  },
  Unigram: {
    model: {
      type: 'Unigram',
      unk_id: 3,
      vocab: [
        ...specials.map((token) => [token, 0]),
        ...[...letters, 'ab', '<s', 'a<'].map((token, i) => [token, -3 - i]),
      ],
    },
  },
}

const text = fc
  .array(fc.oneof(fc.constantFrom(...specials, ...letters, 'x', ' '), fc.string({ unit: 'binary', maxLength: 2 })), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''))

describe.each(Object.entries(kinds))('%s', (_, stages) => {
  const tokenizer = parseTokenizer({ ...stages, added_tokens: added(specials) })
  const special = 'text'
  /** Special tokens of the text's own: the unknown token may stand for what is unknown, a single character has but one spelling. */
  const forbidden = [tokenizer.idOf('<s>')!, tokenizer.idOf('s>')!, tokenizer.idOf('[ab]')!]
  const isText = (ids: readonly number[]) => expect(ids.filter((id) => forbidden.includes(id))).toEqual([])

  it('takes text as text, and explains what it does', () => {
    fc.assert(
      fc.property(text, (text) => {
        const encoding = tokenizer.encode(text, { special })
        isText(encoding.ids)
        const { stretches } = explainEncoding(tokenizer, text, { special })
        const told = stretches.flatMap((each) => (each.kind === 'text' ? each.pieces.flatMap((p) => p.tokens) : [each]))
        expect(told.map(({ id }) => id)).toEqual(encoding.ids)
        expect(told.map(({ token }) => token)).toEqual(encoding.tokens)
        expect(told.map(({ start, end }) => [start, end])).toEqual(encoding.offsets)
        for (const each of stretches)
          if (each.kind === 'text')
            for (const { text: piece, start, end } of each.pieces)
              expect(text.toWellFormed().slice(start, end)).toBe(piece)
      }),
      { numRuns: 200 },
    )
    expect(tokenizer.encode('<s>', { special: 'parse' }).ids).toEqual([0])
  })

  it('draws text as text', () => {
    const { model } = tokenizer.stages
    if (!model.sample) return expect(model.nBest).toBeUndefined()
    fc.assert(
      fc.property(text, fc.nat(1000), (text, seed) => {
        const sampling = model.nBest ? { seed } : { seed, dropout: 0.4 }
        isText(tokenizer.encode(text, { special, sampling }).ids)
        if (!model.nBest) return
        const ways = tokenizer.nBest(text, 4, { special })
        expect(ways[0]!.ids).toEqual(tokenizer.encode(text, { special }).ids)
        for (const { ids } of ways) isText(ids)
      }),
      { numRuns: 200 },
    )
  })
})

/** What is told of each stage adds up to the encoding; the worked example of byte pair encoding comes out as it is printed everywhere. */
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytelevelBpe } from './byte-level.ts'
import { explainEncoding } from './explain.ts'
import { learningExample } from './learning-example.ts'
import { loadTokenizer, parseTokenizer } from './load.ts'
import { vocabularyOf } from './models/vocabulary.ts'

const folder = fileURLToPath(new URL('../../test/oracles/data/tokenizers/', import.meta.url))
const names = [
  ...['bytelevel-bpe', 'roberta', 'bpe-byte-fallback', 'bpe-clip', 'bpe-end-of-word'],
  ...['wordpiece-cased', 'wordpiece-uncased', 'unigram', 'unigram-precompiled', 'word-level', 'char-level'],
]
const published = await Promise.all(names.map(async (name) => [name, await loadTokenizer(`${folder}${name}`)] as const))

const texts = [
  '',
  'The cat sat on the mat.',
  ' two  spaces',
  'Größe ﬁ €5 😀',
  'x<|endoftext|>y[MASK]</s>',
  'unaffable',
  'a\nb\tc',
]

describe.each(published)('%s', (_, tokenizer) => {
  it('explains the tokens that it gives', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...texts), fc.string({ unit: 'binary' })), (text) => {
        const { stretches, encoding } = explainEncoding(tokenizer, text, { special: 'parse', addSpecialTokens: false })
        const told = stretches.flatMap((each) => (each.kind === 'text' ? each.pieces.flatMap((p) => p.tokens) : [each]))
        expect(told.map(({ id }) => id)).toEqual(encoding.ids)
        expect(encoding).toEqual(tokenizer.encode(text, { special: 'parse', addSpecialTokens: false }).toJSON())
        for (const each of stretches) {
          if (each.kind === 'text') for (const piece of each.pieces) expectSteps(piece)
          else expect(text.toWellFormed().slice(each.start, each.end)).toBe(each.text)
        }
      }),
      { numRuns: 60 },
    )
  })
})

type Piece = Extract<ReturnType<typeof explainEncoding>['stretches'][number], { kind: 'text' }>['pieces'][number]

/** The steps lead to the tokens. */
function expectSteps({ steps, rounds, tokens }: Piece): void {
  const found = tokens.map(({ token }) => token)
  if (steps?.model === 'BPE') {
    const begin = steps.symbols.map(({ token }) => token)
    expect(rounds!.at(-1)?.symbols ?? begin).toEqual(found)
    const count = rounds!.reduce((sum, round) => sum + round.pair.length - 1, 0)
    expect(count).toBeLessThanOrEqual(steps.merges.length)
    for (const { token, symbols, merged } of rounds!) for (const place of merged) expect(symbols[place]).toBe(token)
  }
  if (steps?.model === 'WordPiece' && !steps.unknown) expect(steps.matches.map(({ token }) => token)).toEqual(found)
  if (steps?.model === 'Unigram') {
    const chosen = steps.candidates.filter((each) => each.chosen)
    expect(chosen.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(steps.score, 4)
    for (const each of chosen) expect(each.best).toBe(true)
  }
}

describe('stages', () => {
  it('are told one by one: added tokens, normalized text, pieces, the model, special tokens', () => {
    const [, tokenizer] = published.find(([name]) => name === 'bpe-byte-fallback')!
    const { stretches, encoding } = explainEncoding(tokenizer, 'The Cat</s>', { special: 'parse' })
    expect(stretches).toMatchObject([
      {
        kind: 'text',
        text: 'The Cat',
        normalized: '▁The▁Cat',
        pieces: [{ text: '▁The▁Cat', start: 0, end: 7, steps: { model: 'BPE' } }],
      },
      { kind: 'added token', token: '</s>', special: true, start: 7, end: 11 },
    ])
    expect(encoding.tokens[0]).toBe('<s>')
  })

  it('refuse special tokens as encoding does', () => {
    expect(() => explainEncoding(published[0]![1], '<|endoftext|>')).toThrow(
      expect.objectContaining({ code: 'SPECIAL_TOKEN_IN_TEXT' }),
    )
  })

  it('merges of one rank come in one line', () => {
    const tokenizer = bytelevelBpe({
      vocabulary: vocabularyOf(['a', 'b', 'c', 'd', 'aa', 'ab', 'aaab']),
      merges: [
        ['a', 'a'],
        ['a', 'b'],
        ['aa', 'ab'],
      ],
    })
    const { stretches } = explainEncoding(tokenizer, 'aaabdaaabac')
    const [{ pieces }] = stretches as unknown as [{ pieces: Piece[] }]
    expect(pieces[0]!.rounds!.map(({ rank, count, symbols }) => [rank, count, symbols.join(' ')])).toEqual([
      [0, 2, 'aa a b d aa a b a c'],
      [1, 2, 'aa ab d aa ab a c'],
      [2, 2, 'aaab d aaab a c'],
    ])
    expect(pieces[0]!.rounds![2]!.merged).toEqual([0, 2])
  })

  it('a model that cannot tell is left untold', () => {
    const model = { type: 'WordLevel', vocab: { a: 0 }, unk_token: 'a' }
    const tokenizer = parseTokenizer({ version: '1.0', model })
    const untold = new (tokenizer.constructor as typeof import('./tokenizer.ts').Tokenizer)({
      model: { ...tokenizer.stages.model, explain: undefined },
    })
    const [stretch] = explainEncoding(untold, 'a').stretches
    expect(stretch).toMatchObject({ kind: 'text', pieces: [{ steps: undefined, tokens: [{ id: 0 }] }] })
  })
})

describe('merges learned from one text', () => {
  it('are those of the classic example', () => {
    const { steps, outOfLetters } = learningExample('aaabdaaabac')
    expect(steps.map(({ letter, pair, text }) => [letter, pair.join(''), text])).toEqual([
      ['Z', 'aa', 'ZabdZabac'],
      ['Y', 'ab', 'ZYdZYac'],
      ['X', 'ZY', 'XdXac'],
    ])
    expect(steps.at(-1)!.standsFor).toBe('aaab')
    expect(outOfLetters).toBe(false)
  })

  it.each<[string, string[]]>([
    ['', []],
    ['a', []],
    ['abc', []],
    ['abab', ['ZZ']],
    ['ZaZaZa', ['YYY', 'XY']],
    ['😀b😀b', ['ZZ']],
    ['aaa', ['Za']],
  ])('of %j give %j', (text, lines) => {
    expect(learningExample(text).steps.map((step) => step.text)).toEqual(lines)
  })

  it('follow their rules in any text', () => {
    const counts = (text: string) => {
      const characters = [...text]
      const all = new Map<string, number>()
      for (let i = 0; i + 1 < characters.length; i++) {
        const pair = characters[i]! + characters[i + 1]!
        all.set(pair, (all.get(pair) ?? 0) + 1)
      }
      return all
    }
    const anyText = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b', 'Z', ' '), maxLength: 80 }),
      fc.string({ unit: 'binary', maxLength: 30 }),
    )
    fc.assert(
      fc.property(anyText, (text) => {
        const { steps } = learningExample(text)
        let before = text
        for (const { letter, pair, count, standsFor, text: after } of steps) {
          const found = counts(before)
          expect(found.get(pair.join(''))).toBe(count)
          expect(count).toBe(Math.max(...found.values()))
          expect(before).not.toContain(letter)
          expect(after).toBe(before.replaceAll(pair.join(''), letter))
          expect(text).toContain(standsFor)
          before = after
        }
        expect(Math.max(0, ...counts(before).values())).toBeLessThan(2)
      }),
    )
  })

  it('end where letters do, and are refused for long texts', () => {
    const pairs = Array.from({ length: 2000 }, (_, i) => String.fromCodePoint(0x20000 + i, 0x30000 + i)).join('')
    const { steps, outOfLetters } = learningExample(pairs + pairs)
    expect(outOfLetters).toBe(true)
    expect(new Set(steps.map(({ letter }) => letter)).size).toBe(steps.length)
    expect(() => learningExample('ab'.repeat(20_000))).toThrow(expect.objectContaining({ code: 'TOO_LONG' }))
  })
})

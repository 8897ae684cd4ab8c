/** What models tell of how they came to the tokens of a piece. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bpe } from './bpe.ts'
import { unigram } from './unigram.ts'
import { vocabularyOf } from './vocabulary.ts'
import { wordLevel } from './word-level.ts'
import { wordPiece } from './word-piece.ts'

describe('byte pair encoding', () => {
  // The classic example: aaabdaaabac → ZabdZabac → ZYdZYac → XdXac.
  const merges = [
    ['a', 'a'],
    ['a', 'b'],
    ['aa', 'ab'],
  ] as const
  const model = bpe({ vocabulary: vocabularyOf(['a', 'b', 'c', 'd', 'aa', 'ab', 'aaab']), merges })

  it('tells each merge of the classic example', () => {
    const steps = model.explain!('aaabdaaabac')
    if (steps.model !== 'BPE') throw new Error(steps.model)
    expect(steps.symbols.map(({ token }) => token).join('')).toBe('aaabdaaabac')
    expect(steps.merges).toEqual([
      { rank: 0, pair: ['a', 'a'], token: 'aa', left: 0, right: 1 },
      { rank: 0, pair: ['a', 'a'], token: 'aa', left: 5, right: 6 },
      { rank: 1, pair: ['a', 'b'], token: 'ab', left: 2, right: 3 },
      { rank: 1, pair: ['a', 'b'], token: 'ab', left: 7, right: 8 },
      { rank: 2, pair: ['aa', 'ab'], token: 'aaab', left: 0, right: 2 },
      { rank: 2, pair: ['aa', 'ab'], token: 'aaab', left: 5, right: 7 },
    ])
  })

  it('tells merges that lead from the first symbols to the tokens', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 120 }), (letters) => {
        const piece = letters.join('')
        const steps = model.explain!(piece)
        if (steps.model !== 'BPE') throw new Error(steps.model)
        const symbols: (string | undefined)[] = steps.symbols.map(({ token }) => token)
        for (const { left, right, token, pair } of steps.merges) {
          expect([symbols[left], symbols[right]]).toEqual(pair)
          symbols[left] = token
          symbols[right] = undefined
        }
        const ids = model.tokenize(piece).filter((_, i) => i % 3 === 0)
        expect(symbols.filter((symbol) => symbol !== undefined)).toEqual(ids.map((id) => model.vocabulary.tokenOf(id)))
      }),
    )
  })

  it('tells of a piece that is taken whole', () => {
    const whole = bpe({ vocabulary: model.vocabulary, merges, ignoreMerges: true })
    expect(whole.explain!('aaab')).toEqual({
      model: 'BPE',
      symbols: [{ token: 'aaab', id: 6, start: 0, end: 4 }],
      merges: [],
      whole: true,
    })
  })
})

describe('WordPiece', () => {
  const vocabulary = vocabularyOf(['[UNK]', 'un', 'u', '##aff', '##able', '##a'])
  const model = wordPiece({ vocabulary, mostCharacters: 12 })

  it('tells each match', () => {
    expect(model.explain!('unaffable')).toEqual({
      model: 'WordPiece',
      matches: [
        { token: 'un', id: 1, start: 0, end: 2 },
        { token: '##aff', id: 3, start: 2, end: 5 },
        { token: '##able', id: 4, start: 5, end: 9 },
      ],
    })
  })

  it('tells why a word is unknown', () => {
    expect(model.explain!('unaffix')).toMatchObject({ unknown: { reason: 'no match', at: 5 } })
    expect(model.explain!('unaaaaaaaaaaa')).toEqual({
      model: 'WordPiece',
      matches: [],
      unknown: { reason: 'too long', limit: 12 },
    })
    expect(model.tokenize('unaffix')).toEqual([0, 0, 7])
  })
})

describe('Unigram', () => {
  it('tells all candidates and the best path', () => {
    const model = unigram({
      pieces: [
        ['<unk>', 0],
        ['a', -1],
        ['b', -1],
        ['ab', -1.5],
      ],
      unknownId: 0,
    })
    const shared = { best: true, chosen: true, unknown: false }
    expect(model.explain!('abx')).toEqual({
      model: 'Unigram',
      candidates: [
        { ...shared, token: 'a', id: 1, start: 0, end: 1, score: -1, total: -1, chosen: false },
        { ...shared, token: 'ab', id: 3, start: 0, end: 2, score: -1.5, total: -1.5 },
        { ...shared, token: 'b', id: 2, start: 1, end: 2, score: -1, total: -2, best: false, chosen: false },
        { ...shared, token: '<unk>', id: 0, start: 2, end: 3, score: -11.5, total: -13, unknown: true },
      ],
      score: -13,
    })
  })
})

it('words are known or not', () => {
  const model = wordLevel(vocabularyOf(['[UNK]', 'a']), '[UNK]')
  expect(model.explain!('a')).toEqual({ model: 'WordLevel', token: 'a', id: 1, known: true })
  expect(model.explain!('b')).toEqual({ model: 'WordLevel', token: '[UNK]', id: 0, known: false })
  expect(wordLevel(vocabularyOf(['a']), '[UNK]').explain!('b')).toMatchObject({ id: undefined, known: false })
})

/** Segmentations drawn at random and the n best, against all segmentations counted out. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../base/random.ts'
import { parseTokenizer } from '../load.ts'
import { bpe } from './bpe.ts'
import type { Model } from './index.ts'
import type { Sampling } from './sampling.ts'
import { unigram } from './unigram.ts'
import { vocabularyOf } from './vocabulary.ts'

const pieces: [string, number][] = [
  ['<unk>', 0],
  ['a', -1],
  ['b', -1.5],
  ['ab', -1.75],
  ['ba', -2.5],
  ['aba', -3.25],
  ['bab', -4],
]
const model = unigram({ pieces, unknownId: 0 })
const unknownScore = -14

type Way = { ids: number[]; score: number }

/** Every way to write a piece, neighboring unknowns apart; scores added from the left as the model does. */
function allWays(piece: string): Way[] {
  if (piece === '') return [{ ids: [], score: 0 }]
  const last = [...piece].at(-1)!
  const fitting = pieces
    .map(([token, score], id) => ({ token, score, id }))
    .filter(({ token }) => piece.endsWith(token))
  if (!fitting.some(({ token }) => token === last)) fitting.push({ token: last, score: unknownScore, id: 0 })
  return fitting.flatMap(({ token, score, id }) =>
    allWays(piece.slice(0, piece.length - token.length)).map((way) => ({
      ids: [...way.ids, id],
      score: score + way.score,
    })),
  )
}

/** Ids as they are written: neighboring unknowns are one token. */
const written = (ids: readonly number[]) => ids.filter((id, i) => id !== 0 || ids[i + 1] !== 0)
const idsOf = (tokens: readonly number[]) => tokens.filter((_, i) => i % 3 === 0)

/** How often each way is drawn, by its ids. */
function drawn(from: Model, piece: string, sampling: Omit<Sampling, 'seed'>, draws: number): Map<string, number> {
  const random = new RandomStream({ seed: 7, purpose: 'test' })
  const counts = new Map<string, number>()
  for (let i = 0; i < draws; i++) {
    const ids = idsOf(from.sample!([piece], { seed: 0, ...sampling }, () => random.uniform())[0]!).join(' ')
    counts.set(ids, (counts.get(ids) ?? 0) + 1)
  }
  return counts
}

/** Each count is within five standard deviations of what the probabilities say, and nothing else was drawn. */
function expectCounts(counts: Map<string, number>, probabilities: Map<string, number>, draws: number) {
  for (const way of counts.keys()) expect([...probabilities.keys()]).toContain(way)
  for (const [way, p] of probabilities) {
    const deviation = Math.sqrt(draws * p * (1 - p))
    expect(Math.abs((counts.get(way) ?? 0) - draws * p), `${way}: ${p}`).toBeLessThanOrEqual(5 * deviation + 1e-9)
  }
}

function probabilitiesOf(ways: readonly Way[], alpha: number): Map<string, number> {
  const total = ways.reduce((sum, { score }) => sum + Math.exp(alpha * score), 0)
  return new Map(ways.map(({ ids, score }) => [written(ids).join(' '), Math.exp(alpha * score) / total]))
}

const text = fc.array(fc.constantFrom('a', 'b', 'ab', 'x', '😀'), { maxLength: 9 }).map((parts) => parts.join(''))

describe('the n best ways', () => {
  it('are those that counting all of them finds, best first', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 60 }), (piece, n) => {
        const best = model.nBest!([piece], n)
        const all = allWays(piece)
          .map(({ score }) => score)
          .sort((a, b) => b - a)
        expect(best.map(({ score }) => score)).toEqual(all.slice(0, n))
        const known = new Set(all.map((score) => score))
        const spelled = new Map(allWays(piece).map(({ ids, score }) => [written(ids).join(' '), score]))
        for (const { tokens, score } of best) {
          expect(known.has(score)).toBe(true)
          expect(spelled.get(idsOf(tokens[0]!).join(' '))).toBe(score)
        }
        expect(new Set(best.map(({ tokens }) => idsOf(tokens[0]!).join(' '))).size).toBe(best.length)
      }),
      { numRuns: 200 },
    )
  })

  it('begin with the one that is encoded, in texts of several pieces too', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), (parts) => {
        const [best] = model.nBest!(parts, 3)
        expect(best!.tokens).toEqual(parts.map((part) => model.tokenize(part)))
      }),
      { numRuns: 100 },
    )
  })

  it('of a tokenizer tell where each token stands', () => {
    const tokenizer = parseTokenizer({
      model: model.json(),
      pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'Removed', invert: false },
    })
    const best = tokenizer.nBest('ab 😀x', 3)
    expect(best.map(({ tokens }) => tokens)).toEqual([
      ['ab', '😀x'],
      ['a', 'b', '😀x'],
    ])
    expect(best[1]).toEqual({
      score: -2.5 + 2 * unknownScore,
      ids: [1, 2, 0],
      tokens: ['a', 'b', '😀x'],
      offsets: [
        [0, 1],
        [1, 2],
        [3, 6],
      ],
    })
    expect(() => tokenizer.nBest('a', 0)).toThrow(expect.objectContaining({ code: 'BAD_N_BEST' }))
    expect(() => parseTokenizer({ model: bpeModel.json() }).nBest('a', 2)).toThrow(/one of Unigram/)
  })

  it('of a text with countless ties are found in time', () => {
    const best = model.nBest!(['ab'.repeat(3000)], 16)
    expect(best).toHaveLength(16)
    expect(() => model.nBest!(['ab'.repeat(5000)], 1000)).toThrow(expect.objectContaining({ code: 'TOO_MANY_PATHS' }))
  })
})

describe('Unigram draws a way', () => {
  const piece = 'ababxa'
  it.each([0, 0.3, 1, 4])('by its probability to the power of %d', (alpha) => {
    const probabilities = probabilitiesOf(allWays(piece), alpha)
    expect(probabilities.size).toBeGreaterThan(6)
    expectCounts(drawn(model, piece, { alpha }, 4000), probabilities, 4000)
  })

  it('of the n best only, if asked to', () => {
    const best = allWays(piece)
      .sort((a, b) => b.score - a.score)
      .slice(0, 3)
    expectCounts(drawn(model, piece, { alpha: 0.5, nBest: 3 }, 2000), probabilitiesOf(best, 0.5), 2000)
    expect(drawn(model, piece, { nBest: 1 }, 50).size).toBe(1)
  })
})

const bpeModel = bpe({
  vocabulary: vocabularyOf(['a', 'b', 'c', 'ab', 'bc', 'abc', 'abab']),
  merges: [
    ['a', 'b'],
    ['b', 'c'],
    ['ab', 'c'],
    ['ab', 'ab'],
    ['a', 'bc'],
  ],
  ignoreMerges: true,
})

/** The distribution of BPE-dropout (Provilkov et al. 2020, algorithm 1), worked out merge by merge. */
function dropoutDistribution(symbols: readonly string[], p: number, chance = 1, into = new Map<string, number>()) {
  const ranks = new Map([
    ['a b', 0],
    ['b c', 1],
    ['ab c', 2],
    ['ab ab', 3],
    ['a bc', 4],
  ])
  const candidates = symbols
    .slice(1)
    .map((right, i) => ({ i, rank: ranks.get(`${symbols[i]} ${right}`) ?? -1 }))
    .filter(({ rank }) => rank >= 0)
    .sort((a, b) => a.rank - b.rank || a.i - b.i)
  for (const { i } of candidates) {
    dropoutDistribution(symbols.toSpliced(i, 2, symbols[i]! + symbols[i + 1]), p, chance * (1 - p), into)
    chance *= p
  }
  const ids = symbols.map((symbol) => bpeModel.vocabulary.idOf(symbol)).join(' ')
  into.set(ids, (into.get(ids) ?? 0) + chance)
  return into
}

describe('byte pair encoding draws a way', () => {
  it.each([0.1, 0.5, 0.9])('passing over merges with probability %d', (dropout) => {
    expectCounts(drawn(bpeModel, 'ababc', { dropout }, 4000), dropoutDistribution([...'ababc'], dropout), 4000)
  })

  it('which is the usual one without dropout, and the characters with nothing but dropout', () => {
    for (const piece of ['ababc', 'abc', 'a', 'abab'.repeat(30)]) {
      const usual = idsOf(bpeModel.tokenize(piece)).join(' ')
      expect([...drawn(bpeModel, piece, { dropout: 0 }, 3).keys()]).toEqual([usual])
      const characters = [...piece].map((character) => bpeModel.vocabulary.idOf(character)).join(' ')
      expect([...drawn(bpeModel, piece, { dropout: 1 }, 3).keys()]).toEqual([characters])
    }
  })
})

describe('a tokenizer that samples', () => {
  const tokenizer = parseTokenizer({
    model: model.json(),
    pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'Removed', invert: false },
  })
  const long = 'abab ab baba '.repeat(20)

  it('gives the same tokens for the same seed, others for another, and never keeps what it drew', () => {
    const ids = (seed: number) => tokenizer.encode(long, { sampling: { seed } }).ids
    const usual = tokenizer.encode(long).ids
    expect(ids(1)).toEqual(ids(1))
    expect(ids(2)).not.toEqual(ids(1))
    expect(tokenizer.encode(long).ids).toEqual(usual)
    expect(tokenizer.decode(ids(3)).replaceAll(' ', '')).toBe(long.replaceAll(' ', ''))
  })

  it('draws each piece and each text of a pair on its own', () => {
    const words = Array.from({ length: 30 }, () => '')
    const { tokens, offsets } = tokenizer.encode('abab '.repeat(30), { sampling: { seed: 5 } })
    tokens.forEach((token, i) => {
      words[Math.floor(offsets[i]![0] / 5)] += `${token} `
    })
    expect(new Set(words).size).toBeGreaterThan(3)
    const both = tokenizer.encode(long, { pair: long, sampling: { seed: 5 } })
    const first = tokenizer.encode(long, { sampling: { seed: 5 } }).ids
    expect(both.ids.slice(0, first.length)).toEqual(first)
    expect(both.ids.slice(first.length)).not.toEqual(first)
  })

  const bad: [string, object, RegExp][] = [
    ['no seed', {}, /seed is missing/],
    ['a seed below 0', { seed: -1 }, /seed is -1/],
    ['a seed in words', { seed: 'a' }, /seed is "a"/],
    ['alpha below 0', { seed: 1, alpha: -0.5 }, /alpha is -0\.5/],
    ['alpha without end', { seed: 1, alpha: Number.POSITIVE_INFINITY }, /alpha is/],
    ['none of the best', { seed: 1, nBest: 0 }, /nBest is 0/],
    ['dropout for Unigram', { seed: 1, dropout: 0.1 }, /dropout is nothing that Unigram knows/],
  ]
  it.each(bad)('refuses %s', (_, sampling, says) => {
    const encode = () => tokenizer.encode('ab', { sampling: sampling as Sampling })
    expect(encode).toThrow(expect.objectContaining({ code: 'BAD_SAMPLING', message: expect.stringMatching(says) }))
  })

  it('takes dropout from its file, which alone changes nothing', () => {
    const file = { model: { ...bpeModel.json(), dropout: 0.5 } }
    const withDropout = parseTokenizer(file)
    const seeds = Array.from({ length: 30 }, (_, seed) =>
      withDropout.encode('ababc', { sampling: { seed } }).ids.join(' '),
    )
    expect(new Set(seeds).size).toBeGreaterThan(1)
    expect(new Set([1, 2, 3].map(() => withDropout.encode('ababc').ids.join(' '))).size).toBe(1)
    expect(withDropout.toJSON().model).toMatchObject({ dropout: 0.5 })
    const without = parseTokenizer({ model: bpeModel.json() })
    expect(() => without.encode('a', { sampling: { seed: 1 } })).toThrow(/dropout is missing/)
    expect(() => without.encode('a', { sampling: { seed: 1, dropout: 2 } })).toThrow(/dropout is 2/)
    const words = parseTokenizer({ model: { type: 'WordLevel', vocab: { a: 0 }, unk_token: 'a' } })
    expect(() => words.encode('a', { sampling: { seed: 1 } })).toThrow(/nothing to sample/)
  })
})

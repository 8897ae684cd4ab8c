/** Learned Unigram vocabularies: those of Hugging Face's trainer, and what must hold for any. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../field.ts'
import { parseTokenizer } from '../load.ts'
import { type TrainTokenizerOptions, trainTokenizer } from './train.ts'
import { digamma, learnUnigram, type ScoredPiece, type UnigramOptions } from './unigram-learning.ts'
import { corpusOf, pieceText, seedPieces } from './unigram-seeds.ts'

const folder = new URL('../../../test/oracles/data/tokenizers/bpe-training/', import.meta.url)
const readJson = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const corpus: string[] = readJson('corpus.json')
const expected = readJson('expected.json')

const run = <T>(work: Generator<unknown, T>): T => {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}
const learn = (words: Record<string, number>, options: UnigramOptions) =>
  run(learnUnigram(new Map(Object.entries(words)), options))

const piecesOf = (tokenizer: { toJSON(): Json }) => (tokenizer.toJSON().model as { vocab: ScoredPiece[] }).vocab

describe("Hugging Face's trainer", () => {
  for (const size of [300, 500])
    it(`learns the same ${size} pieces`, async () => {
      const { in_every_run, in_some_runs, tokens_in_corpus, one_run } = expected[`unigram_${size}`]
      const tokenizer = await trainTokenizer(corpus, {
        model: 'unigram',
        vocabSize: size,
        normalizer: null,
        specialTokens: ['<unk>'],
        named: { unk: '<unk>' },
      })
      const learned = new Map(piecesOf(tokenizer))
      expect([...learned.keys()].filter((piece) => !in_some_runs.includes(piece)).sort()).toEqual(in_every_run)
      for (const [piece, score] of one_run) expect(Math.abs(learned.get(piece)! - score)).toBeLessThan(0.005)
      const tokens = corpus.reduce((sum, text) => sum + tokenizer.encode(text).ids.length, 0)
      expect(tokens).toBeGreaterThanOrEqual(tokens_in_corpus[0])
      expect(tokens).toBeLessThanOrEqual(tokens_in_corpus[1])
    })

  it('drops the same pieces, in the same order', () => {
    // Recorded with n_sub_iterations = 0, so that only the seeds and what is dropped of them decide.
    const words = { '▁dcadccb': 1, '▁acdacbd': 1, '▁dadbbc': 1 }
    for (const [size, recorded] of [
      [7, ['▁d']],
      [8, ['ad', '▁d']],
      [9, ['ad', 'cb', '▁d']],
      [10, ['ad', 'cb', 'da', '▁d']],
      [12, ['ac', 'ad', 'cb', 'da', 'dc', '▁d']],
    ] as const) {
      const learned = learn(words, { vocabSize: size, reserved: ['<unk>'], subIterations: 0 }).map(([piece]) => piece)
      expect(learned.filter((piece) => piece.length > 1).sort()).toEqual(recorded)
    }
  })
})

describe('seeds', () => {
  it('are characters and the substrings that different characters follow', () => {
    const words = run(corpusOf(new Map(Object.entries({ 'This is a': 1, こんにちは友達: 1 }))))
    const { starts, lengths, scores } = run(seedPieces(words, 1000, 16))
    const texts = [...starts.keys()].slice(1).map((i) => pieceText(words, starts[i]!, lengths[i]!))
    expect(texts).toEqual([...'si 達友んはにちこhaT', 'is ', 's '])
    const weights = [2, 2, 2, ...Array(10).fill(1), 6, 4]
    for (const [i, weight] of weights.entries()) expect(scores[i + 1]).toBeCloseTo(Math.log(weight / 26), 12)
  })

  it('are those that counting every substring gives', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '😀'), minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), fc.integer({ min: 2, max: 6 }), (list, longest) => {
        const words = [...new Set(list)]
        const followers = new Map<string, Set<string>>()
        const counts = new Map<string, number>()
        for (const characters of words.map((each) => [...each, '']))
          for (let from = 0; from < characters.length - 1; from++)
            for (let to = from + 2; to < characters.length && to - from <= longest; to++) {
              const text = characters.slice(from, to).join('')
              counts.set(text, (counts.get(text) ?? 0) + 1)
              followers.set(text, (followers.get(text) ?? new Set()).add(characters[to]!))
            }
        const wanted = [...counts.keys()].filter((text) => followers.get(text)!.size > 1).sort()
        const found = run(corpusOf(new Map(words.map((each) => [each, 1]))))
        const { starts, lengths } = run(seedPieces(found, 1000, longest))
        const texts = [...starts.keys()].map((i) => pieceText(found, starts[i]!, lengths[i]!))
        expect(texts.filter((text) => [...text].length > 1).sort()).toEqual(wanted)
      }),
    )
  })
})

describe('any vocabulary', () => {
  it('has every character, no special token, and the likely pieces first', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '▁', '\0', '\ue000', '😀'), minLength: 1 })
    fc.assert(
      fc.property(
        fc.dictionary(word, fc.integer({ min: 1, max: 9 })),
        fc.integer({ min: 10, max: 30 }),
        (words, size) => {
          const pieces = learn(words, { vocabSize: size, reserved: ['<unk>', 'ab'], initialAlphabet: ['z'] })
          const texts = pieces.map(([piece]) => piece)
          expect(texts.length).toBeLessThanOrEqual(size - 2)
          expect(new Set(texts).size).toBe(texts.length)
          for (const character of new Set([...Object.keys(words).join(''), 'z'])) expect(texts).toContain(character)
          expect(texts).not.toContain('ab')
          expect(pieces.every(([, score], i) => i === 0 || score <= pieces[i - 1]![1])).toBe(true)
        },
      ),
    )
  })

  it('depends on the words alone, not on their order', () => {
    const words = [...new Set(corpus.join(' ').split(' '))].map((word, i) => [`▁${word}`, 1 + (i % 7)] as const)
    const options = { vocabSize: 200 }
    const there = run(learnUnigram(new Map(words), options))
    expect(run(learnUnigram(new Map(words.toReversed()), options))).toEqual(there)
  })

  it('obeys the longest piece and the least frequency', () => {
    const words = { abcabcabd: 5, abcab: 3, xyxyxz: 1 }
    const short = learn(words, { vocabSize: 20, maxPieceLength: 2 })
    expect(Math.max(...short.map(([piece]) => piece.length))).toBe(2)
    expect(learn(words, { vocabSize: 20, maxPieceLength: 1 }).map(([piece]) => piece.length)).toEqual(Array(7).fill(1))
    const frequent = learn(words, { vocabSize: 20, minFrequency: 3 }).map(([piece]) => piece)
    expect(frequent.some((piece) => piece.includes('ab'))).toBe(true)
    expect(frequent.some((piece) => piece.length > 1 && piece.includes('x'))).toBe(false)
  })

  it('must have room for the characters', () => {
    expect(() => learn({ abc: 1, d: 1 }, { vocabSize: 4, reserved: ['<unk>'] })).toThrow(
      /vocabulary size is 4.\nExpected at least 5: 4 characters and 1 special token\./,
    )
    expect(learn({}, { vocabSize: 4, reserved: ['<unk>'] })).toEqual([])
  })

  it('comes from a word of many equal characters in time, with turns for others', () => {
    const start = performance.now()
    const learning = learnUnigram(new Map([['x'.repeat(200_000), 1]]), { vocabSize: 10 })
    let turns = 0
    while (!learning.next().done) turns++
    expect(performance.now() - start).toBeLessThan(10_000)
    expect(turns).toBeGreaterThan(100)
  })
})

describe('a learned tokenizer', () => {
  it('reads and writes text, ends it, and comes back from its file', async () => {
    const seen: { stage: string; done?: number; total?: number }[] = []
    const tokenizer = await trainTokenizer(corpus, {
      model: 'unigram',
      vocabSize: 200,
      onProgress: (progress) => seen.push({ ...progress }),
    })
    expect(tokenizer.named).toEqual({ pad: '<pad>', eos: '</s>', unk: '<unk>' })
    expect([0, 1, 2].map((id) => tokenizer.tokenOf(id))).toEqual(['<pad>', '</s>', '<unk>'])
    const text = "the ﬁrst  wagon\tdoesn't"
    const { ids, tokens } = tokenizer.encode(text)
    expect(tokens.at(-1)).toBe('</s>')
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe("the first wagon doesn't")
    const learned = seen.filter(({ stage }) => stage === 'learn')
    expect(learned.at(-1)!.done).toBe(learned.at(-1)!.total)
    expect(learned.every(({ done }, i) => i === 0 || done! >= learned[i - 1]!.done!)).toBe(true)
    const again = parseTokenizer(JSON.parse(JSON.stringify(tokenizer)))
    for (const each of corpus) expect(again.encode(each).ids).toEqual(tokenizer.encode(each).ids)
  })
})

describe('its settings', () => {
  const learned = async (settings: TrainTokenizerOptions) => {
    const preTokenizer = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true }
    const common = {
      model: 'unigram',
      vocabSize: 200,
      specialTokens: ['<unk>'],
      normalizer: null,
      preTokenizer,
    } as const
    return new Set(piecesOf(await trainTokenizer(corpus, { ...common, ...settings })).map(([piece]) => piece))
  }

  // What all of six runs of Hugging Face's trainer have that none without the setting has, and the reverse.
  it.each<[TrainTokenizerOptions, number, string[], string[]]>([
    [{ shrinkingFactor: 0.3 }, 200, ['sa', '▁Li', '▁M', '▁they'], ['▁0.5', '▁3.14', '▁Tokyo', '▁café']],
    [{ subIterations: 5 }, 200, ['sa', '▁Li', '▁M', '▁they'], ['▁0.5', '▁3.14', '▁Tokyo', '▁café']],
    [{ seedSize: 200 }, 178, ['atten', 'attention', 'co', 'coder'], ['2026', 'buil', 'll', "n'"]],
  ])('%j', async (settings, size, only, never) => {
    const pieces = await learned(settings)
    expect(pieces.size).toBe(size)
    expect([...only, ...never].filter((piece) => pieces.has(piece))).toEqual(only)
  })

  it.each([{ shrinkingFactor: 1 }, { shrinkingFactor: 0 }, { subIterations: 0 }, { seedSize: -5 }])(
    '%j is refused',
    async (settings) => {
      await expect(learned(settings)).rejects.toMatchObject({ code: 'BAD_SETTING' })
    },
  )
})

describe('digamma', () => {
  it('is −γ at 1 and grows by 1/x', () => {
    expect(digamma(1)).toBeCloseTo(-0.5772156649015329, 9)
    expect(digamma(0.5)).toBeCloseTo(-0.5772156649015329 - 2 * Math.LN2, 9)
    for (const x of [0.6, 3, 6.5, 7, 40, 1e6]) expect(digamma(x + 1) - digamma(x)).toBeCloseTo(1 / x, 9)
  })
})

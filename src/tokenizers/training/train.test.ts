/** Learned tokenizers: exactly what Hugging Face's trainer learns, and the textbook examples. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadTokenizer } from '../load.ts'
import { bpe } from '../models/bpe.ts'
import { vocabularyOf } from '../models/vocabulary.ts'
import { learningMerges } from './learn-merges.ts'
import { type TrainProgress, trainBytelevelBpe, trainCharacters } from './train.ts'

const folder = new URL('../../../test/oracles/data/tokenizers/', import.meta.url)
const readJson = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const corpus: string[] = readJson('bpe-training/corpus.json')
const expected = readJson('bpe-training/expected.json')

type BpeJson = { vocab: Record<string, number>; merges: [string, string][] }
const byId = (vocab: Record<string, number>) => Object.keys(vocab).sort((a, b) => vocab[a]! - vocab[b]!)

describe('byte-level BPE', () => {
  for (const size of [300, 500])
    it(`learns the same ${size} tokens`, () => {
      const tokenizer = trainBytelevelBpe(corpus, { vocabSize: size })
      const { merges, vocab } = tokenizer.toJSON().model as BpeJson
      expect(merges).toEqual(expected[`bytelevel_bpe_${size}`].merges)
      expect(byId(vocab)).toEqual(expected[`bytelevel_bpe_${size}`].vocab)
      for (const text of corpus) expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(text)
    })

  it('stops at the minimum frequency', () => {
    const { merges } = trainBytelevelBpe(['ab ab ab cd'], { vocabSize: 1000, minFrequency: 2 }).toJSON()
      .model as BpeJson
    expect(merges).toEqual([
      ['a', 'b'],
      ['Ġ', 'ab'],
    ])
  })

  it('reports its progress', () => {
    const seen: TrainProgress[] = []
    trainBytelevelBpe(corpus, { vocabSize: 300, onProgress: (progress) => seen.push(progress) })
    expect(seen[0]).toMatchObject({ stage: 'read', texts: 1, units: corpus[0]!.length, forgotten: 0 })
    expect(seen.at(-1)).toEqual({ stage: 'learn', done: 43, total: 43 })
  })

  it('names its special tokens, and refuses what cannot be', () => {
    const tokenizer = trainBytelevelBpe(corpus, { vocabSize: 260 })
    expect(tokenizer.named).toEqual({ bos: '<|endoftext|>', eos: '<|endoftext|>', unk: '<|endoftext|>' })
    expect(tokenizer.idOf('<|endoftext|>')).toBe(0)
    expect(() => trainBytelevelBpe(corpus, { vocabSize: 256 })).toThrow(/at least 257/)
    expect(() => trainBytelevelBpe(corpus, { specialTokens: ['a', 'a'] })).toThrow(/different/)
  })
})

describe('the textbook examples', () => {
  for (const [name, example] of Object.entries<{
    text: string
    vocab_size: number
    merges: [string, string][]
    vocab: string[]
    encoded: string[]
  }>(expected.worked))
    it(name, () => {
      const words = example.text.split(' ')
      const counts = new Map<string, number>()
      for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
      const alphabet = [...new Set(words.join(''))].sort()
      const learning = learningMerges(counts, { vocabSize: example.vocab_size, alphabet })
      let step = learning.next()
      while (!step.done) step = learning.next()
      const { tokens, merges } = step.value
      expect(merges).toEqual(example.merges)
      expect(tokens).toEqual(example.vocab)
      const model = bpe({ vocabulary: vocabularyOf(tokens), merges })
      const encoded = words.flatMap((word) => model.tokenize(word).filter((_, i) => i % 3 === 0))
      expect(encoded.map((id) => tokens[id])).toEqual(example.encoded)
    })
})

describe('characters', () => {
  it('writes the file that Hugging Face reads', async () => {
    const published = await loadTokenizer(new URL('char-level/tokenizer.json', folder).pathname)
    const learned = trainCharacters(corpus, { vocabSize: 90 }).toJSON()
    const { model, ...rest } = learned as { model: BpeJson & { unk_token: string } }
    const { model: publishedModel, ...publishedRest } = published.toJSON() as { model: BpeJson & { unk_token: string } }
    expect(rest).toEqual(publishedRest)
    expect(model.unk_token).toBe(publishedModel.unk_token)
    expect(byId(model.vocab).slice(0, 4)).toEqual(['<pad>', '<unk>', '<s>', '</s>'])
  })

  it('puts frequent characters first, equals by code point', () => {
    const { vocab } = trainCharacters(['bbba', 'c😀'], { specialTokens: [] }).toJSON().model as BpeJson
    expect(byId(vocab)).toEqual(['b', 'a', 'c', '😀'])
    const frequent = trainCharacters(['bbba'], { specialTokens: ['<unk>'], minFrequency: 2 })
    expect(frequent.encode('ab').ids).toEqual([0, 1])
  })

  it('names the character it does not have', () => {
    expect(() => trainCharacters(['ab'], { specialTokens: [] }).encode('abc')).toThrow(/"c".*"<unk>"/)
  })
})

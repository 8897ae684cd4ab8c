/** Tokenizers learned from the oracle's corpus, against what Hugging Face's trainers learned from it in several runs. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Json } from '../field.ts'
import { type TrainTokenizerOptions, trainMeasured } from './train.ts'

const folder = new URL('../../../test/oracles/data/tokenizers/bpe-training/', import.meta.url)
const readJson = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const corpus: string[] = readJson('corpus.json')
const expected = readJson('expected.json')

type Runs = {
  vocab_size: number
  in_every_run: string[]
  in_some_runs: string[]
  one_run_merges?: [string, string][]
  tokens_in_corpus: [number, number]
}

/** Its trainers break ties by the order of hashes; ours do not, so what all of its runs agree on must be there. */
function checkRuns(name: string, options: TrainTokenizerOptions) {
  const runs: Runs = expected[name]
  it(name, async () => {
    const { tokenizer, tokens } = await trainMeasured(corpus, {
      ...options,
      vocabSize: runs.vocab_size,
      measure: true,
    })
    const { vocab } = tokenizer.toJSON().model as { vocab: Record<string, number> }
    expect(Object.keys(vocab)).toHaveLength(runs.vocab_size)
    expect(runs.in_every_run.filter((token) => !(token in vocab))).toEqual([])
    const possible = new Set([...runs.in_every_run, ...runs.in_some_runs])
    expect(Object.keys(vocab).filter((token) => !possible.has(token))).toEqual([])
    const [least, most] = runs.tokens_in_corpus
    const encoded = corpus.reduce((sum, text) => sum + tokenizer.encode(text, { addSpecialTokens: false }).length, 0)
    expect(tokens).toBe(encoded)
    expect(encoded).toBeGreaterThanOrEqual(least * 0.98)
    expect(encoded).toBeLessThanOrEqual(most * 1.02)
  })
}

describe('against the runs of Hugging Face', () => {
  checkRuns('word_end_bpe', {
    model: 'bpe',
    preTokenizer: { type: 'WhitespaceSplit' },
    minFrequency: 3,
    limitAlphabet: 60,
    endOfWord: '</w>',
    specialTokens: ['<unk>'],
  })
  checkRuns('wordpiece_300', { model: 'wordpiece' })
  checkRuns('wordpiece_500', { model: 'wordpiece' })
})

describe('complete tokenizers', () => {
  it('WordPiece: [CLS] and [SEP] around texts, pairs in two segments, and decoding', async () => {
    const { tokenizer } = await trainMeasured(corpus, { model: 'wordpiece', vocabSize: 500 })
    const { ids, typeIds, tokens } = tokenizer.encode('The model', { pair: 'learns.' })
    expect(tokens[0]).toBe('[CLS]')
    expect(tokens.at(-1)).toBe('[SEP]')
    expect(new Set(typeIds)).toEqual(new Set([0, 1]))
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe('the model learns.')
    expect(tokenizer.named).toEqual({ pad: '[PAD]', unk: '[UNK]', cls: '[CLS]', sep: '[SEP]', mask: '[MASK]' })
    expect((tokenizer.toJSON().normalizer as Json).lowercase).toBe(true)
  })
})

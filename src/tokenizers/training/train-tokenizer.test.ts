/** Training as a whole: any kind, texts in chunks, progress, turns, signals, settings that cannot be. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { byteCharacters } from '../text/bytes.ts'
import { type TrainingKindName, trainingKinds } from './kinds.ts'
import type { TrainSettings } from './preparation.ts'
import { type TrainProgress, trainBytelevelBpe, trainMeasured, trainTokenizer } from './train.ts'

const file = new URL('../../../test/oracles/data/tokenizers/bpe-training/corpus.json', import.meta.url)
const corpus: string[] = JSON.parse(readFileSync(file, 'utf8'))
/** Over a megabyte, with characters of one to four bytes. */
const long = Array.from({ length: 60 }, (_, i) => `${corpus.join('\n')} 𝒳${i}`).join('\n')

async function* chunks(text: string, size: number) {
  for (let i = 0; i < text.length; i += size) yield text.slice(i, i + size)
}

const kinds = Object.keys(trainingKinds) as TrainingKindName[]

describe('every kind', () => {
  it.each(kinds)('%s: learns a tokenizer that encodes, decodes and can be written', async (model) => {
    const settings = model === 'bytes' || model === 'characters' || model === 'words' ? {} : { vocabSize: 400 }
    const { tokenizer, tokens } = await trainMeasured(corpus, { model, ...settings, measure: true })
    const encoded = corpus.reduce((sum, text) => sum + tokenizer.encode(text, { addSpecialTokens: false }).length, 0)
    expect(tokens).toBe(model === 'bytes' ? undefined : encoded)
    expect(JSON.stringify(await trainTokenizer(corpus.toReversed(), { model, ...settings }))).toBe(
      JSON.stringify(tokenizer),
    )
    for (const token of tokenizer.addedTokens) expect(token.special).toBe(true)
    const text = 'the model learns.'
    expect(tokenizer.decode(tokenizer.encode(text).ids, { skipSpecialTokens: true }).replaceAll(' ', '')).toBe(
      text.replaceAll(' ', ''),
    )
  })

  it.each(['bpe', 'wordpiece', 'words', 'characters'] as const)(
    '%s: the chunks of a text do not matter',
    async (model) => {
      const settings: TrainSettings = { model, vocabSize: 1000 }
      const whole = JSON.stringify(await trainTokenizer([long], settings))
      for (const size of [999_999, 65_537])
        expect(JSON.stringify(await trainTokenizer([chunks(long, size)], settings))).toBe(whole)
    },
  )

  it('learns at once what it learns in turns', async () => {
    expect(trainBytelevelBpe([long], { vocabSize: 400 }).toJSON()).toEqual(
      (await trainTokenizer([chunks(long, 100_000)], { vocabSize: 400 })).toJSON(),
    )
  })

  it('takes texts one by one, and lines where that is asked for', async () => {
    const settings: TrainSettings = { preTokenizer: null, specialTokens: [], vocabSize: 20, endOfWord: '$' }
    const tokensOf = async (texts: Iterable<string>, lines: boolean) => {
      const { vocab } = (await trainTokenizer(texts, { ...settings, lines })).toJSON().model as { vocab: object }
      return Object.keys(vocab)
    }
    expect(await tokensOf(['ab\nab\n'], true)).toContain('ab\n$')
    expect(await tokensOf(['ab\nab\n'], false)).toContain('ab\nab\n$')
    expect(await tokensOf(['ab', 'ab'], false)).toContain('ab$')
  })
})

describe('while it works', () => {
  it('tells how far it is, and others get their turn', async () => {
    const seen: TrainProgress[] = []
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await trainTokenizer([chunks(long, 50_000)], { vocabSize: 2000, onProgress: (progress) => seen.push(progress) })
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
    const read = seen.filter((progress) => progress.stage === 'read')
    expect(read.at(-1)).toMatchObject({ texts: 1, units: long.length, forgotten: 0 })
    expect(read.map(({ units }) => units)).toEqual(read.map(({ units }) => units).sort((a, b) => a - b))
    const learned = seen.filter((progress) => progress.stage === 'learn')
    expect(seen.indexOf(learned[0]!)).toBe(read.length)
    expect(learned.map(({ done }) => done)).toEqual(learned.map(({ done }) => done).sort((a, b) => a - b))
    expect(learned.at(-1)!.done).toBeLessThanOrEqual(learned.at(-1)!.total)
  })

  it.each(['read', 'learn'])('stops at a signal: %s', async (stage) => {
    const controller = new AbortController()
    let after = 0
    const training = trainTokenizer([chunks(long, 50_000)], {
      vocabSize: 2000,
      signal: controller.signal,
      onProgress: (progress) => {
        if (controller.signal.aborted) after++
        if (progress.stage === stage) controller.abort('enough')
      },
    })
    await expect(training).rejects.toBe('enough')
    expect(after).toBe(0)
  })

  it('hands on an error of the texts', async () => {
    async function* broken() {
      yield 'text '
      throw new Error('the disk is gone')
    }
    await expect(trainTokenizer([broken()])).rejects.toThrow('the disk is gone')
  })
})

describe('settings', () => {
  const modelOf = async (settings: TrainSettings) =>
    (await trainTokenizer(corpus, settings)).toJSON().model as Record<string, unknown>

  it('byte-level wherever the stages are: all bytes, no unknown token', async () => {
    const preTokenizer = {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Digits', individual_digits: true },
        { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
      ],
    }
    const tokenizer = await trainTokenizer(corpus, { vocabSize: 300, preTokenizer })
    expect(byteCharacters.filter((character) => tokenizer.idOf(character) === undefined)).toEqual([])
    expect((tokenizer.toJSON().model as { unk_token: unknown }).unk_token).toBe(null)
    expect(tokenizer.decode(tokenizer.encode('Ġ 12 語').ids)).toBe('Ġ 12 語')
  })

  it('roles of special tokens by their usual spelling, or as said', async () => {
    const special = (
      await trainTokenizer(corpus, { vocabSize: 300, specialTokens: ['<s>', '<pad>', '</s>', '<unk>', '<mask>'] })
    ).named
    expect(special).toEqual({ bos: '<s>', pad: '<pad>', eos: '</s>', unk: '<unk>', mask: '<mask>' })
    const said = await trainTokenizer(corpus, {
      vocabSize: 300,
      specialTokens: ['A', 'B'],
      named: { bos: 'A', eos: 'C' },
    })
    expect(said.named).toEqual({ bos: 'A' })
    const own = await modelOf({ model: 'words', specialTokens: ['[UNK]'] })
    expect(own.unk_token).toBe('[UNK]')
  })

  it('decoding that fits the cutting', async () => {
    const decoderOf = async (settings: TrainSettings) =>
      ((await trainTokenizer(['ab ab cd'], { vocabSize: 20, ...settings })).toJSON().decoder as { type: string } | null)
        ?.type
    expect(await decoderOf({ preTokenizer: { type: 'WhitespaceSplit' }, endOfWord: '</w>' })).toBe('BPEDecoder')
    expect(await decoderOf({ preTokenizer: { type: 'WhitespaceSplit' }, continuingPrefix: '@@' })).toBe('WordPiece')
    expect(
      await decoderOf({ preTokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true } }),
    ).toBe('Metaspace')
    expect(await decoderOf({ preTokenizer: { type: 'WhitespaceSplit' } })).toBe(undefined)
    expect(await decoderOf({ preTokenizer: null })).toBe('Fuse')
    expect(await decoderOf({ preTokenizer: null, decoder: { type: 'ByteFallback' } })).toBe('ByteFallback')
  })

  it.each<[string, TrainSettings]>([
    ['BAD_SETTING', { model: 'words', endOfWord: '_' }],
    ['BAD_SETTING', { model: 'bytes', vocabSize: 500 }],
    ['BAD_SETTING', { merges: 7 } as TrainSettings],
    ['BAD_ALPHABET', { initialAlphabet: ['ab'] }],
    ['BAD_ALPHABET', { initialAlphabet: [''] }],
    ['BAD_ALPHABET', { initialAlphabet: '\ud800' }],
    ['BAD_SPECIAL_TOKENS', { specialTokens: ['a', 'a'] }],
    ['BAD_SPECIAL_TOKENS', { specialTokens: [''] }],
    ['VOCABULARY_TOO_SMALL', { vocabSize: 256 }],
    ['VOCABULARY_TOO_SMALL', { model: 'wordpiece', vocabSize: 40 }],
    ['VOCABULARY_TOO_SMALL', { model: 'words', vocabSize: 4 }],
    ['TOKENIZER_UNKNOWN_NAME', { preTokenizer: { type: 'Nothing' } }],
    ['TOKENIZER_UNKNOWN_NAME', { normalizer: { type: 'Nothing' } }],
  ])('%s: %j', async (code, settings) => {
    await expect(trainTokenizer(corpus, settings)).rejects.toMatchObject({ code })
  })
})

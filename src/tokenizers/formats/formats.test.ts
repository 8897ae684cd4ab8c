/** Files without a tokenizer.json are read as transformers, sentencepiece and tiktoken read them; bad ones are refused by name. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadTokenizer } from '../load.ts'

type Content = string | { base64: string }
type Case = {
  /** Name in the directory → name in the sample. */
  files: Record<string, string>
  settings: Record<string, object>
  size?: number
  ids: number[][]
  /** Ids, and segments if the class gives any, of the first text with another one. */
  pairs?: [number[], number[] | null][]
}
const sample = new URL('../../../test/oracles/data/tokenizers/files.json', import.meta.url)
const { texts, files, cases }: { texts: string[]; files: Record<string, Content>; cases: Record<string, Case> } =
  JSON.parse(readFileSync(sample, 'utf8'))
const scratch = mkdtempSync(join(tmpdir(), 'tokenizer-files-'))
afterAll(() => rmSync(scratch, { recursive: true }))

/** A directory with files of these contents. */
function directoryOf(name: string, contents: Record<string, Content | Uint8Array | object>): string {
  const directory = join(scratch, name)
  mkdirSync(directory)
  for (const [file, content] of Object.entries(contents)) {
    const plain = typeof content === 'string' || content instanceof Uint8Array
    const bytes =
      !plain && 'base64' in content ? Buffer.from((content as { base64: string }).base64, 'base64') : undefined
    writeFileSync(join(directory, file), plain ? content : (bytes ?? JSON.stringify(content)))
  }
  return directory
}
const filesOf = (name: string) => {
  const { files: names, settings } = cases[name]!
  return { ...Object.fromEntries(Object.entries(names).map(([file, key]) => [file, files[key]!])), ...settings }
}

describe.each(Object.keys(cases))('%s', (name) => {
  const { files: names, size, ids, pairs } = cases[name]!
  it('gives the same ids, from the directory, from its file, and written and read again', async () => {
    const directory = directoryOf(name, filesOf(name))
    const tokenizer = await loadTokenizer(directory)
    if (size !== undefined) expect(tokenizer.vocabSize).toBe(size)
    const again = join(directory, 'again')
    await tokenizer.save(again)
    const alone = join(directory, Object.keys(names)[0] ?? '')
    // What the libraries of the vocabularies' authors read, they read as text alone.
    const options = pairs ? ({ special: 'parse' } as const) : ({ special: 'text', addSpecialTokens: false } as const)
    for (const each of [tokenizer, await loadTokenizer(again), await loadTokenizer(alone)]) {
      expect(texts.map((text) => each.encode(text, options).ids)).toEqual(ids)
      pairs?.forEach(([pair, types], i) => {
        const encoding = each.encode(texts[0]!, { pair: texts[i]!, special: 'parse' })
        expect([encoding.ids, types && encoding.typeIds]).toEqual([pair, types])
      })
    }
  })
})

describe('settings', () => {
  it('beside a tokenizer.json name roles and add tokens that it lacks', async () => {
    const directory = directoryOf('beside', filesOf('gpt2'))
    await (await loadTokenizer(directory)).save(directory)
    writeFileSync(join(directory, 'special_tokens_map.json'), JSON.stringify({ pad_token: { content: '<new>' } }))
    const decoder = { 316: { content: '<new>', special: true }, 317: { content: 'dog', single_word: true } }
    writeFileSync(join(directory, 'tokenizer_config.json'), JSON.stringify({ added_tokens_decoder: decoder }))
    const tokenizer = await loadTokenizer(directory)
    expect(tokenizer.named).toEqual({ pad: '<new>' })
    expect(tokenizer.encode('dog<new>dogs', { special: 'parse' }).ids.slice(0, 2)).toEqual([317, 316])
    expect(tokenizer.isSpecial(317)).toBe(false)
  })

  it('that are kept are written again, templates among them', async () => {
    const config = { model_max_length: 12, tokenizer_class: 'GPT2Tokenizer', unknown_field: [1] }
    const directory = directoryOf('kept', { ...filesOf('gpt2'), 'tokenizer_config.json': config })
    writeFileSync(join(directory, 'chat_template.jinja'), 'main')
    mkdirSync(join(directory, 'additional_chat_templates'))
    writeFileSync(join(directory, 'additional_chat_templates', 'tools.jinja'), 'other')
    await (await loadTokenizer(directory)).save(join(directory, 'again'))
    const chat_template = [
      { name: 'default', template: 'main' },
      { name: 'tools', template: 'other' },
    ]
    expect(JSON.parse(readFileSync(join(directory, 'again', 'tokenizer_config.json'), 'utf8'))).toMatchObject({
      ...config,
      chat_template,
      eos_token: '<|endoftext|>',
    })
  })
})

describe('without a class', () => {
  it.each(['roberta', 'clip', 'openai-gpt', 'gpt2'])('the vocabulary of %s tells', async (name) => {
    const { 'tokenizer_config.json': _, ...rest } = filesOf(name)
    const tokenizer = await loadTokenizer(directoryOf(`${name}, guessed`, rest))
    expect(texts.map((text) => tokenizer.encode(text, { special: 'parse' }).ids)).toEqual(cases[name]!.ids)
  })

  it('config.json tells', async () => {
    const { 'tokenizer_config.json': _, ...rest } = filesOf('xlm-roberta')
    const directory = directoryOf('by model', { ...rest, 'config.json': { model_type: 'xlm-roberta' } })
    const tokenizer = await loadTokenizer(directory)
    expect(texts.map((text) => tokenizer.encode(text, { special: 'parse' }).ids)).toEqual(cases['xlm-roberta']!.ids)
  })

  it.each(['constructor', '__proto__', 'toString'])('the name %s is that of no class', async (name) => {
    const bpe = { ...filesOf('gpt2'), 'tokenizer_config.json': { tokenizer_class: name } }
    const tokenizer = await loadTokenizer(directoryOf(`gpt2, ${name}`, bpe))
    expect(texts.map((text) => tokenizer.encode(text, { special: 'parse' }).ids)).toEqual(cases.gpt2!.ids)
    const rest = { ...filesOf('xlm-roberta'), 'tokenizer_config.json': {}, 'config.json': { model_type: name } }
    const model = await loadTokenizer(directoryOf(`model, ${name}`, rest))
    expect(model.encode('a').length).toBeGreaterThan(0)
    const ranks = await loadTokenizer(directoryOf(`ranks, ${name}`, { [`${name}.tiktoken`]: 'IQ== 0\n' }))
    expect(ranks.encode('!').ids).toEqual([0])
  })
})

/** Files that are refused, and what is said. */
const spm = () => Buffer.from((files['t5.model'] as { base64: string }).base64, 'base64')
const bad: [string, () => Record<string, Content | Uint8Array | object>, RegExp][] = [
  [
    'a model cut short',
    () => ({ 'spiece.model': spm().subarray(0, 700) }),
    /spiece\.model: byte \d+ of a message of 700/,
  ],
  ['an empty model', () => ({ 'spiece.model': '' }), /spiece\.model: it has no pieces/],
  ['a model of other bytes', () => ({ 'spiece.model': Uint8Array.of(7, 255, 1) }), /spiece\.model: byte 1/],
  ['a line without a rank', () => ({ 'x.tiktoken': 'IQ== 0\nIg==\n' }), /x\.tiktoken: line 2 is "Ig=="/],
  ['a line that is no base64', () => ({ 'x.tiktoken': 'I 0\n' }), /x\.tiktoken: line 1/],
  ['two ranks that are one', () => ({ 'x.tiktoken': 'IQ== 0\nIg== 0\n' }), /x\.tiktoken: model\.vocab/],
  [
    'a vocabulary that is a list',
    () => ({ 'vocab.json': [], 'merges.txt': '' }),
    /vocab\.json: the whole file is \[\]/,
  ],
  ['a bad id', () => ({ 'vocab.json': { a: -1 }, 'merges.txt': '' }), /vocab\.json: a is -1/],
  ['a merge of three', () => ({ 'vocab.json': { a: 1 }, 'merges.txt': 'a b c\n' }), /merges\.txt: line 1 is "a b c"/],
  [
    'a merge of nothing',
    () => ({ 'vocab.json': { a: 1 }, 'merges.txt': 'a b\n' }),
    /merges\.txt: merge 0.*needs the token "b"/,
  ],
  [
    'a setting that is no boolean',
    () => ({ ...filesOf('gpt2'), 'tokenizer_config.json': { add_prefix_space: 'yes' } }),
    /tokenizer_config\.json: add_prefix_space is "yes"/,
  ],
  [
    "an added token with another's id",
    () => ({ ...filesOf('gpt2'), 'tokenizer_config.json': { added_tokens_decoder: { 5: { content: 'x' } } } }),
    /tokenizer_config\.json: added_tokens_decoder\.5\.id is 5/,
  ],
  [
    'a class with rules of its own',
    () => ({ 'vocab.txt': 'a\n', 'tokenizer_config.json': { tokenizer_class: 'PhobertTokenizer' } }),
    /the class PhobertTokenizer merges pieces/,
  ],
  [
    'a language that the vocabulary lacks',
    () => ({ ...filesOf('mbart'), 'tokenizer_config.json': { tokenizer_class: 'MBart50Tokenizer', src_lang: 'xx' } }),
    /tokenizer_config\.json: src_lang is "xx".*\n.*a language of the vocabulary/,
  ],
  [
    'a billion sentinels',
    () => ({ ...filesOf('t5'), 'tokenizer_config.json': { tokenizer_class: 'T5Tokenizer', extra_ids: 1e9 } }),
    /tokenizer_config\.json: extra_ids is 1000000000/,
  ],
  [
    'less than no sentinels',
    () => ({ 'tokenizer_config.json': { tokenizer_class: 'ByT5Tokenizer', extra_ids: -1 } }),
    /tokenizer_config\.json: extra_ids is -1/,
  ],
  ['no vocabulary', () => ({ 'readme.md': '' }), /has no tokenizer/],
]
it.each(bad)('refused: %s', async (name, contents, says) => {
  const error = await loadTokenizer(directoryOf(`bad ${name}`, contents())).catch((reason) => reason)
  expect(error).toMatchObject({ kind: 'file', message: expect.stringMatching(says) })
  expect(error.message.split('\n').length).toBeLessThanOrEqual(3)
})

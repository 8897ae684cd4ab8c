/** Tokenizer files: every kind of bad one is refused with a message that helps, good ones survive reading and writing. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { PellucidError } from '../base/errors.ts'
import { byteTokenizer } from './byte-level.ts'
import { findTokenizer, loadTokenizer, parseTokenizer } from './load.ts'
import { trainBytelevelBpe } from './training/train.ts'

const oracles = fileURLToPath(new URL('../../test/oracles/data/tokenizers/', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'tokenizers-'))
afterAll(() => rmSync(scratch, { recursive: true }))

type Json = Record<string, unknown>
const good = () => ({
  version: '1.0',
  truncation: null as unknown,
  padding: null as unknown,
  added_tokens: [{ id: 0, content: '<s>', special: true }] as Json[],
  normalizer: null as unknown,
  pre_tokenizer: { type: 'Split', pattern: { Regex: '\\s' }, behavior: 'Isolated', invert: false } as Json,
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } },
  } as Json,
  decoder: { type: 'Fuse' } as unknown,
  model: { type: 'BPE', vocab: { '<s>': 0, a: 1, b: 2, ab: 3 } as Json, merges: [['a', 'b']] as unknown[] } as Json & {
    vocab: Json
    merges: unknown[]
  },
})

/** A change to a good file, and what the message must say: the field, and what is wrong. */
const bad: [string, (file: ReturnType<typeof good>) => void, RegExp][] = [
  ['no model', (file) => Object.assign(file, { model: undefined }), /model is missing/],
  [
    'an unknown model',
    (file) => Object.assign(file.model, { type: 'Magic' }),
    /model\.type is "Magic"\.\nExpected one of BPE/,
  ],
  ['no vocabulary', (file) => Object.assign(file.model, { vocab: undefined }), /model\.vocab is missing/],
  ['no merges', (file) => Object.assign(file.model, { merges: undefined }), /model\.merges is missing/],
  ['a negative id', (file) => Object.assign(file.model.vocab, { a: -1 }), /model\.vocab\.a is -1/],
  ['a fractional id', (file) => Object.assign(file.model.vocab, { a: 1.5 }), /model\.vocab\.a is 1\.5/],
  ['an id that is a string', (file) => Object.assign(file.model.vocab, { a: '1' }), /model\.vocab\.a is "1"/],
  ['an id of 2³²', (file) => Object.assign(file.model.vocab, { a: 2 ** 32 }), /model\.vocab\.a is 4294967296/],
  ['two tokens of one id', (file) => Object.assign(file.model.vocab, { b: 1 }), /model\.vocab\.b is 1.*\n.*"a" has it/],
  ['a merge of a missing token', (file) => file.model.merges.push(['a', 'x']), /merge 1.*needs the token "x"/],
  ['a merge into a missing token', (file) => file.model.merges.push(['b', 'a']), /merge 1.*needs the token "ba"/],
  ['a merge of three', (file) => file.model.merges.push(['a', 'b', 'a']), /model\.merges\[1\]/],
  ['a merge of numbers', (file) => file.model.merges.push([1, 2]), /model\.merges\[1\]/],
  ['a merge without a space', (file) => file.model.merges.push('ab'), /model\.merges\[1\] is "ab"/],
  ['a dropout of 2', (file) => Object.assign(file.model, { dropout: 2 }), /model\.dropout is 2/],
  [
    'byte fallback in words',
    (file) => Object.assign(file.model, { byte_fallback: 'yes' }),
    /model\.byte_fallback is "yes".*\n.*true or false/,
  ],
  ['another version', (file) => Object.assign(file, { version: '2.0' }), /version is "2\.0"/],
  ['an unknown field', (file) => Object.assign(file, { extra: 1 }), /extra is 1.*\n.*only the fields/],
  [
    'an unknown normalizer',
    (file) => Object.assign(file, { normalizer: { type: 'NFX' } }),
    /normalizer\.type is "NFX"/,
  ],
  [
    'an unknown pre-tokenizer',
    (file) => Object.assign(file.pre_tokenizer, { type: 'Cut' }),
    /pre_tokenizer\.type is "Cut"/,
  ],
  ['an unknown decoder', (file) => Object.assign(file, { decoder: { type: 'Join' } }), /decoder\.type is "Join"/],
  ['a stage that is no object', (file) => Object.assign(file, { decoder: 'Fuse' }), /decoder is "Fuse".*\n.*an object/],
  [
    'a bad behavior',
    (file) => Object.assign(file.pre_tokenizer, { behavior: 'Gone' }),
    /pre_tokenizer\.behavior is "Gone"/,
  ],
  [
    'a bad expression',
    (file) => Object.assign(file.pre_tokenizer, { pattern: { Regex: '(a' } }),
    /pattern\.Regex is "\(a"/,
  ],
  [
    'a hostile expression',
    (file) => Object.assign(file.pre_tokenizer, { pattern: { Regex: '(a+)+$' } }),
    /exponential/,
  ],
  [
    'an undefined token in a template',
    (file) => Object.assign(file.post_processor, { special_tokens: {} }),
    /single\[0\]|SpecialToken\.id is "<s>"/,
  ],
  ['a template without its text', (file) => Object.assign(file.post_processor, { pair: [] }), /post_processor\.pair/],
  [
    'a stride as long as the length',
    (file) => Object.assign(file, { truncation: { max_length: 4, stride: 4 } }),
    /truncation\.stride is 4.*\n.*less than max_length/,
  ],
  [
    'padding without an id',
    (file) =>
      Object.assign(file, {
        padding: { strategy: 'BatchLongest', direction: 'Right', pad_type_id: 0, pad_token: 'a' },
      }),
    /padding\.pad_id is missing/,
  ],
  [
    'an added token without special',
    (file) => file.added_tokens.push({ id: 4, content: 'x' }),
    /added_tokens\[1\]\.special is missing/,
  ],
  [
    "an added token with another's id",
    (file) => file.added_tokens.push({ id: 1, content: 'x', special: true }),
    /added_tokens\[1\]\.id is 1.*\n.*"a" has/,
  ],
  [
    'an added token twice',
    (file) => file.added_tokens.push({ id: 0, content: '<s>', special: true }),
    /added_tokens\[1\]\.content is "<s>"/,
  ],
  [
    'an added token with an id that is not its own',
    (file) => file.added_tokens.push({ id: 9, content: 'a', special: true }),
    /added_tokens\[1\]\.id is 9.*\n.*1, the id of "a"/,
  ],
]

/** At most three lines, of the file kind (exit code 3), naming the file. */
const expectClear = (error: unknown, says: RegExp) => {
  const { message, kind } = error as PellucidError
  expect(message).toMatch(says)
  expect(kind).toBe('file')
  expect(message.split('\n').length).toBeLessThanOrEqual(3)
  expect(message).toContain('.json')
}

describe('a tokenizer.json is refused with', () => {
  it.each(bad)('%s', (_, change, says) => {
    const file = good()
    change(file)
    let thrown: unknown
    try {
      parseTokenizer(JSON.parse(JSON.stringify(file)))
    } catch (error) {
      thrown = error
    }
    expectClear(thrown, says)
  })

  const texts: [string, string, RegExp][] = [
    ['nothing in it', '', /is empty/],
    ['a cut end', '{"version": ', /tokenizer\.json:1:13/],
    ['a list', '[]', /the whole file is \[\]/],
    ['null', 'null', /the whole file is null/],
    ['a byte order mark', '\ufeff{}', /byte order mark/],
    ['a lone surrogate', '{"model": {"type": "BPE", "vocab": {"\\ud800": 0}}}', /tokenizer\.json:1/],
    ['a token twice', '{"model": {"type": "BPE", "vocab": {"a": 0, "a": 1}}}', /duplicate key "a"/],
    ['100,000 brackets', '['.repeat(100_000), /deep/],
  ]
  it.each(texts)('%s', async (name, text, says) => {
    const directory = join(scratch, name.replace(/\W/g, '-'))
    mkdirSync(directory)
    writeFileSync(join(directory, 'tokenizer.json'), text)
    expectClear(await loadTokenizer(directory).catch((error) => error), says)
  })
})

describe('what Hugging Face takes we take', () => {
  it('merges in both spellings, gaps between ids, fields left out', () => {
    const file = good()
    file.model.merges = ['a b']
    file.model.vocab = { '<s>': 0, a: 10, b: 20, ab: 30 }
    const { version, truncation, padding, normalizer, ...rest } = file
    const tokenizer = parseTokenizer(rest)
    expect(tokenizer.encode('ab').ids).toEqual([0, 30])
    expect(tokenizer.vocabSize).toBe(31)
    expect(tokenizer.tokenOf(11)).toBeUndefined()
  })

  it('an empty added token, which stands nowhere', () => {
    const file = good()
    file.added_tokens.push({ id: 4, content: '', special: true })
    expect(parseTokenizer(file).tokenOf(4)).toBeUndefined()
  })

  it('settings for truncation and padding, which calls can set aside', () => {
    const file = good()
    file.truncation = { max_length: 3, strategy: 'LongestFirst', stride: 0, direction: 'Right' }
    file.padding = {
      strategy: { Fixed: 4 },
      direction: 'Left',
      pad_to_multiple_of: null,
      pad_id: 0,
      pad_type_id: 0,
      pad_token: '<s>',
    }
    const tokenizer = parseTokenizer(file)
    expect(tokenizer.encode('aaaa').ids).toEqual([0, 0, 1, 1])
    expect(tokenizer.encode('aaaa', { truncation: false, padding: false }).ids).toEqual([0, 1, 1, 1, 1])
    const written = tokenizer.toJSON()
    expect([written.truncation, written.padding]).toEqual([file.truncation, file.padding])
  })

  it('prepending and replacing, with the way back to the text', () => {
    const file = good()
    file.normalizer = {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: 'b' },
        { type: 'Replace', pattern: { String: '--' }, content: 'a' },
      ],
    }
    const { tokens, offsets } = parseTokenizer(file).encode('a--b', { addSpecialTokens: false })
    expect(tokens).toEqual(['b', 'a', 'ab'])
    // What is put in place of a match stands for its last character.
    expect(offsets).toEqual([
      [0, 1],
      [0, 1],
      [2, 4],
    ])
  })

  it('every behavior of splitting', () => {
    const pieces = (behavior: string, invert = false) => {
      const file = good()
      file.model.vocab = Object.fromEntries([...'<s> ab-'].map((c, i) => [c, i + 1]))
      file.model.vocab['<s>'] = 0
      file.model = { ...file.model, type: 'WordLevel', unk_token: '<s>' }
      file.pre_tokenizer = { type: 'Split', pattern: { String: '-' }, behavior, invert }
      return parseTokenizer(file)
        .encode('a--b-', { addSpecialTokens: false })
        .offsets.map(([start, end]) => 'a--b-'.slice(start, end))
    }
    expect(pieces('Removed')).toEqual(['a', 'b'])
    expect(pieces('Removed', true)).toEqual(['-', '-', '-'])
    expect(pieces('Isolated')).toEqual(['a', '-', '-', 'b', '-'])
    expect(pieces('Contiguous')).toEqual(['a', '--', 'b', '-'])
    expect(pieces('MergedWithPrevious')).toEqual(['a-', '-', 'b-'])
    expect(pieces('MergedWithNext')).toEqual(['a', '-', '-b', '-'])
  })
})

describe('a directory', () => {
  it('with vocab.json and merges.txt is GPT-2 as it was published', async () => {
    const learned = trainBytelevelBpe(['the theme of the thesis'], { vocabSize: 270 })
    const { model } = learned.toJSON() as { model: { vocab: Json; merges: [string, string][] } }
    const directory = join(scratch, 'gpt2')
    mkdirSync(directory)
    writeFileSync(join(directory, 'vocab.json'), JSON.stringify(model.vocab))
    const lines = ['#version: 0.2', ...model.merges.map((merge) => merge.join(' ')), '']
    writeFileSync(join(directory, 'merges.txt'), lines.join('\n'))
    const tokenizer = await loadTokenizer(directory)
    const text = 'the theme<|endoftext|>'
    expect(tokenizer.encode(text, { special: 'parse' })).toEqual(learned.encode(text, { special: 'parse' }))
    writeFileSync(join(directory, 'merges.txt'), '#version: 0.2\nt h e\n')
    await expect(loadTokenizer(directory)).rejects.toThrow(/merges\.txt: line 2 is "t h e"/)
  })

  it('without a tokenizer says what was expected', async () => {
    const directory = join(scratch, 'none')
    mkdirSync(directory)
    await expect(loadTokenizer(directory)).rejects.toThrow(/none: has no tokenizer\.\nExpected tokenizer\.json/)
    expect(await findTokenizer(directory)).toBeUndefined()
    await expect(loadTokenizer(join(scratch, 'nowhere'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  })

  it('is written with the roles of the tokens, and what was in the configuration stays', async () => {
    const directory = join(scratch, 'written')
    const source = await loadTokenizer(join(oracles, 'bytelevel-bpe'))
    const tokenizer = parseTokenizer(source.toJSON(), {
      config: { eos_token: '<|endoftext|>', chat_template: '{{ messages }}', model_max_length: 64 },
    })
    await tokenizer.save(directory)
    expect(JSON.parse(readFileSync(join(directory, 'tokenizer_config.json'), 'utf8'))).toEqual({
      clean_up_tokenization_spaces: false,
      tokenizer_class: 'PreTrainedTokenizerFast',
      eos_token: '<|endoftext|>',
      chat_template: '{{ messages }}',
      model_max_length: 64,
    })
    expect((await loadTokenizer(directory)).toJSON()).toEqual(tokenizer.toJSON())
  })

  it('of a byte tokenizer with fewer sentinels comes back as it was', async () => {
    const directory = join(scratch, 'bytes')
    await byteTokenizer({ extraIds: 2 }).save(directory)
    const read = await loadTokenizer(directory)
    expect(read.vocabSize).toBe(261)
    expect(read.encode('é</s>', { special: 'parse' }).ids).toEqual([198, 172, 1])
  })
})

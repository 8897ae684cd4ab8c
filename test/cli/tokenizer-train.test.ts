/** `tokenizer train` when all is well: every kind and its flags, progress, and a signal. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadTokenizer } from '../../src/index.ts'
import { type Conditions, cli } from './terminal.ts'

const home = process.cwd()
const folder = mkdtempSync(join(tmpdir(), 'pellucid-'))
beforeAll(() => {
  process.chdir(folder)
  const days = Array.from({ length: 60 }, (_, i) => `Day ${i}. The cat saw ${i} birds, and “naïve” 🐑 ran.\n`)
  writeFileSync('text.txt', days.join(''))
})
afterAll(() => {
  process.chdir(home)
  rmSync(folder, { recursive: true })
})

/** Runs a command line that must succeed. */
async function succeed(argv: readonly string[], conditions: Conditions = {}) {
  const outcome = await cli(argv, conditions)
  expect(outcome.code, outcome.err).toBe(0)
  return outcome
}

describe('tokenizer train', () => {
  test.each([
    ['bpe', ['--vocab-size', '280'], 280],
    ['bpe', ['--vocab-size', '280', '--special', '<s>', '--special', '</s>'], 280],
    ['bpe', ['--vocab-size', '300', '--pre-tokenizer', 'digits', '--pre-tokenizer', 'llama3', '--lines'], undefined],
    ['bpe', ['--vocab-size', '100', '--pre-tokenizer', 'metaspace', '--max-token-length', '4'], undefined],
    ['bpe', ['--vocab-size', '100', '--pre-tokenizer', 'none', '--lines', '--min-frequency', '2'], undefined],
    ['characters', [], undefined],
    ['bytes', [], 384],
  ])('--model %s %j', async (model, flags, size) => {
    const texts = model === 'bytes' ? [] : ['text.txt']
    const argv = ['tokenizer', 'train', '--model', model, ...flags, '--out', 'tok', '--json', ...texts]
    const result = JSON.parse((await succeed(argv)).out)
    expect(result).toMatchObject({ out: 'tok', model })
    if (model !== 'bytes') expect(result.bytesPerToken).toBeCloseTo(result.bytes / result.tokens, 9)
    if (size !== undefined) expect(result.vocabulary).toBe(size)
    const tokenizer = await loadTokenizer('tok')
    const text = readFileSync('text.txt', 'utf8').slice(0, 200)
    const { ids } = tokenizer.encode(text)
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(text)
  })

  test.each([
    ['wordpiece', ['--vocab-size', '100', '--limit-alphabet', '40', '--normalizer', 'bert-cased']],
    ['words', ['--normalizer', 'nfkc', '--normalizer', 'lowercase', '--min-frequency', '2']],
    ['bpe', ['--vocab-size', '100', '--pre-tokenizer', 'whitespace-split', '--end-of-word', '</w>']],
    [
      'bpe',
      ['--vocab-size', '100', '--pre-tokenizer', 'bert', '--continuing-prefix', '@@', '--initial-alphabet', '0123'],
    ],
    ['unigram', ['--vocab-size', '100']],
  ])('--model %s %j: words are separated by spaces again', async (model, flags) => {
    rmSync('tok', { recursive: true, force: true })
    const { out, err } = await succeed(['tokenizer', 'train', '--model', model, ...flags, '--out', 'tok', 'text.txt'])
    expect(out).toMatch(/^\d+ tokens, written to tok\n$/)
    expect(err).toMatch(
      /^The text: .* tokens, \d\.\d\d bytes per token, read and learned in [\d.]+s\nThe longest tokens: "/,
    )
    const tokenizer = await loadTokenizer('tok')
    const { ids } = tokenizer.encode('the cat')
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe('the cat')
  })

  test('a bar on a terminal, and a signal stops it before anything is written', async () => {
    const controller = new AbortController()
    const argv = ['tokenizer', 'train', '--model', 'words', '--out', 'stopped', 'text.txt']
    const shown = await cli([...argv.slice(0, -2), 'shown', 'text.txt'], { interactive: true })
    expect(shown.err).toMatch(/█|░/)
    expect(shown.err).toMatch(/reading · .* of .* words/)
    controller.abort(143)
    expect(await cli(argv, { signal: controller.signal })).toMatchObject({ code: 143, out: '' })
    expect(existsSync('stopped')).toBe(false)
  })

  test.each([
    ['words', [], '  \n\t\n'],
    ['wordpiece', [], '  \n\t\n'],
    ['unigram', ['--pre-tokenizer', 'whitespace'], '  \n\t\n'],
    ['bpe', ['--pre-tokenizer', 'whitespace', '--initial-alphabet', 'ab'], '  \n\t\n'],
    ['words', ['--min-frequency', '5'], 'each word stands once'],
    ['bpe', ['--limit-alphabet', '9'], 'no such characters'],
  ])('a text of which no token comes is refused, and nothing written: %s %j', async (model, flags, text) => {
    writeFileSync('poor.txt', text)
    for (const json of [[], ['--json']]) {
      const outcome = await cli(['tokenizer', 'train', '--model', model, ...flags, ...json, '--out', 'no', 'poor.txt'])
      expect(outcome).toMatchObject({ out: '' })
      expect(outcome.err).toMatch(/^poor\.txt: no token comes of it/)
      expect(outcome.code).toBe(3)
      expect(existsSync('no')).toBe(false)
    }
  })

  test('one token is one token', async () => {
    writeFileSync('one.txt', 'a')
    const argv = ['tokenizer', 'train', '--model', 'words', '--special', '<unk>', '--out', 'one', 'one.txt']
    expect((await succeed(argv)).err).toMatch(/^The text: .*, 1 token, 1\.00 bytes per token/)
  })

  test('says that a tokenizer was replaced', async () => {
    const argv = ['tokenizer', 'train', '--model', 'characters', '--out', 'again', 'text.txt']
    expect((await succeed(argv)).err).not.toContain('replaced')
    expect((await succeed(argv)).err).toMatch(/^again: replaced the tokenizer that was there\.\n/)
    const asJson = await succeed([...argv, '--json'])
    expect(asJson.err).toBe('again: replaced the tokenizer that was there.\n')
    expect(JSON.parse(asJson.out).out).toBe('again')
  })

  test.each(['config.json', 'model.safetensors', 'model-00001-of-00002.safetensors', 'pytorch_model.bin', 'train.bin'])(
    'leaves the tokenizer of a model alone: %s',
    async (name) => {
      const place = `of-${name}`
      mkdirSync(place)
      for (const file of [name, 'tokenizer.json']) writeFileSync(join(place, file), '{}')
      const { code, out, err } = await cli(['tokenizer', 'train', '--out', place, 'text.txt'])
      expect({ code, out }).toEqual({ code: 4, out: '' })
      expect(err).toMatch(new RegExp(`^--out ${place}: holds ${name}, so a model is there`))
      expect(readdirSync(place).sort()).toEqual([name, 'tokenizer.json'].sort())
      expect(readFileSync(join(place, 'tokenizer.json'), 'utf8')).toBe('{}')
    },
  )

  test.each([
    [['--initial-alphabet', 'abc'], /^\d+ of the 256 bytes are no tokens: text that has them cannot be written\.\n/],
    [['--limit-alphabet', '255'], /^1 of the 256 bytes is no token: /],
    [['--limit-alphabet', '256'], /^The text: /],
    [['--pre-tokenizer', 'digits', '--initial-alphabet', 'abc'], /^The text: /],
    [['--pre-tokenizer', 'digits', '--pre-tokenizer', 'cl100k', '--limit-alphabet', '90'], /^166 of the 256 bytes/],
  ])('says which bytes a limited alphabet lacks: %j', async (flags, says) => {
    rmSync('limited', { recursive: true, force: true })
    expect((await succeed(['tokenizer', 'train', ...flags, '--out', 'limited', 'text.txt'])).err).toMatch(says)
  })

  test('help says what the special tokens of each kind are, and what may be given several times', async () => {
    const help = (await succeed(['tokenizer', 'train', '--help'])).out.replace(/\s+/g, ' ')
    expect(help).toContain('bpe <|endoftext|>, or <unk> over characters; wordpiece [PAD] [UNK] [CLS] [SEP] [MASK];')
    expect(help.match(/may be given several times/g)).toHaveLength(3)
  })
})

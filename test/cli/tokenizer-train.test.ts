/** `tokenizer train` when all is well: every kind and its flags, progress, and a signal. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
    const argv = ['tokenizer', 'train', '--model', model, ...flags, '--out', 'tok', '--json', 'text.txt']
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
})

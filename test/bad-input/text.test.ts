/** Bad texts: every command that reads one says which byte is wrong, or reads it with U+FFFD where that is asked for; long ones are read in time. */
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cli } from '../cli/terminal.ts'
import { openWorkspace, tiny } from '../cli/workspace.ts'
import { measure } from './measure.ts'

let workspace: Awaited<ReturnType<typeof openWorkspace>>
beforeAll(async () => {
  workspace = await openWorkspace()
}, 60_000)
afterAll(() => workspace.close())

const pages = Buffer.from('The cat saw “naïve” birds.\n'.repeat(200))
const latin1 = (text: string) => Buffer.from(text, 'latin1')
/** Content, and the byte that is said to be wrong. */
const bad: Readonly<Record<string, readonly [content: Uint8Array, at: number, hex: string]>> = {
  'a byte that never occurs': [Buffer.concat([pages.subarray(0, 300), latin1('\xff'), pages]), 300, 'ff'],
  'Latin-1': [Buffer.concat([latin1('caf\xe9 '), pages]), 3, 'e9'],
  'a lone continuation': [Buffer.concat([latin1('ab\x80'), pages]), 2, '80'],
  'an overlong form': [Buffer.concat([latin1('abc\xc0\xaf'), pages]), 3, 'c0'],
  'a surrogate as bytes': [Buffer.concat([latin1('a\xed\xa0\x80'), pages]), 1, 'ed'],
  'beyond U+10FFFF': [Buffer.concat([latin1('a\xf4\x90\x80\x80'), pages]), 1, 'f4'],
  'a character cut at the end': [Buffer.concat([pages, latin1('\xe2\x82')]), pages.length, 'e2'],
  'UTF-16, little-endian': [Buffer.from(`\ufeff${pages}`, 'utf16le'), 0, 'ff'],
  'UTF-16, big-endian': [Buffer.from(`\ufeff${pages}`, 'utf16le').swap16(), 0, 'fe'],
  'a compressed file': [Buffer.concat([latin1('\x1f\x8b\x08\0\0\0\0\0\0\x03'), pages]), 1, '8b'],
}
const readers: Readonly<Record<string, readonly string[]>> = {
  train: ['train', ...tiny, '--set', 'steps=1', '--out', 'new', '--data'],
  start: ['start', ...tiny, '--set', 'steps=1', '--out', 'new', '--data'],
  generate: ['generate', 'model', '--max-new-tokens', '1', '--prompt-file'],
  evaluate: ['evaluate', 'model', '--data'],
  tokenize: ['tokenize', 'model', '--file'],
  'tokenize lines': ['tokenize', 'model', '--jsonl'],
  'tokenizer train': ['tokenizer', 'train', '--out', 'new'],
}

describe.each(Object.entries(readers))('%s', (name, words) => {
  test.each(Object.entries(bad))('%s', async (what, [content, at, hex]) => {
    writeFileSync('bad.txt', content)
    const before = workspace.snapshot()
    const outcome = await cli([...words, 'bad.txt'])
    expect(outcome).toMatchObject({ code: 3, out: '' })
    const message = outcome.err.replace(/^A small text.*\n/, '')
    expect(message).toMatch(new RegExp(`^bad\\.txt: not UTF-8 at byte ${at} \\(0x${hex}\\)`))
    if (what.startsWith('UTF-16')) expect(message).toContain('UTF-16')
    expect(message.trimEnd().split('\n').length).toBeLessThanOrEqual(3)
    expect(workspace.snapshot()).toBe(before)
  })
  if (['generate', 'evaluate', 'tokenize', 'tokenizer train'].includes(name))
    test('the same on standard input', async () => {
      const [content, at] = bad['a byte that never occurs']!
      const outcome = await cli([...words, '-'], { input: content })
      expect(outcome).toMatchObject({ code: 3, out: '' })
      expect(outcome.err).toMatch(new RegExp(`^standard input: not UTF-8 at byte ${at} \\(0xff\\)`))
    })
})

describe('--lossy', () => {
  const content = Buffer.concat([pages, latin1('\xff\xfe'), pages, latin1('\xe2\x82'), Buffer.from('\ufffd'), pages])
  const report = /^lossy\.txt.*: read with 3 replacement characters \(U\+FFFD\)/m
  beforeAll(() => writeFileSync('lossy.txt', content))

  test.each(['generate', 'evaluate', 'tokenize', 'tokenizer train'] as const)(
    '%s reads on and says how many',
    async (name) => {
      const { code, err } = await cli([...readers[name]!, 'lossy.txt', '--lossy'])
      expect({ code, said: report.test(err) }).toEqual({ code: 0, said: true })
    },
  )

  test('the tokens are those of the text with U+FFFD; a sound text is read as it is, without a word', async () => {
    writeFileSync('replaced.txt', content.toString('utf8'))
    const lossy = await cli(['tokenize', 'model', '--file', 'lossy.txt', '--lossy', '--json'])
    const sound = await cli(['tokenize', 'model', '--file', 'replaced.txt', '--lossy', '--json'])
    expect(lossy.out).toBe(sound.out)
    expect(sound.err).toBe('')
    const evaluated = await cli(['evaluate', 'model', '--data', 'lossy.txt', '--lossy', '--json'])
    expect(JSON.parse(evaluated.out)).toMatchObject({ replaced: 3 })
  })

  test('train writes it into the run, where it belongs to what the text is', async () => {
    const argv = [
      'train',
      ...tiny,
      '--set',
      'steps=1',
      '--data',
      'lossy.txt',
      '--out',
      'lossy-run',
      '--lossy',
      '--json',
    ]
    const { code, err } = await cli(argv)
    expect({ code, said: report.test(err) }).toEqual({ code: 0, said: true })
    expect(JSON.parse(workspace.read('lossy-run/run.json'))).toMatchObject({ recipe: { data: { lossy: true } } })
    expect(JSON.parse(workspace.read('lossy-run/data/data.json'))).toMatchObject({ replaced: 3 })
    const strictly = ['--set', 'data.lossy=false', '--set', 'steps=2']
    const resumed = await cli(['train', '--resume', '--out', 'lossy-run', ...strictly])
    expect(resumed.code).toBe(4)
    expect(resumed.err).toMatch(/lossy/)
    expect((await cli(['train', '--resume', '--out', 'lossy-run', '--set', 'steps=2', '--json'])).code).toBe(0)
  })
})

describe('what is text all the same', () => {
  const tokensOf = async (text: string | Uint8Array) => {
    const { code, out } = await cli(['tokenize', 'model', '--file', '-', '--json'], { input: text })
    expect(code).toBe(0)
    return (JSON.parse(out) as { tokens: string[] }).tokens.join('')
  }
  test('a byte order mark, NUL and control characters are characters', async () => {
    expect(await tokensOf('\ufeffa')).toBe('ï»¿a')
    expect(await tokensOf('a\0b')).toBe('aĀb')
    expect(await tokensOf('\x1b[31m')).toBe('ě[31m')
  })
  test('half of a surrogate pair, which JSON can hold, is U+FFFD', async () => {
    writeFileSync('half.jsonl', '"a\\ud800b"\n"a\\ufffdb"\n"\\ud83d\\udc11"\n"🐑"\n')
    const { out } = await cli(['tokenize', 'model', '--jsonl', 'half.jsonl'])
    const [half, replaced, pair, sheep] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).ids)
    expect(half).toEqual(replaced)
    expect(pair).toEqual(sheep)
  })
  test.each([
    ['parse', [0]],
    ['text', undefined],
    ['error', 'contains the special token'],
  ])('an end token that is written out, with --special %s', async (special, expected) => {
    const { code, out, err } = await cli(['tokenize', 'model', '<|endoftext|>', '--special', special, '--json'])
    if (typeof expected === 'string')
      expect({ code, out, err }).toMatchObject({ code: 2, out: '', err: expect.stringContaining(expected) })
    else if (expected) expect(JSON.parse(out).ids).toEqual(expected)
    else expect(JSON.parse(out).ids.length).toBeGreaterThan(5)
  })
})

describe('nothing to read', () => {
  beforeAll(() => writeFileSync('nothing.txt', ''))
  test('an empty prompt is the start of a text', async () => {
    const none = await cli(['generate', 'model', '--max-new-tokens', '3'])
    expect(none.code).toBe(0)
    for (const words of [
      ['--prompt', ''],
      ['--prompt-file', 'nothing.txt'],
      ['--prompt-file', '-'],
    ])
      expect(await cli(['generate', 'model', '--max-new-tokens', '3', ...words])).toEqual(none)
  })
  test.each(['train', 'start', 'evaluate', 'tokenizer train'] as const)('%s refuses an empty text', async (name) => {
    const outcome = await cli([...readers[name]!, 'nothing.txt'])
    expect(outcome).toMatchObject({ code: 3, out: '' })
    expect(outcome.err).toMatch(/^nothing\.txt: (empty|has 0 bytes)/)
  })
  test.each([
    [['train', '--data', '-'], /must be a file/],
    [['start', '--data', '-'], /must be a file/],
    [['evaluate', 'model', '--data', '-', '--data', 'text.txt'], /cannot be joined/],
    [['tokenizer', 'train', '-', '-', '--out', 'new'], /only once/],
  ])('%j', async (argv, says) => {
    expect(await cli(argv)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(says) })
  })
})

describe('long texts', () => {
  const inTime = async (argv: readonly string[], input?: Uint8Array) => {
    const { result, milliseconds, bytes } = await measure(() => cli(argv, input && { input }))
    expect(milliseconds).toBeLessThan(4000)
    return { ...result, bytes }
  }
  test('a line of 10 MB is cut into tokens within 2 s and 300 MB', async () => {
    writeFileSync('line.txt', 'the cat saw a bird and ran '.repeat(400_000))
    const { result, milliseconds, bytes } = await measure(async () => {
      const { byteLength } = Buffer.from((await cli(['evaluate', 'model', '--data', 'line.txt', '--window', '17'])).err)
      return byteLength
    })
    expect(result).toBeGreaterThan(0)
    expect(milliseconds).toBeLessThan(2000)
    expect(bytes).toBeLessThan(300e6)
  })
  test('a prompt much longer than the context', async () => {
    writeFileSync('long.txt', 'the cat saw a bird and ran '.repeat(20_000))
    expect(
      (await inTime(['generate', 'model', '--prompt-file', 'long.txt', '--max-new-tokens', '2', '--json'])).code,
    ).toBe(0)
  })
  test('standard input without end is refused', async () => {
    const { code, err } = await inTime(['tokenize', 'model', '--file', '-'], new Uint8Array(2 ** 26 + 1))
    expect(code).toBe(3)
    expect(err).toMatch(/^standard input: more than 64 MiB/)
  })
})

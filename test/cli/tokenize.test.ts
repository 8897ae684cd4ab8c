/** `pellucid tokenize`: what it shows of texts, files, lines, conversations and ids, and how it explains them. */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { cli, fakeTerminal, type Outcome } from './terminal.ts'

const published = (name: string) => fileURLToPath(new URL(`../oracles/data/tokenizers/${name}`, import.meta.url))
const bpe = published('bytelevel-bpe')
const fallback = published('bpe-byte-fallback')
const llama3 = published('bytelevel-bpe-llama3')

const before = process.cwd()
const folder = mkdtempSync(join(tmpdir(), 'pellucid-tokenize-'))
beforeAll(() => {
  Object.assign(process.env, { HF_HUB_OFFLINE: '1', HF_HOME: 'hub' })
  process.chdir(folder)
})
afterAll(() => {
  process.chdir(before)
  rmSync(folder, { recursive: true, force: true })
})

async function succeed(words: readonly string[], conditions = {}): Promise<Outcome> {
  const outcome = await cli(['tokenize', ...words], conditions)
  expect(outcome.err).not.toContain('Error')
  expect(outcome.code).toBe(0)
  return outcome
}
const json = async (words: readonly string[]) => JSON.parse((await succeed([...words, '--json'])).out)
const lines = (text: string) => text.trimEnd().split('\n')
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const uncolored = (text: string) => text.replace(/\x1b\[[\d;]*m/g, '')

describe('a text', () => {
  test('is drawn in pieces, parts of characters as bytes, special tokens by name', async () => {
    const { out, err } = await succeed([fallback, 'The cat € sat</s>'])
    const [drawn, , ids] = lines(out)
    expect(drawn).toBe('<s>│The│ c│at│ │⟨E2⟩│⟨82⟩│⟨AC⟩│ s│at│</s>')
    expect(ids).toBe((await json([fallback, 'The cat € sat</s>'])).ids.join(' '))
    expect(err).toMatch(/11 tokens \(1 special\), 19 bytes, 17 characters; 1\.90 bytes and 1\.70 characters a token/)
  })

  test('is measured by what has tokens; white space that words imply is text too', async () => {
    const model = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: [['a', 'b']] }
    const file = join(folder, 'few.json')
    writeFileSync(file, JSON.stringify({ model, pre_tokenizer: { type: 'WhitespaceSplit' } }))
    const { err } = await succeed([file, 'ab €é ba b'])
    expect(err).toContain(
      '4 tokens, 13 bytes (5 without a token), 10 characters; 2.00 bytes and 2.00 characters a token',
    )
  })

  test('in colors is the whole text, line breaks included, and nothing that a terminal would obey', async () => {
    const text = 'The cat\n\tsat\x1b[2J\r\n😀 \u202ecba'
    const { out } = await succeed([bpe, text], { color: true, interactive: true })
    const drawn = uncolored(out).split('\n\n')[0]!
    expect(drawn).toBe('The cat⏎\n⇥sat␛[2J␍⏎\n⟨F0⟩⟨9F⟩⟨98⟩⟨80⟩ ⟨E2⟩⟨80⟩⟨AE⟩cba'.replace('␍⏎\n', '␍⏎\n'))
    expect(out).toContain('\x1b[48;5;')
  })

  test('in a table has a row for each token', async () => {
    const { out } = await succeed([fallback, 'a €', '--offsets'])
    expect(lines(out)).toEqual([
      'place   id  offsets  token   text',
      expect.stringMatching(/^ {4}0 {4}1 {11}<s> +<s>$/),
      expect.stringMatching(/^ {4}1 +\d+ +0–1 {2}▁a +"a"$/),
      expect.stringMatching(/^ {4}2 +\d+ +1–2 {2}▁ +" "$/),
      expect.stringMatching(/^ {4}3 +\d+ +2–3 {2}<0xE2> {2}"⟨E2⟩"$/),
      expect.stringMatching(/^ {4}4 +\d+ +2–3 {2}<0x82> {2}"⟨82⟩"$/),
      expect.stringMatching(/^ {4}5 +\d+ +2–3 {2}<0xAC> {2}"⟨AC⟩"$/),
    ])
  })

  test('may have a second one beside it, be cut, and go without special tokens', async () => {
    const pair = await json([fallback, 'one', '--pair', 'two'])
    expect(pair.typeIds).toContain(1)
    const table = await succeed([fallback, 'one', '--pair', 'two', '--offsets'])
    expect(lines(table.out).filter((line) => / 2 +0–/.test(line))).toHaveLength(1)
    expect((await json([fallback, 'one', '--no-special-tokens'])).tokens).not.toContain('<s>')
    const cut = await json([fallback, 'The cat sat on the mat', '--max-length', '4'])
    expect(cut.ids).toHaveLength(4)
    expect(cut.overflowing.length).toBeGreaterThan(0)
    const { out, err } = await succeed([fallback, 'The cat sat on the mat', '--max-length', '4'])
    expect(lines(out)[0]!.split('│')).toHaveLength(4)
    expect(err).toMatch(/4 tokens .*; cut to this length, \d+ parts? left over/)
    expect((await cli(['tokenize', fallback, 'a', '--max-length', '0'])).err).toBe(
      '--max-length is 0, but 1 special token is added.\nExpected at least 1, or --no-special-tokens.\n',
    )
  })

  test('of nothing has no tokens', async () => {
    const { out, err } = await succeed([bpe, ''])
    expect(out.trim()).toBe('')
    expect(err).toContain('0 tokens, 0 bytes, 0 characters')
  })
})

describe('JSON lines', () => {
  test('become JSON lines, with pairs, however they end', async () => {
    writeFileSync('in.jsonl', '"one"\r\n\n{"text":"two","pair":"three","id":7}\n{"text":""}')
    const { out } = await succeed([fallback, '--jsonl', 'in.jsonl'])
    const [one, two, none, ...rest] = lines(out).map((line) => JSON.parse(line))
    expect(rest).toEqual([])
    expect(one).toEqual(await json([fallback, 'one']))
    expect(two).toEqual(await json([fallback, 'two', '--pair', 'three']))
    expect(none.tokens).toEqual(['<s>'])
    const piped = await succeed([fallback, '--jsonl', '-'], { input: readFileSync('in.jsonl') })
    expect(piped.out).toBe(out)
  })

  test.each([
    ['"fine"\n{"text": 5}\n', /^in\.jsonl:2: not what a line holds/],
    ['"fine"\n\n\n{"text": "a", "pair": 1}\n', /^in\.jsonl:4: /],
    ['"fine"\n{"text": "a"', /^in\.jsonl:2: /],
    ['"fine"\n"<|endoftext|>"\n', /^in\.jsonl:2: The text contains the special token/],
  ])('of which one is bad are refused with its number: %j', async (content, says) => {
    writeFileSync('in.jsonl', content)
    const { code, out, err } = await cli(['tokenize', bpe, '--jsonl', 'in.jsonl', '--special', 'error'])
    expect({ code: code > 0, out }).toEqual({ code: true, out: '' })
    expect(err).toMatch(says)
    expect(lines(err).length).toBeLessThanOrEqual(3)
  })

  test('are read and printed a stretch at a time, in bounded memory', async () => {
    writeFileSync('many.jsonl', '')
    const text = 'The cat sat on the mat, and Größe € 😀. '.repeat(40)
    const line = `${JSON.stringify({ text })}\n`
    for (let i = 0; i < 5; i++) appendFileSync('many.jsonl', line.repeat(400))
    appendFileSync('many.jsonl', '{"text":\n')
    let [printed, parts, largest, most] = [0, 0, 0, 0]
    const { terminal, written } = fakeTerminal({
      onOut(part) {
        parts++
        printed += part.split('\n').length - 1
        largest = Math.max(largest, part.length)
        most = Math.max(most, process.memoryUsage().heapUsed)
        written.out = ''
      },
    })
    const before = process.memoryUsage().heapUsed
    expect(await run(['tokenize', bpe, '--jsonl', 'many.jsonl'], terminal)).toBe(3)
    expect(written.err).toMatch(/^many\.jsonl:2001: /)
    // What stands before the bad line's stretch is there.
    expect(printed).toBeGreaterThan(1000)
    expect(parts).toBeGreaterThan(3)
    expect(largest).toBeLessThan(2 ** 24)
    expect(most - before).toBeLessThan(600 * 2 ** 20)
  })

  test('are told of where a byte is wrong, with --lossy they are read all the same', async () => {
    writeFileSync('in.jsonl', Buffer.concat([Buffer.from('"one"\n"b'), Buffer.of(0xff), Buffer.from('"\n')]))
    expect(await cli(['tokenize', bpe, '--jsonl', 'in.jsonl'])).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringMatching(/^in\.jsonl: not UTF-8 at byte 8 \(0xff\)/),
    })
    const { out, err } = await succeed([bpe, '--jsonl', 'in.jsonl', '--lossy'])
    expect(err).toMatch(/^in\.jsonl: read with 1 replacement character/)
    expect(JSON.parse(lines(out)[1]!)).toEqual(await json([bpe, 'b\ufffd']))
  })
})

describe('ids', () => {
  test('become text again', async () => {
    const { ids } = await json([bpe, 'The cat € 😀'])
    expect((await succeed([bpe, '--decode', ids.join(',')])).out).toBe('The cat € 😀\n')
    const { pieces, text, tokens } = await json([bpe, '--decode', ids.join(',')])
    expect(text).toBe('The cat € 😀')
    expect(pieces.join('')).toBe(text)
    expect(tokens).toHaveLength(ids.length)
    for (const list of ['1, 392 ,2', '1 392 2', ' 1\n392  2 ', '[1,392,2]', '[ 1, 392, 2 ]'])
      expect((await succeed([fallback, '--decode', list])).out, list).toBe('<s> The</s>\n')
    expect((await succeed([fallback, '--decode', '1,392,2', '--no-special-tokens'])).out).toBe('The\n')
  })

  test('on a terminal cannot steer it', async () => {
    const { ids } = await json([bpe, 'a\x1b[2Jb'])
    const { out } = await succeed([bpe, '--decode', ids.join(',')], { interactive: true })
    expect(out).toBe('a[2Jb\n')
  })
})

test('what the library refuses is told with the flags that can help', async () => {
  const said = async (...words: string[]) => {
    const { code, err } = await cli(['tokenize', ...words])
    expect(code).toBe(2)
    return err
  }
  const special = /^The text contains .*\nGive --special parse .*, or --special text .*\n$/
  for (const flags of [[], ['--explain']])
    expect(await said(bpe, 'a<|endoftext|>', '--special', 'error', ...flags)).toMatch(special)
  expect(await said(published('unigram'), 'a', '--sample', '--dropout', '0.5')).toBe(
    '--dropout is for byte pair encoding; Unigram takes --alpha and --n-best.\n',
  )
  expect(await said(published('word-level'), 'a', '--sample')).toMatch(/has one way to write a text/)
})

describe('conversations', () => {
  const template =
    "{% for m in messages %}<|endoftext|>{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"
  const messages = [
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'Hi' },
  ]
  beforeAll(() => {
    mkdirSync('talk')
    writeFileSync('talk/tokenizer.json', readFileSync(`${bpe}/tokenizer.json`))
    writeFileSync('talk/tokenizer_config.json', JSON.stringify({ chat_template: template, eos_token: '<|endoftext|>' }))
  })
  const text = '<|endoftext|>system: Be kind.\n<|endoftext|>user: Hi\nassistant:'

  test.each([
    ['a list', JSON.stringify(messages, null, 2)],
    ['an object', JSON.stringify({ messages }, null, 1)],
    ['a line', JSON.stringify({ messages })],
    ['a line with nothing before or after', `\n${JSON.stringify(messages)}\n\n`],
  ])('in %s', async (_, content) => {
    writeFileSync('chat.json', content)
    const found = await json(['talk', '--chat', 'chat.json'])
    expect(found.text).toBe(text)
    const { ids } = await json(['talk', text, '--no-special-tokens'])
    expect(found.ids).toEqual(ids)
    expect(found.ids.filter((id: number) => id === found.ids[0])).toHaveLength(2)
  })

  test('of which each has a line; one that ends with an answer asks for none', async () => {
    const answered = { messages: [...messages, { role: 'assistant', content: 'Hello' }] }
    writeFileSync('chats.jsonl', `${JSON.stringify({ messages })}\n${JSON.stringify(answered)}\n`)
    const { out } = await succeed(['talk', '--chat', 'chats.jsonl', '--json'])
    const [first, second] = lines(out).map((line) => JSON.parse(line))
    expect(first.text).toBe(text)
    expect(second.text).toBe(text.replace('assistant:', '<|endoftext|>assistant: Hello\n'))
  })

  test('are drawn with their special tokens', async () => {
    writeFileSync('chat.json', JSON.stringify(messages))
    const { out, err } = await succeed(['talk', '--chat', 'chat.json'])
    expect(out.startsWith('<|endoftext|>│')).toBe(true)
    expect(out.replaceAll('│', '').replaceAll('⏎', '')).toContain('user: Hi\nassistant:')
    expect(err).toMatch(/tokens, \d+ bytes/)
  })

  test.each([
    ['{"messages": []}', /^chat\.json:1: holds no message/],
    ['[{"role": "user"}]', /^chat\.json:1: message 0 is \{"role":"user"\}/],
    ['{\n"messages": [}', /^chat\.json:2:14: not valid JSON/],
    ['[\n{"role": "user", "content": 5}\n]', /^chat\.json: message 0 is/],
    [`${JSON.stringify(messages)}\n{"messages": 3}\n`, /^chat\.json:2: holds .*no messages/],
    [`${JSON.stringify(messages)}\n{"messages":\n`, /^chat\.json:2:13: not valid JSON/],
    ['', /^chat\.json: is empty/],
  ])('that are none are refused: %j', async (content, says) => {
    writeFileSync('chat.json', content)
    const { code, err } = await cli(['tokenize', 'talk', '--chat', 'chat.json', '--json'])
    expect(code).toBe(3)
    expect(err).toMatch(says)
    expect(lines(err).length).toBeLessThanOrEqual(3)
  })
})

describe('--explain', () => {
  test('gives the classic example of byte pair encoding', async () => {
    const { out } = await succeed(['--explain', 'aaabdaaabac'])
    expect(out.split('\n')).toEqual([
      "There is no tokenizer 'aaabdaaabac', so this is the text, and its pairs are learned from itself.",
      '',
      'aaabdaaabac',
      'ZabdZabac    Z = aa, found 4 times',
      'ZYdZYac      Y = ab, found twice',
      'XdXac        X = ZY, found twice',
      '',
      'Z = aa',
      'Y = ab',
      'X = ZY = aaab',
      '',
      'aaabdaaabac → ZabdZabac → ZYdZYac → XdXac',
      '',
    ])
    const colored = await succeed(['--explain', 'aaabdaaabac'], { color: true, interactive: true })
    expect(uncolored(colored.out)).toBe(out)
    expect(colored.out).not.toBe(out)
    const { steps } = await json(['--explain', 'aaabdaaabac'])
    expect(steps.map((step: { text: string }) => step.text)).toEqual(['ZabdZabac', 'ZYdZYac', 'XdXac'])
  })

  test.each([
    ['low lower lowest', 'lower·lowest'],
    ['abc', 'no pair occurs twice'],
    ['x'.repeat(3000), 'Z = xx'],
    ['nowhere/at all', 'nowhere/at·all'],
  ])('takes what is no tokenizer for the text: %s', async (text, shown) => {
    const { out } = await succeed(['--explain', text])
    expect(out).toMatch(/^There is no tokenizer '/)
    expect(out).toContain(shown)
  })

  test('shows the stages of a tokenizer and its merges', async () => {
    const { out } = await succeed([llama3, ' The cats<|end_of_text|>', '--explain', '--no-special-tokens'])
    expect(out).toContain('text\n  " The cats<|end_of_text|>"')
    expect(out).toMatch(/pieces?\n.*\n\nmodel\n/)
    expect(out).toMatch(/special token\n {2}<\|end_of_text\|> \d+/)
    const { stretches, encoding } = await json([llama3, ' The cats<|end_of_text|>', '--explain'])
    expect(encoding.ids).toEqual((await json([llama3, ' The cats<|end_of_text|>'])).ids)
    const [piece] = stretches[0].pieces
    for (const { rank, pair, token } of piece.rounds)
      expect(out).toContain(`${pair[0]} + ${pair[1]} → ${token}, rank ${rank}`)
  })

  test('reads its text from a file too; a tokenizer alone is not enough', async () => {
    writeFileSync('short.txt', 'The cat')
    const { out } = await succeed([bpe, '--file', 'short.txt', '--explain'])
    expect(out).toContain('"The cat"')
    expect((await cli(['tokenize', bpe, '--explain'])).err).toMatch(/takes one text/)
  })
})

describe('other ways to write a text', () => {
  const unigram = published('unigram')
  test('are listed with their scores, best first', async () => {
    const { out } = await succeed([unigram, 'unbelievable', '--n-best', '3'])
    expect(lines(out)).toHaveLength(3)
    const ways: { score: number; ids: number[] }[] = await json([unigram, 'unbelievable', '--n-best', '3'])
    expect(ways[0]!.ids).toEqual((await json([unigram, 'unbelievable', '--no-special-tokens'])).ids)
    expect(ways.map(({ score }) => score)).toEqual(ways.map(({ score }) => score).toSorted((a, b) => b - a))
    for (const [i, line] of lines(out).entries()) {
      expect(line).toMatch(/^ +−\d+\.\d{3} {2}/)
      expect(line.split('  ').at(-1)).toBe(ways[i]!.ids.join(' '))
      expect(line.replaceAll('│', '')).toContain('unbelievable')
    }
  })

  test.each([
    [unigram, ['--alpha', '0.1']],
    [unigram, ['--n-best', '8', '--alpha', '0']],
    [bpe, ['--dropout', '0.5']],
  ])('are drawn by a seed: %s %j', async (tokenizer, flags) => {
    const text = 'The unbelievable cat sat on the mat'
    const drawn = async (seed: number): Promise<number[]> =>
      (await json([tokenizer, text, '--no-special-tokens', '--sample', '--seed', String(seed), ...flags])).ids
    expect(await drawn(3)).toEqual(await drawn(3))
    const many = await Promise.all([1, 2, 3, 4, 5].map(drawn))
    expect(new Set(many.map(String)).size).toBeGreaterThan(1)
    for (const ids of many) {
      const { out } = await succeed([tokenizer, '--decode', ids.join(',')])
      expect(out.trim()).toBe(text)
    }
    writeFileSync('in.jsonl', JSON.stringify(text))
    const argv = [tokenizer, '--jsonl', 'in.jsonl', '--no-special-tokens', '--sample', '--seed', '3', ...flags]
    expect(JSON.parse((await succeed(argv)).out).ids).toEqual(await drawn(3))
  })
})

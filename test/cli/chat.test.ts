/** `pellucid chat`: at the keyboard and over pipes, with what can be typed besides questions. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linesOf, readMessage } from '../../src/cli/chat-input.ts'
import { slashCommands } from '../../src/cli/chat-session.ts'
import { type Conditions, cli } from './terminal.ts'
import { openWorkspace } from './workspace.ts'

let workspace: Awaited<ReturnType<typeof openWorkspace>>
beforeAll(async () => {
  workspace = await openWorkspace()
}, 60_000)
afterAll(() => workspace.close())

const words = (line: string) => ['chat', 'model', ...line.split(' ').filter(Boolean)]
/** Types these lines at a keyboard. */
const typed = (answers: string[], line = '--max-new-tokens 4', conditions: Conditions = {}) =>
  cli(words(line), { answers, interactive: true, ...conditions })
/** The same over a pipe, with answers as JSON. */
async function piped(input: string, line = '--max-new-tokens 4') {
  const { code, out, err } = await cli([...words(line), '--json'], { input })
  const lines = out.split('\n').filter(Boolean)
  return { code, err, answers: lines.map((each) => JSON.parse(each)) }
}

describe('over a pipe', () => {
  test('each line is answered by a line', async () => {
    const { code, err, answers } = await piped('The cat\nThe birds\\\nran\n')
    expect(code).toBe(0)
    expect(err).toMatch(/^The model has no chat template/)
    expect(answers).toHaveLength(2)
    expect(answers[0]).toMatchObject({ role: 'assistant', finish: 'length', tokens: 4, context: 16 })
    expect(answers[1].dropped).toBe(2)
  })
  test('the same seed says the same, as text too', async () => {
    const { answers } = await piped('The cat\n', '--max-new-tokens 6 --seed 3')
    const plain = await cli(words('--max-new-tokens 6 --seed 3'), { input: 'The cat' })
    expect(plain).toMatchObject({ code: 0 })
    expect(plain.out.trim()).toBe(answers[0].content)
  })
  test('a wrong command ends it', async () => {
    expect(await piped('/rest\n')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no \/rest\. Did you mean \/reset\?/),
    })
  })
})

describe('at the keyboard', () => {
  test.each<[string, string[], RegExp]>([
    ['/help', ['/help'], new RegExp(slashCommands.map(({ name }) => `/${name}[\\s\\S]*`).join(''))],
    [
      '/set',
      ['/set temperature 0.5', '/set topK 3', '/set temperature'],
      /temperature 0\.5\n.*0\.5, topK 3\nmaxNewTokens 4, topK 3\n/,
    ],
    ['/set, repeated', ['/set stop a', '/set stop b'], /stop \["a","b"\]/],
    ['/set, wrong name', ['/set temprature 1'], /no setting temprature\. Did you mean temperature\?/],
    ['/set, wrong value', ['/set top-p 7'], /--top-p is '7', expected/],
    ['/settings', ['/settings'], /^maxNewTokens 4$/m],
    [
      '/system',
      ['/system Be kind.', '/system', '/system -'],
      /System: Be kind\.\n[\s\S]*System: Be kind\.\n[\s\S]*No system text\./,
    ],
    ['/undo', ['Hi', '/undo', '/undo'], /Taken back: Hi\n[\s\S]*nothing to take back/],
    ['/retry', ['/retry'], /nothing to answer/],
    ['/reset', ['Hi', '/reset', '/undo'], /starts anew\.\n[\s\S]*nothing to take back/],
    ['/tokens', ['Hi', '/tokens'], /\d+ of 16 tokens of the context are in use; 4 are kept/],
    ['/save without a file', ['/save'], /Expected a file/],
    ['/load of nothing', ['/load nowhere.json'], /nowhere\.json: could not read: no such file/],
    ['/load of something else', ['/load model/config.json'], /expected a list of messages/],
    [
      'a full context',
      ['One two three four five', 'six seven'],
      /The context is full: the oldest 2 turns are left out/,
    ],
  ])('%s', async (_, lines, says) => {
    const { code, err } = await typed(lines)
    expect(code).toBe(0)
    expect(err).toMatch(says)
  })
  test('answers come with what they took', async () => {
    const { out, err } = await typed(['The cat'])
    expect(out).toMatch(/^> \S/)
    expect(err).toMatch(/4 tokens · [\d.]+ a second · \d+ of 16 of the context/)
  })
  test('/retry gives another answer, /quit leaves', async () => {
    const { out } = await typed(['The cat', '/retry', '/quit', 'never said'], '--max-new-tokens 8 --temperature 2')
    const [first, second, ...others] = out.split('> ').slice(1)
    expect(first).not.toBe(second)
    expect(others.join('').trim()).not.toMatch(/\w{4}/)
  })
  test('/save and /load keep a conversation', async () => {
    await typed(['/system Be kind.', 'Hi', '/save talk.json'])
    const saved = JSON.parse(readFileSync('talk.json', 'utf8'))
    expect(saved.map(({ role }: { role: string }) => role)).toEqual(['system', 'user', 'assistant'])
    await typed(['/load talk.json', '/save copy.json'])
    expect(JSON.parse(readFileSync('copy.json', 'utf8'))).toEqual(saved)
  })
  test('Ctrl-C stops an answer; what came stays', async () => {
    let press = () => {}
    const { code, err } = await typed(['The cat', '/save stopped.json'], '--max-new-tokens 100000', {
      onInterrupt: (handle) => {
        press = handle
      },
      onOut: (text) => text.trim() && !text.startsWith('>') && press(),
    })
    expect(code).toBe(0)
    expect(err).toMatch(/tokens, stopped/)
    expect(JSON.parse(readFileSync('stopped.json', 'utf8'))).toHaveLength(2)
  })
  test('Ctrl-C twice at the prompt leaves', async () => {
    const presses = { onInterrupt: (press: () => void) => press() }
    const { err } = await typed(['', '', '/settings'], '', presses)
    expect(err).toMatch(/Ctrl-C again leaves/)
    expect(err).not.toMatch(/maxNewTokens/)
  })
  test('a template of the model is used', async () => {
    const config = JSON.parse(workspace.read('model/tokenizer_config.json'))
    expect(config.chat_template).toBeUndefined()
    writeFileSync('model/chat_template.jinja', "{{ raise_exception('not today') }}")
    const { err } = await typed(['Hi', '/undo'])
    expect(err).toMatch(/nothing to take back/)
    expect(err).toMatch(/chat_template\.jinja: the chat template fails: "not today"/)
    expect(err).not.toMatch(/no chat template/)
    writeFileSync('model/chat_template.jinja', '{{ messages[-1].content }}')
    expect((await piped('The cat\n')).answers[0].promptTokens).toBeLessThan(5)
  })
  test('--history keeps what was typed, the oldest first', async () => {
    writeFileSync('typed.txt', 'older\n')
    expect(await typed(['/settings'], '--history typed.txt')).toMatchObject({ code: 0 })
    expect(readFileSync('typed.txt', 'utf8')).toMatch(/^older\n/)
    expect(existsSync('.chat')).toBe(false)
  })
})

const pieces = async function* (...texts: string[]) {
  for (const text of texts) yield Buffer.from(text, 'latin1')
}
test.each([
  [['one\ntwo'], ['one', 'two']],
  [
    ['o', 'ne\r\n', '\r\ntwo\r\n'],
    ['one', '', 'two'],
  ],
  [['\xc3', '\xa9\n'], ['é']],
  [[''], []],
])('lines of %j', async (chunks, expected) => {
  const found: string[] = []
  for await (const line of linesOf(pieces(...chunks))) found.push(line)
  expect(found).toEqual(expected)
})

test.each([
  [['one'], ['one']],
  [
    ['one\\', 'two\\', 'three', 'four'],
    ['one\ntwo\nthree', 'four'],
  ],
  [['one\\'], ['one']],
  [
    ['```', 'a\\', '', ' b', '```', 'c'],
    ['a\\\n\n b', 'c'],
  ],
  [['```', 'a'], ['a']],
  [
    ['', '\\', ''],
    ['', '\n'],
  ],
])('messages of %j', async (lines, expected) => {
  const left = [...lines]
  const messages: string[] = []
  for (;;) {
    const message = await readMessage(async () => left.shift())
    if (message === undefined) break
    messages.push(message)
  }
  expect(messages).toEqual(expected)
})

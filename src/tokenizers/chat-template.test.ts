/** Chat templates give what transformers gives, for every feature that published templates use. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { bytelevelBpe, byteTokenizer } from './byte-level.ts'
import { applyChatTemplate, chatTemplateOf, type TemplateMessage } from './chat-template.ts'
import { loadTokenizer } from './load.ts'
import { vocabularyOf } from './models/vocabulary.ts'
import { byteCharacters } from './text/bytes.ts'
import { Tokenizer } from './tokenizer.ts'

type Sample = {
  templates: Record<string, string>
  conversations: Record<string, TemplateMessage[]>
  /** Template, conversation, whether it ends where an answer begins, and the text, or null where it fails. */
  results: [string, string, boolean, string | null][]
}
const file = new URL('../../test/oracles/data/tokenizers/chat-templates.json', import.meta.url)
const { templates, conversations, results }: Sample = JSON.parse(readFileSync(file, 'utf8'))
const tokenizer = new Tokenizer({ ...byteTokenizer().stages, named: { bos: '<s>', eos: '</s>', pad: '<pad>' } })

describe('a template', () => {
  test.each(Object.entries(templates))('%s', async (name, template) => {
    for (const [, conversation, addGenerationPrompt, expected] of results.filter(([of]) => of === name)) {
      const variables = name === 'variables' ? { enable_thinking: addGenerationPrompt } : {}
      const text = await applyChatTemplate(tokenizer, conversations[conversation]!, {
        template,
        addGenerationPrompt,
        variables,
      }).catch(() => null)
      expect([conversation, text]).toEqual([conversation, expected])
    }
  })
})

const hello: TemplateMessage[] = [{ role: 'user', content: 'Hello' }]
const messageOf = async (of: Tokenizer, template?: string): Promise<string> => {
  const error: unknown = await applyChatTemplate(of, hello, template === undefined ? {} : { template }).catch(
    (reason) => reason,
  )
  expect(error).toMatchObject({ name: 'PellucidError', code: 'BAD_TEMPLATE', kind: 'file' })
  const { message } = error as Error
  expect(message.split('\n').length).toBeLessThanOrEqual(3)
  return message
}

describe('a template that asks for too much', () => {
  test('time is stopped', async () => {
    const template = '{% for a in range(10000) %}{% for b in range(10000) %}{{ a }}{% endfor %}{% endfor %}'
    const start = performance.now()
    const before = process.memoryUsage.rss()
    expect(await messageOf(tokenizer, template)).toMatch(/^The chat template given takes more than 5 s\.\n/)
    expect(performance.now() - start).toBeLessThan(20_000)
    expect(process.memoryUsage.rss() - before).toBeLessThan(1.5e9)
    expect(await applyChatTemplate(tokenizer, hello, { template: 'still works' })).toBe('still works')
  })
  test.each(['range(1000000000)', 'range(5, -1000000000, -1)', 'range(0, 1000000000, 5)'])(
    'numbers is refused: %s',
    async (numbers) => expect(await messageOf(tokenizer, `{{ ${numbers} | length }}`)).toMatch(/more than 100000/),
  )
  test('text is refused', async () => {
    const doubling =
      "{% set all = namespace(text='x') %}{% for i in range(64) %}{% set all.text = all.text ~ all.text %}{% endfor %}{{ all.text }}"
    expect(await messageOf(tokenizer, doubling)).toMatch(/Invalid string length/)
  })
})

test.each([
  ['range(4)', '0 1 2 3'],
  ['range(2, 5)', '2 3 4'],
  ['range(7, 0, -3)', '7 4 1'],
  ['range(0, 7, 3)', '0 3 6'],
  ['range(3, 3)', ''],
  ['range(-2)', ''],
])('%s is %s', async (numbers, text) =>
  expect(await applyChatTemplate(tokenizer, hello, { template: `{{ ${numbers} | join(' ') }}` })).toBe(text),
)

describe('an error names where the template is from:', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pellucid-template-'))
  afterAll(() => rmSync(directory, { recursive: true }))
  const broken = "{{ raise_exception('no') }}"
  const load = async (files: Record<string, string>): Promise<Tokenizer> => {
    const own = mkdtempSync(join(directory, 'model-'))
    await bytelevelBpe({ vocabulary: vocabularyOf(byteCharacters), merges: [] }).save(own)
    for (const [file, text] of Object.entries(files)) writeFileSync(join(own, file), text)
    return await loadTokenizer(own)
  }
  const config = JSON.stringify({ chat_template: broken })

  test('its settings', async () =>
    expect(await messageOf(await load({ 'tokenizer_config.json': config }))).toMatch(
      /model-\w+[\\/]tokenizer_config\.json: the chat template fails: "no"\.\n/,
    ))
  test('a file of its own, which counts before them', async () =>
    expect(
      await messageOf(await load({ 'tokenizer_config.json': config, 'chat_template.jinja': '{% for %}' })),
    ).toMatch(/model-\w+[\\/]chat_template\.jinja: the chat template fails: /))
  test('settings that hold something else', async () => {
    const other = await load({ 'tokenizer_config.json': '{ "chat_template": 5 }' })
    expect(() => chatTemplateOf(other)).toThrow(/model-\w+[\\/]tokenizer_config\.json: chat_template is 5, expected/)
  })
  test('nowhere known', async () => {
    const made = byteTokenizer({ config: { chat_template: broken } })
    expect(await messageOf(made)).toMatch(/^The chat template of the model fails: "no"\.\n/)
  })
})

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

describe('a template with tools, or of a model that reasons', () => {
  type Sample = {
    templates: Record<string, string>
    conversations: Record<string, TemplateMessage[]>
    tools: object[]
    results: [template: string, conversation: string, tools: boolean, mode: string, text: string | null][]
  }
  const file = new URL('../../test/oracles/data/tokenizers/chat-templates-tools.json', import.meta.url)
  const { templates, conversations, tools, results }: Sample = JSON.parse(readFileSync(file, 'utf8'))
  test.each(Object.entries(templates))('%s', async (name, template) => {
    for (const [, conversation, withTools, mode, expected] of results.filter(([of]) => of === name)) {
      const text = await applyChatTemplate(tokenizer, conversations[conversation]!, {
        template,
        addGenerationPrompt: mode === 'prompt',
        continueFinalMessage: mode === 'continue',
        variables: { tools: withTools ? tools : null },
      }).catch(() => null)
      expect([conversation, mode, text]).toEqual([conversation, mode, expected])
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
    const template =
      "{% set x = range(99999) | join('x' | indent(40, true)) %}{% for i in range(99999) %}{{ 'y' in x }}{% endfor %}"
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
  const grow = (step: string, start = "'x'", rounds = 64) =>
    `{% set all = namespace(kept=${start}) %}{% for i in range(${rounds}) %}${step}{% endfor %}{{ all.kept | length }}`
  const x8M =
    "{% set x = 'x' | join %}{% set all = namespace(kept='x') %}{% for i in range(23) %}{% set all.kept = all.kept ~ all.kept %}{% endfor %}"
  test.each([
    ['a doubled text', grow('{% set all.kept = all.kept ~ all.kept %}')],
    ['a doubled sum', grow('{% set all.kept = all.kept + all.kept %}')],
    ['a doubled list', grow('{% set all.kept = all.kept + all.kept %}', '[1]')],
    ['a list of itself, spelled', `${grow('{% set all.kept = [all.kept, all.kept] %}', '[]')}{{ all.kept | tojson }}`],
    ['a text that grows slowly', grow("{% set all.kept = all.kept ~ 'abcdefgh' %}", "''", 99_999)],
    ['loops in loops', '{% for a in range(9999) %}{% for b in range(9999) %}abcdefgh{% endfor %}{% endfor %}'],
    [
      'a wide join',
      "{{ range(99999) | join('x' | replace('', 'abcdefgh' | replace('', 'abcdefgh')) | replace('', 'abcdefghijkl')) }}",
    ],
    ['a wide join twice', "{% set s = range(99999) | join('abcdefgh') %}{{ range(99999) | join(s) }}"],
    ['a wide indent', "{{ 'x' | indent(500000000, true) }}"],
    ['a wide indent in JSON', '{{ range(99999) | tojson(indent=100000) }}'],
    ['a replacement', `${x8M}{{ all.kept | replace('x', 'abcdefgh' ~ all.kept) }}`],
    ['split texts', `${x8M}{% set a = all.kept.split('x') %}{% set b = all.kept.split('x') %}{{ a | length }}`],
    ['slices', grow('{% set all.kept = all.kept + [range(99999)[1:]] %}', '[]', 9999)],
    ['a macro that calls itself', '{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}'],
    [
      'macros that call themselves twice',
      '{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}abcdefgh{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}',
    ],
    ['dictionaries', grow("{% set all.kept = all.kept + [{'a': i, 'b': i, 'c': [i, i]}] %}", '[]', 99_999)],
  ])('memory is stopped: %s', { timeout: 60_000 }, async (_, template) => {
    const before = process.memoryUsage().rss
    expect(await messageOf(tokenizer, template)).toMatch(/more than|Invalid string length/)
    expect(process.memoryUsage().rss - before).toBeLessThan(2e9)
  })
  test('the end of what goes on is found', async () => {
    const said = { role: 'assistant', content: 'I am ' }
    const text = (template: string, options = {}) =>
      applyChatTemplate(tokenizer, [...hello, said], { template, continueFinalMessage: true, ...options })
    const turns =
      '{% for m in messages %}<{{ m.role }}>{{ m.content }}</>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}'
    expect(await text(turns)).toBe('<user>Hello</><assistant>I am ')
    expect(await text(turns.replace('m.content', 'm.content | trim'))).toBe('<user>Hello</><assistant>I am')
    await expect(text(turns.replace('m.content', 'm.role'))).rejects.toThrow(/the last message is not in what it makes/)
    await expect(text(turns, { addGenerationPrompt: true })).rejects.toThrow(/give one of/)
  })
  test('a conversation of a million tokens is no such template', async () => {
    const long = Array.from({ length: 2000 }, (_, i) => ({
      role: i % 2 ? 'assistant' : 'user',
      content: 'word '.repeat(400),
    }))
    for (const template of Object.values(templates).slice(0, 3)) {
      const text = await applyChatTemplate(tokenizer, long, { template })
      expect(text.length).toBeGreaterThan(4e6)
    }
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

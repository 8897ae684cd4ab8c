/** Conversations as prompts: with a template and without, kept within the context, changed and saved. */
import { describe, expect, test } from 'vitest'
import { applyChatTemplate, type ChatMessage, chatTemplateOf } from '../tokenizers/chat-template.ts'
import { byteTokenizer, type Tokenizer } from '../tokenizers/index.ts'
import { Conversation } from './conversation.ts'

const chatml =
  "{% for message in messages %}\n<|{{ message['role'] }}|>{{ message.content | trim }}{{ eos_token }}\n{% endfor %}\n{% if add_generation_prompt %}<|assistant|>{% endif %}"
const strict =
  "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{{ messages[-1].content }}"
const withTemplate = (template: unknown): Tokenizer =>
  byteTokenizer({ config: template === undefined ? {} : { chat_template: template as string } })
const hello: ChatMessage[] = [{ role: 'user', content: ' Hello ' }]

describe('a template', () => {
  test.each([
    ['as a text', chatml],
    [
      'among others',
      [
        { name: 'tools', template: 'no' },
        { name: 'default', template: chatml },
      ],
    ],
  ])('%s is applied', async (_, template) => {
    const tokenizer = withTemplate(template)
    expect(await applyChatTemplate(tokenizer, hello)).toBe('<|user|>Hello</s>\n<|assistant|>')
    expect(await applyChatTemplate(tokenizer, hello, { addGenerationPrompt: false })).toBe('<|user|>Hello</s>\n')
  })
  test('given knows further variables', async () => {
    const options = { template: '{{ mood }}: {{ messages | length }}', variables: { mood: 'calm' } }
    expect(await applyChatTemplate(withTemplate(undefined), hello, options)).toBe('calm: 1')
  })
  test.each<[string, unknown, RegExp]>([
    ['none', undefined, /^The tokenizer has no chat template/],
    ['one that cannot be read', '{% for %}', /^The chat template of the model fails: /],
    ['one that refuses', strict, /fails: ".*System role not supported/],
    [
      'a list without a default',
      [{ name: 'tools', template: 'x' }],
      /expected a text, or a list with one named default/,
    ],
    ['a number', 5, /chat_template is 5, expected a text/],
  ])('%s is told', async (_, template, says) => {
    const messages: ChatMessage[] = [{ role: 'system', content: 'x' }, ...hello]
    const applied = async () => await applyChatTemplate(withTemplate(template), messages)
    await expect(applied).rejects.toMatchObject({ kind: 'file', message: expect.stringMatching(says) })
  })
  test('null is none', () => expect(chatTemplateOf(withTemplate(null))).toBeUndefined())
})

const talk = (turns: number, system?: string): Conversation => {
  const conversation = new Conversation(system)
  for (let i = 0; i < turns; i++) {
    if (i > 0) conversation.add('assistant', `answer ${i}`)
    conversation.add('user', `question ${i}`)
  }
  return conversation
}
const textOf = (tokenizer: Tokenizer, ids: readonly number[]) => tokenizer.decode(ids)

describe('a prompt', () => {
  test('of a model without a template is plain lines', async () => {
    const tokenizer = withTemplate(undefined)
    const { ids, stop, dropped } = await talk(2, 'Be kind.').prompt(tokenizer, 1000, 100)
    expect(textOf(tokenizer, ids)).toBe('Be kind.\nUser: question 0\nAssistant: answer 1\nUser: question 1\nAssistant:')
    expect(stop).toEqual(['\nUser:', '\nAssistant:'])
    expect(dropped).toBe(0)
  })
  test('leaves out the oldest turns, from a question on, and never the system text or the last question', async () => {
    for (const template of [undefined, chatml]) {
      const tokenizer = withTemplate(template)
      const conversation = talk(6, 'Be kind.')
      const whole = await conversation.prompt(tokenizer, 10_000, 0)
      let before = 0
      for (let context = whole.ids.length; context > 0; context -= 7) {
        const { ids, dropped } = await conversation.prompt(tokenizer, context, 0)
        const text = textOf(tokenizer, ids)
        expect(dropped % 2).toBe(0)
        expect(dropped).toBeGreaterThanOrEqual(before)
        before = dropped
        expect(text).toContain('Be kind.')
        expect(text).toContain('question 5')
        expect(text.includes('question 0')).toBe(dropped === 0)
        expect(ids.length <= context || dropped === 10).toBe(true)
      }
      expect(before).toBe(10)
    }
  })
  test('leaves room for the answer', async () => {
    const tokenizer = withTemplate(undefined)
    const whole = (await talk(3).prompt(tokenizer, 10_000, 0)).ids.length
    expect((await talk(3).prompt(tokenizer, whole + 10, 10)).dropped).toBe(0)
    expect((await talk(3).prompt(tokenizer, whole + 10, 11)).dropped).toBe(2)
  })
})

describe('a conversation', () => {
  test('takes back the last question with its answer', () => {
    const conversation = talk(2)
    conversation.add('assistant', 'answer 2')
    expect(conversation.undo()).toBe('question 1')
    expect(conversation.turns.map(({ content }) => content)).toEqual(['question 0', 'answer 1'])
    expect(conversation.undo()).toBe('question 0')
    expect(conversation.undo()).toBeUndefined()
  })
  test.each([[undefined], ['Be kind.']])('comes back from its messages, system text %s', (system) => {
    const copy = new Conversation('other')
    copy.load(JSON.parse(JSON.stringify(talk(3, system).messages())), 'talk.json')
    expect(copy.messages()).toEqual(talk(3, system).messages())
    expect(copy.system).toBe(system)
  })
  test.each([
    [{}],
    [null],
    ['text'],
    [[5]],
    [[{ role: 'user' }]],
    [[{ role: 'tool', content: 'x' }]],
    [[...hello, { role: 'system', content: 'late' }]],
  ])('refuses %o', (value) => {
    const conversation = talk(2)
    expect(() => conversation.load(value, 'talk.json')).toThrow(/^talk\.json: holds .*, expected a list of messages/)
    expect(conversation.messages()).toEqual(talk(2).messages())
  })
})

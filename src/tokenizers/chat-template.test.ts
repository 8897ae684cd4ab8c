/** Chat templates give what transformers gives, for every feature that published templates use. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { byteTokenizer } from './byte-level.ts'
import { applyChatTemplate, type TemplateMessage } from './chat-template.ts'
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

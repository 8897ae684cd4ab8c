/** Chat templates: how the turns of a conversation become the text that a model was trained to go on from. */
import { fileError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { tokenRoles } from './config.ts'
import type { Tokenizer } from './tokenizer.ts'

export type ChatMessage = { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }

export type ChatTemplateOptions = {
  /** Ends where the model's answer begins. Default true. */
  readonly addGenerationPrompt?: boolean
  /** In place of the tokenizer's own. */
  readonly template?: string
  /** Further variables that the template knows. */
  readonly variables?: Readonly<Record<string, unknown>>
}

/**
 * The template in tokenizer_config.json (or in chat_template.jinja beside it); where it has several by name, the one called `default`.
 * Undefined for a model that is not made for conversations.
 */
export function chatTemplateOf(tokenizer: Tokenizer): string | undefined {
  const found = tokenizer.stages.config?.chat_template
  if (found === undefined || found === null) return undefined
  if (typeof found === 'string') return found
  const named = (Array.isArray(found) ? found : []) as { name?: unknown; template?: unknown }[]
  const chosen = named.find((each) => each?.name === 'default')?.template
  if (typeof chosen === 'string') return chosen
  throw fileError(
    'BAD_TEMPLATE',
    `tokenizer_config.json: chat_template is ${show(found)}, expected a text, or a list with one named default.`,
  )
}

/**
 * Messages as one text, by a Jinja template, in which special tokens are written out: encode it with `special: 'parse'` and without
 * adding more. Throws BAD_TEMPLATE for a template that cannot be read, or that refuses the messages; NO_TEMPLATE where there is none.
 */
export async function applyChatTemplate(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  { addGenerationPrompt = true, template = chatTemplateOf(tokenizer), variables = {} }: ChatTemplateOptions = {},
): Promise<string> {
  if (template === undefined)
    throw fileError('NO_TEMPLATE', 'The tokenizer has no chat template: its model is not made for conversations.')
  const { Template } = await import('@huggingface/jinja')
  const tokens = tokenRoles.map((role) => [`${role}_token`, tokenizer.named[role] ?? ''])
  try {
    return new Template(template).render({
      messages: messages.map(({ role, content }) => ({ role, content })),
      add_generation_prompt: addGenerationPrompt,
      ...Object.fromEntries(tokens),
      ...variables,
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw fileError('BAD_TEMPLATE', `The chat template of the model fails: ${show(reason)}.`, error)
  }
}

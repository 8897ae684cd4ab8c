/** Chat templates: how the turns of a conversation become the text that a model was trained to go on from. */
import { fileError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { tokenRoles } from './config.ts'
import type { Tokenizer } from './tokenizer.ts'

export type ChatMessage = { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }

/** What a template may be given: content in parts, and whatever further fields it knows (`name`, `tool_calls`, …). */
export type TemplateMessage = {
  readonly role: string
  readonly content: string | readonly { readonly type: string; readonly [field: string]: unknown }[] | null
  readonly [field: string]: unknown
}

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
  messages: readonly (ChatMessage | TemplateMessage)[],
  { addGenerationPrompt = true, template = chatTemplateOf(tokenizer), variables = {} }: ChatTemplateOptions = {},
): Promise<string> {
  if (template === undefined)
    throw fileError('NO_TEMPLATE', 'The tokenizer has no chat template: its model is not made for conversations.')
  const { Template } = await import('@huggingface/jinja')
  const tokens = tokenRoles.flatMap((role) =>
    role in tokenizer.named ? [[`${role}_token`, tokenizer.named[role]]] : [],
  )
  try {
    return new Template(template).render({
      // A copy: templates may change what they are given.
      messages: structuredClone(messages),
      // Templates ask whether these are none, which what is undefined is not.
      tools: null,
      documents: null,
      add_generation_prompt: addGenerationPrompt,
      ...Object.fromEntries(tokens),
      ...variables,
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw fileError('BAD_TEMPLATE', `The chat template of the model fails: ${show(reason)}.`, error)
  }
}

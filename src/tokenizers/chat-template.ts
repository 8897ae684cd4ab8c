/** Chat templates: how the turns of a conversation become the text that a model was trained to go on from. */
import { withinTime } from '../base/deadline.ts'
import { fileError, PellucidError, usageError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { tokenRoles } from './config.ts'
import { templateFileOf } from './formats/settings.ts'
import type { Tokenizer } from './tokenizer.ts'

export type ChatMessage = { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }

/** What a template may be given: content in parts, and whatever further fields it knows (`name`, `tool_calls`, …). */
export type TemplateMessage = {
  readonly role: string
  readonly content: string | readonly { readonly type: string; readonly [field: string]: unknown }[] | null
  readonly [field: string]: unknown
}

export type ChatTemplateOptions = {
  /** Ends where the model's answer begins. Default true, but with `continueFinalMessage`. */
  readonly addGenerationPrompt?: boolean
  /** Ends where the last message ends, without what a template puts behind it, so that a model goes on with it. */
  readonly continueFinalMessage?: boolean
  /** In place of the tokenizer's own. */
  readonly template?: string
  /** Further variables that the template knows. */
  readonly variables?: Readonly<Record<string, unknown>>
}

/** No honest template takes as long: one that does would never end. */
const mostSeconds = 5

/**
 * The template in tokenizer_config.json (or in chat_template.jinja beside it); where it has several by name, the one called `default`.
 * Undefined for a model that is not made for conversations.
 */
export function chatTemplateOf(tokenizer: Tokenizer): string | undefined {
  const { config } = tokenizer.stages
  const found = config?.chat_template
  if (found === undefined || found === null) return undefined
  if (typeof found === 'string') return found
  const named = (Array.isArray(found) ? found : []) as { name?: unknown; template?: unknown }[]
  const chosen = named.find((each) => each?.name === 'default')?.template
  if (typeof chosen === 'string') return chosen
  throw fileError(
    'BAD_TEMPLATE',
    `${(config && templateFileOf(config)) ?? 'tokenizer_config.json'}: chat_template is ${show(found)}, expected a text, or a list with one named default.`,
  )
}

/** What an error calls the template: the model's own by the file it was read from. */
function nameOf(tokenizer: Tokenizer, isGiven: boolean): string {
  const file = tokenizer.stages.config && templateFileOf(tokenizer.stages.config)
  if (isGiven) return 'The chat template given'
  return file === undefined ? 'The chat template of the model' : `${file}: the chat template`
}

/** Stands at the end of the message that is gone on with; what a template puts behind it is cut off with it. */
const endMark = 'END_OF_THE_MESSAGE_THAT_GOES_ON '

/** Marks the end of the last message, in its last text if it has parts. Changes it. */
function markEnd(messages: Record<string, unknown>[]): void {
  const last = messages.at(-1)
  const parts = (Array.isArray(last?.content) ? last.content : [last]) as Record<string, unknown>[]
  const field = Array.isArray(last?.content) ? 'text' : 'content'
  const text = parts.findLast((part) => typeof part?.[field] === 'string')
  if (!text) throw new Error('there is no last message with a text to go on with')
  text[field] = `${text[field]}${endMark}`
}

/** The text up to the mark; a template that trims a message takes the white space before the mark too. */
function upToMark(text: string): string {
  const end = text.lastIndexOf(endMark.trimEnd())
  if (end < 0) throw new Error('the last message is not in what it makes')
  return text.startsWith(endMark, end) ? text.slice(0, end) : text.slice(0, end).trimEnd()
}

/**
 * Messages as one text, by a Jinja template, in which special tokens are written out: encode it with `special: 'parse'` and without
 * adding more. Throws BAD_TEMPLATE for a template that cannot be read, that refuses the messages, that makes more than 16 million
 * characters or does more than any conversation needs, or that takes more than five seconds (which only Node can tell);
 * NO_TEMPLATE where there is none.
 */
export async function applyChatTemplate(
  tokenizer: Tokenizer,
  messages: readonly (ChatMessage | TemplateMessage)[],
  options: ChatTemplateOptions = {},
): Promise<string> {
  const { template: given, continueFinalMessage = false, variables = {} } = options
  const { addGenerationPrompt = !continueFinalMessage } = options
  if (addGenerationPrompt && continueFinalMessage)
    throw usageError(
      'BAD_OPTION',
      'A conversation goes on with its last message, or with a new one: give one of continueFinalMessage and addGenerationPrompt.',
    )
  const template = given ?? chatTemplateOf(tokenizer)
  if (template === undefined)
    throw fileError('NO_TEMPLATE', 'The tokenizer has no chat template: its model is not made for conversations.')
  // Only conversations need it.
  const { renderTemplate } = await import('./template-runtime.ts')
  const tokens = tokenRoles.flatMap((role) =>
    role in tokenizer.named ? [[`${role}_token`, tokenizer.named[role]]] : [],
  )
  const render = (): string => {
    // A copy: templates may change what they are given.
    const copy = structuredClone(messages) as unknown as Record<string, unknown>[]
    if (continueFinalMessage) markEnd(copy)
    const text = renderTemplate(template, {
      messages: copy,
      // Templates ask whether these are none, which what is undefined is not.
      tools: null,
      documents: null,
      add_generation_prompt: addGenerationPrompt,
      ...Object.fromEntries(tokens),
      ...variables,
    })
    return continueFinalMessage ? upToMark(text) : text
  }
  try {
    return withinTime(1000 * mostSeconds, render)
  } catch (error) {
    const name = nameOf(tokenizer, given !== undefined)
    if (error instanceof PellucidError && error.code === 'OUT_OF_TIME')
      throw fileError(
        'BAD_TEMPLATE',
        `${name} takes more than ${mostSeconds} s.\nIt does not end in useful time: repair it, or use another.`,
        error,
      )
    const reason = error instanceof Error ? error.message : String(error)
    throw fileError(
      'BAD_TEMPLATE',
      `${name} fails: ${show(reason)}.\nCheck the messages against what it expects; else repair it, or use another.`,
      error,
    )
  }
}

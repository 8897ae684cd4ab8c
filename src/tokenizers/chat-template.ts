/** Chat templates: how the turns of a conversation become the text that a model was trained to go on from. */
import { withinTime } from '../base/deadline.ts'
import { fileError, PellucidError } from '../base/errors.ts'
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
  /** Ends where the model's answer begins. Default true. */
  readonly addGenerationPrompt?: boolean
  /** In place of the tokenizer's own. */
  readonly template?: string
  /** Further variables that the template knows. */
  readonly variables?: Readonly<Record<string, unknown>>
}

/** No honest template takes as long: one that does would never end. */
const mostSeconds = 5
/** Numbers in a range: as many as Hugging Face's library allows. */
const mostNumbers = 100_000

/** Jinja's `range`, which refuses to fill the memory with numbers. */
function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second]
  if (step === 0) throw new Error('range() step must not be zero')
  const length = Math.max(0, Math.ceil((stop - start) / step))
  if (length > mostNumbers) throw new Error(`range() of ${length} numbers, more than ${mostNumbers}`)
  return Array.from({ length }, (_, i) => start + i * step)
}

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

/**
 * Messages as one text, by a Jinja template, in which special tokens are written out: encode it with `special: 'parse'` and without
 * adding more. Throws BAD_TEMPLATE for a template that cannot be read, that refuses the messages, or that takes more than five
 * seconds (which only Node can tell); NO_TEMPLATE where there is none.
 */
export async function applyChatTemplate(
  tokenizer: Tokenizer,
  messages: readonly (ChatMessage | TemplateMessage)[],
  { addGenerationPrompt = true, template: given, variables = {} }: ChatTemplateOptions = {},
): Promise<string> {
  const template = given ?? chatTemplateOf(tokenizer)
  if (template === undefined)
    throw fileError('NO_TEMPLATE', 'The tokenizer has no chat template: its model is not made for conversations.')
  const { Template } = await import('@huggingface/jinja')
  const tokens = tokenRoles.flatMap((role) =>
    role in tokenizer.named ? [[`${role}_token`, tokenizer.named[role]]] : [],
  )
  const values = {
    // A copy: templates may change what they are given.
    messages: structuredClone(messages),
    // Templates ask whether these are none, which what is undefined is not.
    tools: null,
    documents: null,
    add_generation_prompt: addGenerationPrompt,
    ...Object.fromEntries(tokens),
    ...variables,
    bounded_range: range,
  }
  const render = (): string => {
    const program = new Template(template)
    // The library refuses a variable named like one of its own functions; a template may name it so.
    program.parsed.body.unshift(...new Template('{% set range = bounded_range %}').parsed.body)
    return program.render(values)
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

/** A conversation with a model: its turns, the prompt they make, and what is left out when the model's context is full. */
import { fileError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { applyChatTemplate, type ChatMessage, chatTemplateOf } from '../tokenizers/chat-template.ts'
import type { Tokenizer } from '../tokenizers/index.ts'

/** What a prompt is made of. */
export type ChatPrompt = {
  readonly ids: readonly number[]
  /** The oldest turns, left out because they found no room. */
  readonly dropped: number
  /** Texts that end an answer, for models that have no end token for it. */
  readonly stop: readonly string[]
}

/**
 * For models without a chat template: lines that begin with who speaks. A model that has seen dialogues goes on in the same way, and the
 * next line of the user's ends its answer.
 */
const plain = {
  text: (messages: readonly ChatMessage[]): string =>
    `${messages.map(({ role, content }) => (role === 'system' ? content : `${speakers[role]}: ${content}`)).join('\n')}\n${speakers.assistant}:`,
  stop: ['\nUser:', '\nAssistant:'],
}
const speakers = { user: 'User', assistant: 'Assistant' } as const

export class Conversation {
  system: string | undefined
  #turns: ChatMessage[] = []

  constructor(system?: string) {
    this.system = system
  }

  /** What was said, without the system's text. */
  get turns(): readonly ChatMessage[] {
    return this.#turns
  }

  add(role: 'user' | 'assistant', content: string): void {
    this.#turns.push({ role, content })
  }

  /** Forgets all turns. */
  reset(): void {
    this.#turns = []
  }

  /** Takes back the last turn of the user's and what followed; returns what it said, undefined when there is none. */
  undo(): string | undefined {
    const at = this.#turns.findLastIndex(({ role }) => role === 'user')
    return at < 0 ? undefined : this.#turns.splice(at)[0]!.content
  }

  /** The conversation as messages: what a file holds, and what a template sees. */
  messages(from = 0): ChatMessage[] {
    const system = this.system === undefined ? [] : [{ role: 'system' as const, content: this.system }]
    return [...system, ...this.#turns.slice(from)]
  }

  /** Replaces all by messages as `messages` gives them. Throws BAD_CONVERSATION; `file` is named in the error. */
  load(value: unknown, file: string): void {
    const messages = Array.isArray(value) ? (value as unknown[]) : undefined
    const wrong = messages ? messages.find((each, i) => !isMessage(each, i)) : value
    if (wrong !== undefined || !messages)
      throw fileError(
        'BAD_CONVERSATION',
        `${file}: holds ${show(wrong)}, expected a list of messages, each with a role (user, assistant; system first) and a content.`,
      )
    const [first, ...rest] = messages as ChatMessage[]
    this.system = first?.role === 'system' ? first.content : undefined
    this.#turns = first === undefined || first.role === 'system' ? rest : [first, ...rest]
  }

  /**
   * The prompt for the next answer, which shall have room for `reserve` tokens in the context: the oldest turns are left out until it
   * has, always from a question on. The system's text stays, and so does the last turn, whose beginning is lost if even that is too long
   * (see `windowStart`).
   */
  async prompt(tokenizer: Tokenizer, context: number, reserve: number): Promise<ChatPrompt> {
    const templated = chatTemplateOf(tokenizer) !== undefined
    for (let dropped = 0; ; ) {
      const messages = this.messages(dropped)
      const text = templated ? await applyChatTemplate(tokenizer, messages) : plain.text(messages)
      const how = { special: 'parse', addSpecialTokens: !templated, truncation: false, padding: false } as const
      const { ids: all, specialTokensMask } = tokenizer.encode(text, how)
      // Some tokenizers end every text, but this one is to go on.
      const ids = templated ? all : all.slice(0, specialTokensMask.lastIndexOf(0) + 1)
      const next = this.#turns.findIndex(({ role }, i) => i > dropped && role === 'user')
      if (ids.length + reserve <= context || next < 0) return { ids, dropped, stop: templated ? [] : plain.stop }
      dropped = next
    }
  }
}

const isMessage = (value: unknown, index: number): boolean => {
  const { role, content } = (value ?? {}) as { role?: unknown; content?: unknown }
  return typeof content === 'string' && (role === 'user' || role === 'assistant' || (role === 'system' && index === 0))
}

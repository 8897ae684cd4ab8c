/** Conversations in a file: a JSON list of messages, or lines with one each. */
import { fileError } from '../base/errors.ts'
import { JsonError, parseJson, show } from '../base/json.ts'
import { applyChatTemplate, type ChatMessage } from '../tokenizers/chat-template.ts'
import type { Tokenizer } from '../tokenizers/index.ts'
import type { Reading } from './data-files.ts'
import { textLines } from './text-lines.ts'

/** The messages of a conversation, and where it stands. */
export type Conversation = { readonly messages: readonly ChatMessage[]; readonly place: string }

function readMessages(value: unknown, place: string): Conversation {
  const found = Array.isArray(value) ? value : (value as { messages?: unknown } | null)?.messages
  const bad = (what: string) =>
    fileError(
      'BAD_MESSAGES',
      `${place}: ${what}.\nExpected a list of messages, each { "role": …, "content": … }, or an object with such "messages".`,
    )
  if (!Array.isArray(found)) throw bad(`holds ${show(value)}, which has no messages`)
  if (found.length === 0) throw bad('holds no message')
  found.forEach((message: unknown, i) => {
    const { role, content } = (message ?? {}) as { role?: unknown; content?: unknown }
    if (typeof role !== 'string' || typeof content !== 'string') throw bad(`message ${i} is ${show(message)}`)
  })
  return { messages: found as ChatMessage[], place }
}

function parsed(text: string, place: (line: number, column: number) => string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw fileError('BAD_JSON', `${place(error.line, error.column)}: not valid JSON: ${error.message}.`, error)
  }
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Yields the conversations of a file, line by line where its first line is JSON by itself. Throws BAD_JSON, BAD_MESSAGES. */
export async function* conversations(file: string, how: Reading): AsyncGenerator<Conversation> {
  let byLine: boolean | undefined
  const all: string[] = []
  for await (const { first, lines } of textLines(file, how)) {
    byLine ??= lines.some((line) => line.trim() !== '') ? isJson(lines.find((line) => line.trim() !== '')!) : undefined
    if (!byLine) {
      for (const line of lines) all.push(line)
      continue
    }
    for (const [i, line] of lines.entries()) {
      if (line.trim() === '') continue
      const place = `${file}:${first + i}`
      yield readMessages(
        parsed(line, (_, column) => `${place}:${column}`),
        place,
      )
    }
  }
  if (byLine) return
  const whole = all.join('\n')
  if (whole.trim() === '') throw fileError('BAD_JSON', `${file}: is empty, expected messages as JSON.`)
  yield readMessages(
    parsed(whole, (line, column) => `${file}:${line}:${column}`),
    file,
  )
}

/** The text of a conversation, ready for the model's answer if the last message is not one already. */
export const render = (tokenizer: Tokenizer, { messages }: Conversation): Promise<string> =>
  applyChatTemplate(tokenizer, messages, { addGenerationPrompt: messages.at(-1)!.role !== 'assistant' })

/** `pellucid chat`: a conversation with a model in the terminal, or line by line over pipes. */
import { writeText } from '../base/atomic.ts'
import { kindOf, readText } from '../base/files.ts'
import { loadModel, type Model } from '../model.ts'
import { chatTemplateOf } from '../tokenizers/chat-template.ts'
import { linesOf, type NextLine, readMessage } from './chat-input.ts'
import { type Answer, ChatSession, isForgivable } from './chat-session.ts'
import { painter } from './color.ts'
import type { Command, Terminal } from './command.ts'
import { reportOptions, searchOptions, writingOptions } from './generate-options.ts'
import { printable } from './layout.ts'
import { filled, flagOf, json, loadingOptions, modelArgument, runtimeOptions } from './options.ts'

/** Settings of an answer, which `/set` changes too: those of `generate`, but for what belongs to several texts or to a report. */
const settingOptions = writingOptions.filter(
  (option) => !searchOptions.includes(option) && !reportOptions.includes(option),
)

/** Most lines that a history keeps. */
const mostLines = 1000

export const chat: Command = {
  name: 'chat',
  summary: 'talk with a model',
  arguments: [modelArgument],
  options: [
    { flags: '--system <text>', description: 'what the model is told first' },
    {
      flags: '--history <file>',
      description: 'keep what is typed in a file, for the arrow keys of the next time',
      parse: filled('--history'),
    },
    ...settingOptions,
    json,
    ...loadingOptions,
    ...runtimeOptions,
  ],
  examples: ['chat owner/name --system "Answer briefly."', 'chat runs/world --temperature 0.7 --history .chat'],
  async run({ model: source, system, history: historyFile, json: asJson, ...values }, terminal) {
    const { runtime, threads, strict, allowMissing, quantize, draft: draftName, ...settings } = values
    const history = historyFile === undefined ? [] : await readHistory(historyFile)
    const warn = (line: string) => terminal.note(`${line}\n`)
    const options = { runtime, threads, strict, allowMissing, quantize, prepare: true, warn }
    const model = await loadModel(source, { ...options, quantize })
    let draft: Model | undefined
    try {
      if (draftName !== undefined) draft = await loadModel(draftName, options)
      const changeable = settingOptions.filter((option) => flagOf(option) !== '--draft')
      const session = new ChatSession(model, changeable, settings, { system: system || undefined, draft })
      const templated = chatTemplateOf(model.tokenizer!) !== undefined
      if (!templated) warn('The model has no chat template: it is given plain lines, "User: …" and "Assistant:".')
      if (terminal.ask && !asJson) warn(painter(terminal.color).dim('/help tells what can be typed; Ctrl-D leaves.'))
      await converse(session, terminal, asJson ?? false, history)
    } finally {
      if (historyFile !== undefined)
        await writeText(
          historyFile,
          Array.from(history, (line) => `${line}\n`)
            .reverse()
            .join(''),
        )
      await draft?.dispose()
      await model.dispose()
    }
  },
}

/** The newest first, as the arrow keys find them. */
async function readHistory(file: string): Promise<string[]> {
  if ((await kindOf(file)) === undefined) return []
  return (await readText(file)).split('\n').filter(Boolean).reverse().slice(0, mostLines)
}

/** Message after message, until there are no more. */
async function converse(session: ChatSession, terminal: Terminal, asJson: boolean, history: string[]): Promise<void> {
  const paint = painter(terminal.color)
  let dropped = 0
  /** Presses of Ctrl-C since something was typed; the second one leaves. */
  let presses = 0
  const next = lineReader(terminal, history, () => {
    presses++
  })
  while (!terminal.signal.aborted && presses < 2) {
    const message = await readMessage(next)
    if (message === undefined) return
    if (message.trim() === '') {
      if (presses === 1) terminal.note(`${paint.dim('Ctrl-C again leaves, as does Ctrl-D.')}\n`)
      continue
    }
    presses = 0
    try {
      if (message.startsWith('/')) {
        const { say, answer, leave } = await session.command(message)
        if (leave) return
        if (say !== undefined) terminal.note(`${say}\n`)
        if (!answer) continue
      } else session.conversation.add('user', message)
      const done = await showAnswer(session, terminal, asJson)
      if (done.dropped > dropped)
        terminal.note(`${paint.dim(`The context is full: the oldest ${done.dropped} turns are left out.`)}\n`)
      dropped = done.dropped
      if (done.finish === undefined && !terminal.signal.aborted) presses = 1
    } catch (error) {
      // At the keyboard a mistake can be mended; over a pipe nobody would see it.
      if (!isForgivable(error) || !terminal.ask) throw error
      // A question that could not be answered would stand in the way of the next one.
      if (session.conversation.turns.at(-1)?.role === 'user') session.conversation.undo()
      terminal.note(`${paint.red(error.message)}\n`)
    }
  }
}

/** Lines from the keyboard, or from a pipe. `interrupted` is told of a Ctrl-C in place of a line. */
function lineReader(terminal: Terminal, history: string[], interrupted: () => void): NextLine {
  const { ask } = terminal
  if (!ask) {
    const lines = linesOf(terminal.input())
    return async () => (await lines.next()).value ?? undefined
  }
  const paint = painter(terminal.color)
  return async (more) => {
    const release = terminal.onInterrupt(interrupted)
    try {
      return await ask(paint.bold(more ? '… ' : '> '), history)
    } finally {
      release()
    }
  }
}

/** Shows an answer as it comes; Ctrl-C stops it. */
async function showAnswer(session: ChatSession, terminal: Terminal, asJson: boolean): Promise<Answer> {
  const stop = new AbortController()
  const release = terminal.onInterrupt(() => stop.abort())
  const shown = terminal.interactive ? printable : (text: string) => text
  try {
    const signal = AbortSignal.any([terminal.signal, stop.signal])
    const answer = await session.answer((text) => asJson || terminal.out(shown(text)), signal)
    if (asJson) terminal.out(`${JSON.stringify(jsonLine(answer, session))}\n`)
    else terminal.out('\n')
    if (terminal.interactive && !asJson)
      terminal.note(`${painter(terminal.color).dim(describe(answer, session.model.contextLength))}\n`)
    return answer
  } finally {
    release()
  }
}

const rateOf = ({ tokens, seconds }: Answer): number => tokens / Math.max(seconds, 1e-6)

/** `24 tokens · 31.2 a second · 87 of 1024 of the context` */
const describe = (answer: Answer, context: number): string =>
  [
    `${answer.tokens} tokens${answer.finish === undefined ? ', stopped' : ''}`,
    `${rateOf(answer).toFixed(1)} a second`,
    `${Math.min(context, answer.prompt + answer.tokens)} of ${context} of the context`,
  ].join(' · ')

const jsonLine = (answer: Answer, { model }: ChatSession) => ({
  role: 'assistant',
  content: answer.text,
  finish: answer.finish ?? 'stopped',
  promptTokens: answer.prompt,
  tokens: answer.tokens,
  tokensPerSecond: Number(rateOf(answer).toFixed(1)),
  context: model.contextLength,
  dropped: answer.dropped,
})

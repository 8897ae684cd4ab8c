/** A conversation in progress, apart from the terminal: settings that may change, answers, and the commands that begin with a slash. */
import { writeJson } from '../base/atomic.ts'
import { PellucidError, usageError } from '../base/errors.ts'
import { readJson } from '../base/files.ts'
import { nearest } from '../base/nearest.ts'
import { Conversation } from '../generation/conversation.ts'
import type { Finish, GenerateOptions } from '../generation/index.ts'
import type { Model } from '../model.ts'
import type { OptionSpec } from './command.ts'
import { camel, flagOf } from './options.ts'

/** One answer, and what it took. */
export type Answer = {
  readonly text: string
  readonly tokens: number
  readonly seconds: number
  /** Tokens of the prompt. */
  readonly prompt: number
  /** The oldest turns, which found no room in the prompt. */
  readonly dropped: number
  /** Undefined for an answer that was stopped. */
  readonly finish: Finish | undefined
}

/** What a slash command does next: say something, answer what was said last, or leave. */
export type Outcome = { readonly say?: string; readonly answer?: true; readonly leave?: true }

type SlashCommand = {
  readonly name: string
  readonly argument?: string
  readonly about: string
  run(session: ChatSession, argument: string): Outcome | Promise<Outcome>
}

const said = (say: string): Outcome => ({ say })
const required = (argument: string, what: string): string => {
  if (argument) return argument
  throw usageError('VALUE_MISSING', `Expected ${what}; found nothing. See /help.`)
}

export const slashCommands: readonly SlashCommand[] = [
  { name: 'help', about: 'these commands', run: () => said(helpText()) },
  {
    name: 'system',
    argument: '[text]',
    about: 'what the model is told first; without a text, shows it',
    run: ({ conversation }, text) => {
      if (text) conversation.system = text === '-' ? undefined : text
      return said(conversation.system === undefined ? 'No system text.' : `System: ${conversation.system}`)
    },
  },
  {
    name: 'set',
    argument: 'name value',
    about: "a setting of the flag's name: /set temperature 0.7; without a value, its default",
    run: (session, argument) => said(session.set(argument)),
  },
  { name: 'settings', about: 'the settings in use', run: (session) => said(session.settingsText()) },
  {
    name: 'reset',
    about: 'forget what was said',
    run: ({ conversation }) => {
      conversation.reset()
      return said('Forgotten; the conversation starts anew.')
    },
  },
  {
    name: 'undo',
    about: 'take back the last question and its answer',
    run: ({ conversation }) => {
      const question = conversation.undo()
      return said(question === undefined ? 'There is nothing to take back.' : `Taken back: ${question}`)
    },
  },
  {
    name: 'retry',
    about: 'answer the last question again, with another seed',
    run: (session) => {
      const question = session.conversation.undo()
      if (question === undefined) return said('There is nothing to answer.')
      session.conversation.add('user', question)
      session.nextSeed()
      return { answer: true }
    },
  },
  {
    name: 'save',
    argument: 'file',
    about: 'write the conversation as JSON',
    run: async ({ conversation }, file) => {
      await writeJson(required(file, 'a file'), conversation.messages())
      return said(`${conversation.messages().length} messages written to ${file}.`)
    },
  },
  {
    name: 'load',
    argument: 'file',
    about: 'go on with a saved conversation',
    run: async ({ conversation }, file) => {
      conversation.load(await readJson(required(file, 'a file')), file)
      return said(`${conversation.messages().length} messages read from ${file}.`)
    },
  },
  {
    name: 'tokens',
    about: 'how much of the context is in use',
    run: async (session) => said(await session.tokensText()),
  },
  { name: 'quit', about: 'leave (also Ctrl-D)', run: () => ({ leave: true }) },
]

const helpText = (): string => {
  const lines = slashCommands.map(
    ({ name, argument, about }) => `  ${`/${name}${argument ? ` ${argument}` : ''}`.padEnd(18)} ${about}`,
  )
  const more = [
    'A line that ends in \\ goes on in the next one; between two lines of ``` a text may have any lines.',
    'Ctrl-C stops an answer; twice it leaves.',
  ]
  return [...lines, ...more].join('\n')
}

type Settings = Readonly<Record<string, unknown>>

export class ChatSession {
  readonly conversation: Conversation
  readonly model: Model
  readonly #options: readonly OptionSpec[]
  /** Values of the flags by name, as the user gave or changed them. */
  #settings: Settings

  readonly #draft: Model | undefined

  /** `options` are the flags that can be set; `settings` their values so far; `draft` a small model that guesses ahead. */
  constructor(
    model: Model,
    options: readonly OptionSpec[],
    settings: Settings,
    { system, draft }: { readonly system?: string | undefined; readonly draft?: Model | undefined } = {},
  ) {
    if (!model.tokenizer)
      throw usageError(
        'NO_TOKENIZER',
        'This model has no tokenizer, so nobody can talk with it. Use generate with ids.',
      )
    this.model = model
    this.#draft = draft
    this.conversation = new Conversation(system)
    this.#options = options
    this.#settings = settings
  }

  /** What a line that begins with a slash asks for. Throws usage errors for what it cannot mean. */
  async command(line: string): Promise<Outcome> {
    const [, name = '', argument = ''] = /^\/(\S*)\s*([\s\S]*)$/.exec(line) ?? []
    const found = slashCommands.find((each) => each.name === name)
    if (found) return await found.run(this, argument.trim())
    const meant = nearest(
      name,
      slashCommands.map((each) => each.name),
    )
    throw usageError('NO_COMMAND', `There is no /${name}${meant ? `. Did you mean /${meant}?` : '; see /help.'}`)
  }

  /** Answers what was said last, piece by piece; the answer joins the conversation, also one that `signal` has stopped. */
  async answer(show: (text: string) => void, signal: AbortSignal): Promise<Answer> {
    const { tokenizer, contextLength } = this.model
    const { stop: stops, maxNewTokens, ...settings } = this.#generateOptions()
    const own = stops === undefined ? [] : typeof stops === 'string' ? [stops] : stops
    const prompt = await this.conversation.prompt(tokenizer!, contextLength, reserveOf(maxNewTokens, contextLength))
    const stop = [...prompt.stop, ...own]
    const draft = this.#draft && { draft: this.#draft }
    const began = performance.now()
    let [text, tokens] = ['', 0]
    let finish: Finish | undefined
    try {
      const pieces = this.model.generate(prompt.ids, { ...settings, ...draft, maxNewTokens, stop, signal })
      for await (const piece of pieces) {
        // A plain prompt ends without the space that its answer begins with.
        const fresh = text === '' ? piece.text.trimStart() : piece.text
        text += fresh
        tokens += piece.ids.length
        finish = piece.finish
        if (fresh) show(fresh)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
    this.conversation.add('assistant', text.trimEnd())
    const seconds = (performance.now() - began) / 1000
    return { text: text.trimEnd(), tokens, seconds, prompt: prompt.ids.length, dropped: prompt.dropped, finish }
  }

  /** `temperature 0.7` → the setting, changed; returns what to say. */
  set(argument: string): string {
    const [, name = '', value = ''] = /^(\S*)\s*([\s\S]*)$/.exec(argument) ?? []
    const names = this.#options.map((option) => flagOf(option).slice(2))
    const plain = (text: string) => text.replaceAll('-', '').toLowerCase()
    const option = this.#options.find((each) => plain(flagOf(each)) === plain(name))
    if (!option) {
      const meant = nearest(name, names)
      throw usageError(
        'NO_SETTING',
        `There is no setting ${name || 'without a name'}${meant ? `. Did you mean ${meant}?` : `; there are ${names.join(', ')}.`}`,
      )
    }
    const key = camel(flagOf(option).slice(2))
    const { [key]: before, ...others } = this.#settings
    if (value === '') this.#settings = option.default === undefined ? others : { ...others, [key]: option.default }
    else {
      const read = option.parse ? option.parse(value) : option.flags.includes('<') ? value : value !== 'false'
      this.#settings = { ...others, [key]: option.repeat ? [...((before as unknown[]) ?? []), read] : read }
    }
    return this.settingsText()
  }

  /** The same question drawn with another seed gives another answer. */
  nextSeed(): void {
    this.#settings = { ...this.#settings, seed: ((this.#settings.seed as number | undefined) ?? 0) + 1 }
  }

  settingsText(): string {
    const given = Object.entries(this.#generateOptions()).filter(([, value]) => value !== undefined)
    return given.length ? given.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(', ') : 'All defaults.'
  }

  async tokensText(): Promise<string> {
    const { tokenizer, contextLength } = this.model
    const reserve = reserveOf(this.#generateOptions().maxNewTokens, contextLength)
    const { ids, dropped } = await this.conversation.prompt(tokenizer!, contextLength, reserve)
    return (
      `${ids.length} of ${contextLength} tokens of the context are in use; ${reserve} are kept for an answer.` +
      (dropped ? ` The oldest ${dropped} turns are left out.` : '')
    )
  }

  #generateOptions(): GenerateOptions {
    const given = Object.entries(this.#settings).filter(([, value]) => !(Array.isArray(value) && value.length === 0))
    return Object.fromEntries(given)
  }
}

/** Room that a prompt leaves for its answer: as much as is asked for, but at most half of the context. */
const reserveOf = (maxNewTokens: number | undefined, context: number): number =>
  Math.min(maxNewTokens ?? context, Math.floor(context / 2))

/** Whether an error is one that the conversation survives: what was typed was wrong, or a file. */
export const isForgivable = (error: unknown): error is PellucidError =>
  error instanceof PellucidError && (error.kind === 'usage' || error.kind === 'file' || error.kind === 'failure')

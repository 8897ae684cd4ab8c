/** A command line → what to do. Every refusal says what was found, what was expected, and where help is. */
import { Option, Command as Parser } from 'commander'
import { usageError } from '../base/errors.ts'
import { version } from '../base/version.ts'
import type { Command, OptionSpec, Terminal, Values } from './command.ts'
import { commands } from './commands.ts'
import { runtimeOptions } from './options.ts'

export type Task = () => Promise<void>

const shorten = (text: string) => (text.length > 100 ? `${text.slice(0, 99)}…` : text)
const camel = (name: string) => name.toLowerCase().replace(/[-.](\w)/g, (_, letter: string) => letter.toUpperCase())
const debugOption: OptionSpec = { flags: '--debug', description: 'show where an error comes from' }

/**
 * Bytes of all arguments together beyond which a command that runs a model is refused: ONNX Runtime 1.30 reads the command line when it
 * starts and matches it recursively, which overflows its stack somewhere between 20,000 and 50,000.
 */
const mostArgumentBytes = 16_000

/** The long flag of an option: `--out <dir>` → `--out`. */
const flagOf = ({ flags }: OptionSpec) => /--[\w-]+/.exec(flags)![0]

/** Finds the command, checks its arguments and options; undefined when all that was asked for was help, which is printed. */
export async function parse(given: readonly string[], terminal: Terminal): Promise<Task | undefined> {
  const argv = given[0] === 'help' ? [...given.slice(1), '--help'] : given
  let task: Task | undefined
  const program = new Parser('pellucid')
    .description('Transformers you can see through: read, train, generate, inspect.')
    .version(version(), '-V, --version', 'print the version')
  prepare(program, terminal)
  program.addOption(optionOf(debugOption))
  // Only the command that is asked for is loaded, so that the first token is not kept waiting by the others.
  const name = argv.find((word) => !word.startsWith('-'))
  let asked: Command | undefined
  for (const { name: known, summary, load } of commands) {
    const parser = program.command(known).description(summary)
    if (known !== name) continue
    asked = await load()
    define(parser, asked, terminal, (run) => {
      task = run
    })
  }
  if (argv.length === 0) {
    program.outputHelp()
    return undefined
  }
  const words = asked ? ['pellucid', asked.name] : ['pellucid']
  let command = asked
  for (const sub of asked?.subcommands ?? [])
    if (argv[argv.indexOf(asked!.name) + 1] === sub.name) {
      command = sub
      words.push(sub.name)
    }
  try {
    if (command) checkValues(argv, command)
    // An unknown command is told before its flags, even before --help.
    program.parse(name !== undefined && !asked ? [name] : [...argv], { from: 'user' })
  } catch (error) {
    return explain(error, words.join(' '), command)
  }
  return task
}

/** What every parser has in common: no exit of its own, output through the terminal, flags that are shown in help. */
function prepare(parser: Parser, terminal: Terminal): void {
  parser
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      outputError: () => {},
      getOutHelpWidth: () => terminal.columns,
      getOutHasColors: () => terminal.color,
    })
}

/** Adds a command's arguments and options to a parser; `chosen` is told what to do. */
function define(parser: Parser, command: Command, terminal: Terminal, chosen: (task: Task) => void): void {
  prepare(parser, terminal)
  parser.description(command.summary).allowExcessArguments()
  const specs = command.arguments ?? []
  for (const { name, description, optional, variadic } of specs) {
    const text = `${name}${variadic ? '...' : ''}`
    parser.argument(optional ? `[${text}]` : `<${text}>`, description)
  }
  for (const option of [...(command.options ?? []), debugOption]) parser.addOption(optionOf(option))
  if (command.examples?.length)
    parser.addHelpText('after', `\nExamples:\n${command.examples.map((line) => `  pellucid ${line}`).join('\n')}`)
  for (const sub of command.subcommands ?? []) define(parser.command(sub.name), sub, terminal, chosen)
  const { run } = command
  parser.action((...given: unknown[]) => {
    const last = specs.at(-1)
    const extra = last?.variadic ? undefined : parser.args[specs.length]
    if (extra !== undefined) throw usageError('EXTRA_ARGUMENT', tooMany(command, extra))
    if (!run) return parser.outputHelp()
    if (command.options?.some((option) => runtimeOptions.includes(option))) checkLength(parser.args, parser.opts())
    const read = (value: unknown, parseOne?: (text: string) => unknown) =>
      parseOne === undefined || value === undefined
        ? value
        : Array.isArray(value)
          ? value.map(parseOne)
          : parseOne(value as string)
    const values: Record<string, unknown> = Object.fromEntries(
      specs.map((spec, i) => [camel(spec.name), read(given[i], spec.parse)]),
    )
    for (const option of command.options ?? []) if (option.repeat) values[camel(flagOf(option).slice(2))] = []
    chosen(() => run({ ...values, ...(given[specs.length] as Values) }, terminal))
  })
}

function tooMany({ name, arguments: specs = [], subcommands }: Command, extra: string): string {
  const takes = subcommands
    ? `knows ${subcommands.map((sub) => sub.name).join(', ')}`
    : `takes ${specs.length === 0 ? 'flags only' : specs.map((spec) => spec.name).join(', ')}`
  return `${name} ${takes}; found '${shorten(extra)}'.`
}

/** A flag given twice is refused unless it makes a list: which of the two was meant cannot be known. */
function optionOf({ flags, description, parse: read, repeat, default: value }: OptionSpec): Option {
  const option = new Option(flags, description)
  if (!flags.includes('<')) return option
  if (repeat) return option.argParser((text: string, before: unknown[] = []) => [...before, read ? read(text) : text])
  let seen: string | undefined
  option.argParser((text: string) => {
    if (seen !== undefined)
      throw usageError(
        'FLAG_TWICE',
        `${flagOf({ flags, description })} is given twice, '${shorten(seen)}' and '${shorten(text)}'; expected it once.`,
      )
    seen = text
    return read ? read(text) : text
  })
  if (value !== undefined) option.default(value)
  return option
}

/** Refuses a flag whose value was forgotten: at the end of the line, or before another flag. */
function checkValues(argv: readonly string[], command: Command): void {
  const options = new Map((command.options ?? []).map((option) => [flagOf(option), option.flags]))
  for (let i = 0; i < argv.length && argv[i] !== '--'; i++) {
    const [flag, next] = [argv[i]!, argv[i + 1]]
    const flags = options.get(flag)
    if (!flags?.includes('<')) continue
    if (next === undefined) throw usageError('VALUE_MISSING', `${flag} needs a value: ${flags}.`)
    if (options.has(next))
      throw usageError(
        'VALUE_MISSING',
        `${flag} needs a value: ${flags}; found the flag ${next}.\nIf ${next} is meant as the value, write ${flag}=${next}.`,
      )
    i++
  }
}

function checkLength(words: readonly string[], options: Values): void {
  const texts = [...words, ...Object.values(options).flat()].filter((value) => typeof value === 'string')
  const longest = texts.reduce((a, b) => (b.length > a.length ? b : a), '')
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (bytes > mostArgumentBytes)
    throw usageError(
      'TOO_LONG',
      `The arguments have ${bytes} bytes together ('${longest.slice(0, 40)}…'), expected at most ${mostArgumentBytes}.\nGive a long text as a file, with --prompt-file for instance.`,
    )
}

/** Passes on that help was shown; says everything else in our words. */
function explain(error: unknown, words: string, command: Command | undefined): undefined {
  const { code, exitCode, message } = error as { code?: string; exitCode?: number; message: string }
  if (!code?.startsWith('commander.')) throw error
  if (exitCode === 0 || code === 'commander.help') return undefined
  const found = /'(.*?)'(?:\n\(Did you mean (.*)\?\))?$/s.exec(message)
  const name = shorten(found?.[1] ?? '')
  const suggestion = found?.[2] ?? (code === 'commander.unknownOption' ? command?.meant?.(name) : undefined)
  const hint = suggestion ? ` Did you mean ${suggestion}?` : ''
  const what: Record<string, string> = {
    'commander.unknownOption': `${words} has no flag ${name}.${hint}`,
    'commander.unknownCommand': `There is no command '${name}'.${hint}`,
    'commander.missingArgument': `${words} needs ${name}: ${command?.arguments?.find((spec) => spec.name === name)?.description}.`,
  }
  const text = what[code] ?? `${shorten(message.replace(/^error: /, '').split('\n')[0]!)}.`
  throw usageError('BAD_USAGE', `${text}\nSee ${words} --help.`)
}

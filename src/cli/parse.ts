/** A command line → what to do. Every refusal says what was found, what was expected, and where help is. */
import { Option, Command as Parser } from 'commander'
import { usageError } from '../base/errors.ts'
import { version } from '../base/version.ts'
import { checkEncoding, checkLength } from './arguments.ts'
import type { Command, OptionSpec, Terminal, Values } from './command.ts'
import { commands } from './commands.ts'
import { camel, flagOf, runtimeOptions } from './options.ts'
import { oneLine, quoted } from './quote.ts'

export type Task = () => Promise<void>

const debugOption: OptionSpec = { flags: '--debug', description: 'show where an error comes from' }

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
    define(parser, asked, argv, terminal, (run) => {
      task = run
    })
  }
  checkEncoding(argv)
  if (argv.every((word) => word === '--' || word === '--debug')) {
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
      writeErr: terminal.note,
      outputError: () => {},
      getOutHelpWidth: () => terminal.columns,
      getOutHasColors: () => terminal.color,
    })
}

/** Adds a command's arguments and options to a parser; `chosen` is told what to do. */
function define(
  parser: Parser,
  command: Command,
  argv: readonly string[],
  terminal: Terminal,
  chosen: (task: Task) => void,
): void {
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
  for (const sub of command.subcommands ?? []) define(parser.command(sub.name), sub, argv, terminal, chosen)
  const { run } = command
  parser.action((...given: unknown[]) => {
    const last = specs.at(-1)
    const extra = last?.variadic ? undefined : parser.args[specs.length]
    if (extra !== undefined) throw usageError('EXTRA_ARGUMENT', tooMany(command, extra))
    if (!run) return parser.outputHelp()
    if (command.options?.some((option) => runtimeOptions.includes(option))) checkLength(argv)
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
  return `${name} ${takes}; found ${quoted(extra, 100)}.`
}

/** A flag given twice is refused unless it makes a list: which of the two was meant cannot be known. */
function optionOf({ flags, description, parse: read, repeat, group, default: value }: OptionSpec): Option {
  const option = new Option(flags, description)
  if (group) option.helpGroup(group)
  // A flag with a value is not the negation of another one, whatever it is called.
  if (flags.includes('<')) option.negate = false
  if (!flags.includes('<')) return option
  if (repeat) return option.argParser((text: string, before: unknown[] = []) => [...before, read ? read(text) : text])
  let seen: string | undefined
  option.argParser((text: string) => {
    if (seen !== undefined)
      throw usageError(
        'FLAG_TWICE',
        `${flagOf({ flags, description })} is given twice, ${quoted(seen)} and ${quoted(text)}; expected it once.`,
      )
    seen = text
    return read ? read(text) : text
  })
  if (value !== undefined) option.default(value)
  return option
}

/** Refuses a flag whose value was forgotten, at the end of the line or before another flag, and a value for a flag that takes none. */
function checkValues(argv: readonly string[], command: Command): void {
  const specs = [...(command.options ?? []), debugOption]
  const options = new Map([...specs.map((option) => [flagOf(option), option.flags] as const), ...helpFlags])
  for (let i = 0; i < argv.length && argv[i] !== '--'; i++) {
    const [word, next] = [argv[i]!, argv[i + 1]]
    const [flag, value] = word.startsWith('--') ? split(word) : [word, undefined]
    const flags = options.get(flag)
    if (flags === undefined) continue
    if (!flags.includes('<')) {
      if (value === undefined) continue
      throw usageError(
        'VALUE_UNEXPECTED',
        `${flag} takes no value; found ${quoted(value)}.\nLeave out =${oneLine(value)}.`,
      )
    }
    if (value !== undefined) continue
    if (next === undefined) throw usageError('VALUE_MISSING', `${flag} needs a value: ${flags}.`)
    if (options.has(next) || options.has(split(next)[0]))
      throw usageError(
        'VALUE_MISSING',
        `${flag} needs a value: ${flags}; found the flag ${oneLine(next)}.\nIf ${oneLine(next)} is meant as the value, write ${flag}=${oneLine(next)}.`,
      )
    i++
  }
}

const helpFlags = ['--help', '-h'].map((flag) => [flag, flag] as const)

/** `--flag=value` in two; without the sign there is no value. */
function split(word: string): [flag: string, value: string | undefined] {
  const at = word.indexOf('=')
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

/** A flag that has all the words of the given one, or the other way round: `--max-tokens` → `--max-new-tokens`. */
function sameWords(given: string, command: Command | undefined): string | undefined {
  const wordsOf = (flag: string) => split(flag)[0].toLowerCase().split(/[-_]+/).filter(Boolean)
  const wanted = wordsOf(given)
  const common = (flag: string) => wordsOf(flag).filter((word) => wanted.includes(word)).length
  return (command?.options ?? [])
    .map(flagOf)
    .filter((flag) => common(flag) > 0 && common(flag) >= Math.min(wordsOf(flag).length, wanted.length))
    .sort((a, b) => common(b) - common(a))[0]
}

/** Passes on that help was shown; says everything else in our words. */
function explain(error: unknown, words: string, command: Command | undefined): undefined {
  const { code, exitCode, message } = error as { code?: string; exitCode?: number; message: string }
  if (!code?.startsWith('commander.')) throw error
  if (exitCode === 0 || code === 'commander.help') return undefined
  const found = /'(.*?)'(?:\n\(Did you mean (.*)\?\))?$/s.exec(message)
  const name = oneLine(found?.[1] ?? '', 100)
  const meant = code === 'commander.unknownOption' ? (command?.meant?.(name) ?? sameWords(name, command)) : undefined
  const suggestion = found?.[2] ?? meant
  const hint = suggestion ? ` Did you mean ${suggestion}?` : ''
  const what: Record<string, string> = {
    'commander.unknownOption': `${words} has no flag ${name}.${hint}`,
    'commander.unknownCommand': `There is no command '${name}'.${hint}`,
    'commander.missingArgument': `${words} needs ${name}: ${command?.arguments?.find((spec) => spec.name === name)?.description}.`,
  }
  const text = what[code] ?? `${oneLine(message.replace(/^error: /, '').split('\n')[0]!, 100)}.`
  throw usageError('BAD_USAGE', `${text}\nSee ${words} --help.`)
}

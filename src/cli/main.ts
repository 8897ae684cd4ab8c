#!/usr/bin/env node
/** The command line: finds the command, parses, runs, and turns errors into one message and an exit code. */
import { CommanderError, Option, Command as Parser } from 'commander'
import { exitCodes, PellucidError } from '../base/errors.ts'
import type { Command, OptionSpec, Values } from './command.ts'
import { commands } from './commands.ts'
import { openTerminal, restoreTerminal } from './terminal.ts'
import { version } from './version.ts'

/** Adds a command's arguments and options to a parser; `chosen` is told what to run. */
function define(parser: Parser, command: Command, chosen: (run: Command['run'], values: Values) => void): void {
  parser
    .description(command.summary)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: () => {} })
  for (const { name, description, optional, variadic } of command.arguments ?? []) {
    const text = `${name}${variadic ? '...' : ''}`
    parser.argument(optional ? `[${text}]` : `<${text}>`, description)
  }
  for (const option of command.options ?? []) parser.addOption(optionOf(option))
  parser.option('--debug', 'show where an error comes from')
  if (command.examples?.length)
    parser.addHelpText('after', `\nExamples:\n${command.examples.map((line) => `  pellucid ${line}`).join('\n')}`)
  for (const sub of command.subcommands ?? []) define(parser.command(sub.name), sub, chosen)
  if (command.run)
    parser.action((...given: unknown[]) => {
      const names = (command.arguments ?? []).map(({ name }) => camel(name))
      const values = Object.fromEntries(names.map((name, i) => [name, given[i]]))
      chosen(command.run, { ...values, ...(given[names.length] as Values) })
    })
}

const camel = (name: string) => name.toLowerCase().replace(/[-.](\w)/g, (_, letter: string) => letter.toUpperCase())

function optionOf({ flags, description, parse, repeat, default: value }: OptionSpec): Option {
  const option = new Option(flags, description)
  if (repeat)
    option.default([], 'none').argParser((text: string, before: unknown[]) => [...before, parse ? parse(text) : text])
  else {
    if (parse) option.argParser(parse)
    if (value !== undefined) option.default(value)
  }
  return option
}

/** Runs a command line; resolves to the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const program = new Parser('pellucid')
    .description('Transformers you can see through: read, train, generate, inspect.')
    .version(version(), '-V, --version')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: () => {} })
  let task: { run: Command['run']; values: Values } | undefined
  // Only the command that is asked for is loaded, so that the first token is not kept waiting by the others.
  const name = argv.find((word) => !word.startsWith('-'))
  for (const { name: known, summary, load } of commands) {
    const parser = program.command(known).description(summary)
    if (known === name || (name === 'help' && argv.includes(known)))
      define(parser, await load(), (run, values) => {
        task = { run, values }
      })
  }
  const terminal = openTerminal()
  try {
    if (argv.length === 0) {
      program.outputHelp()
      return 0
    }
    program.parse([...argv], { from: 'user' })
    await task?.run?.(task.values, terminal)
    return terminal.signal.aborted ? (terminal.signal.reason as number) : 0
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    restoreTerminal()
    return report(error, argv.includes('--debug'))
  }
}

/** Prints an error as a user wants to see it; returns the exit code. */
function report(error: unknown, debug: boolean): number {
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  if (error instanceof CommanderError) {
    process.stderr.write(`${error.message.replace(/^error: /, '')}\nSee pellucid --help.\n`)
    return exitCodes.usage
  }
  if (error instanceof PellucidError) {
    process.stderr.write(`${error.message}\n`)
    return exitCodes[error.kind]
  }
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(
    `Something unexpected went wrong: ${message.split('\n')[0]}\nRun it with --debug to see where.\n`,
  )
  return exitCodes.failure
}

// A reader that closes the pipe (`| head -1`) has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? 0 : exitCodes.failure),
)
process.exitCode = await main(process.argv.slice(2))

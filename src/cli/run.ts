/** Runs a command line: parses it, does the work, and turns errors into one message and an exit code. */
import { exitCodes, PellucidError } from '../base/errors.ts'
import type { Terminal } from './command.ts'
import { parse } from './parse.ts'
import { oneLine, presentable } from './quote.ts'

/** Runs `pellucid` with these arguments; resolves to the exit code (see `exitCodes`; 130 and 143 after a signal). */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const task = await parse(argv, terminal)
    await task?.()
  } catch (error) {
    // What was stopped on request has no need to explain itself.
    if (!terminal.signal.aborted) return report(error, argv, terminal)
    if (terminal.interactive) terminal.out('\n')
  }
  return terminal.signal.aborted ? (terminal.signal.reason as number) : 0
}

/** Prints an error as a user wants to see it; returns the exit code. */
function report(error: unknown, argv: readonly string[], terminal: Terminal): number {
  const debug = argv.includes('--debug')
  if (debug && error instanceof Error) terminal.note(`${error.stack}\n`)
  if (error instanceof PellucidError) {
    if (!debug) terminal.note(`${presentable(error.message, argv)}\n`)
    return exitCodes[error.kind]
  }
  terminal.note(`${unexpected(error)}\n`)
  return exitCodes.failure
}

/** What is said of an error that nobody foresaw. */
export function unexpected(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return `Something unexpected went wrong: ${oneLine(message.split('\n')[0]!, 400)}\nRun it with --debug to see where.`
}

/** Runs a command line: parses it, does the work, and turns errors into one message and an exit code. */
import { exitCodes, PellucidError } from '../base/errors.ts'
import type { Terminal } from './command.ts'
import { parse } from './parse.ts'

/** Runs `pellucid` with these arguments; resolves to the exit code (see `exitCodes`; 130 and 143 after a signal). */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const task = await parse(argv, terminal)
    await task?.()
  } catch (error) {
    // What was stopped on request has no need to explain itself.
    if (!terminal.signal.aborted) return report(error, argv.includes('--debug'), terminal)
    if (terminal.interactive) terminal.out('\n')
  }
  return terminal.signal.aborted ? (terminal.signal.reason as number) : 0
}

/** Prints an error as a user wants to see it; returns the exit code. */
function report(error: unknown, debug: boolean, terminal: Terminal): number {
  if (debug && error instanceof Error) terminal.note(`${error.stack}\n`)
  if (error instanceof PellucidError) {
    if (!debug) terminal.note(`${error.message}\n`)
    return exitCodes[error.kind]
  }
  const message = error instanceof Error ? error.message : String(error)
  terminal.note(
    `Something unexpected went wrong: ${message.split('\n')[0]!.slice(0, 400)}\nRun it with --debug to see where.\n`,
  )
  return exitCodes.failure
}

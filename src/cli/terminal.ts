/** The terminal of this process: where results and notes go, what it can show, who answers, and its signals. */
import { fstatSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { addAbortSignal } from 'node:stream'
import { fileError } from '../base/errors.ts'
import type { Terminal } from './command.ts'

const showCursor = '\x1b[?25h'
export const cursor = { hide: '\x1b[?25l', show: showCursor } as const

/** Numbers of the signals, for exit codes 128 + n. */
const signals = { SIGINT: 2, SIGTERM: 15 } as const

/** Asks on stdin and stdout, one line at a time. Ctrl-C stops the command as it does elsewhere; Ctrl-D means that nothing more comes. */
function questions(controller: AbortController): NonNullable<Terminal['ask']> {
  let history: string[] = []
  return (question) =>
    new Promise((resolve) => {
      if (controller.signal.aborted) return resolve(undefined)
      const lines = createInterface({ input: process.stdin, output: process.stdout, history })
      const close = () => lines.close()
      let answer: string | undefined
      lines.on('history', (entries) => {
        history = entries
      })
      lines.on('SIGINT', () => controller.abort(128 + signals.SIGINT))
      lines.on('close', () => {
        controller.signal.removeEventListener('abort', close)
        if (answer === undefined) process.stdout.write('\n')
        resolve(answer)
      })
      controller.signal.addEventListener('abort', close)
      lines.question(question, (text) => {
        answer = text
        close()
      })
    })
}

/** The terminal of this process. The first SIGINT or SIGTERM asks to stop, a second one ends at once. */
export function openTerminal(): Terminal {
  const controller = new AbortController()
  const handlers = Object.entries(signals).map(([name, number]) => {
    const stop = () => {
      if (process.stdout.isTTY) process.stdout.write(showCursor)
      if (controller.signal.aborted) process.exit(128 + number)
      controller.abort(128 + number)
    }
    process.on(name, stop)
    return [name, stop] as const
  })
  let atOnce = false
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // A reader that closes the pipe (`| head -1`) has seen enough: what runs is ended as by a signal, but all is well.
      if (error.code === 'EPIPE' && !atOnce) return controller.abort(0)
      if (error.code === 'EPIPE') process.exit(0)
      if (stream === process.stdout) process.stderr.write(`The output cannot be written: ${error.message}.\n`)
      process.exit(1)
    })
  const interactive = Boolean(process.stdout.isTTY) && process.env.TERM !== 'dumb'
  return {
    interactive,
    color: interactive && !process.env.NO_COLOR,
    get columns() {
      return process.stdout.columns || 80
    },
    get rows() {
      return process.stdout.rows || 24
    },
    out: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(text),
    input() {
      // Node would read a directory as an empty text.
      if (fstatSync(process.stdin.fd).isDirectory())
        throw fileError('IS_A_DIRECTORY', 'standard input: is a directory, expected a text.')
      return addAbortSignal(controller.signal, process.stdin)
    },
    ...(interactive && process.stdin.isTTY && { ask: questions(controller) }),
    signal: controller.signal,
    endAtOnce() {
      atOnce = true
      for (const [name, stop] of handlers) process.off(name, stop)
    },
  }
}

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

/**
 * Asks on stdin and stdout, one line at a time. Ctrl-C does what it does elsewhere, and where it does not stop the command, the answer is
 * an empty line; Ctrl-D means that nothing more comes. Further lines that are pasted with the first answer the next questions.
 */
function questions(signal: AbortSignal, interrupt: () => void): NonNullable<Terminal['ask']> {
  const own: string[] = []
  const pasted: string[] = []
  let unfinished = ''
  return (question, history = own) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve(undefined)
      const next = pasted.shift()
      if (next !== undefined) {
        process.stdout.write(`${question}${next}\n`)
        return resolve(next)
      }
      const lines = createInterface({ input: process.stdin, output: process.stdout, history: [...history] })
      const close = () => lines.close()
      let answer: string | undefined
      let interrupted = false
      lines.on('history', (entries) => void history.splice(0, history.length, ...entries))
      lines.on('SIGINT', () => {
        interrupt()
        if (signal.aborted) return
        answer = ''
        interrupted = true
        process.stdout.write('\n')
        close()
      })
      lines.on('close', () => {
        signal.removeEventListener('abort', close)
        unfinished = answer === undefined || interrupted ? '' : lines.line
        if (answer === undefined) process.stdout.write('\n')
        resolve(answer)
      })
      signal.addEventListener('abort', close)
      lines.question(question, (text) => {
        answer = text
        lines.on('line', (more) => pasted.push(more))
        setImmediate(close)
      })
      if (unfinished) lines.write(unfinished)
    })
}

/** Waits until what was written to stdout has been taken; a reader who has gone, or a signal, ends the waiting. */
const drained = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (!process.stdout.writableNeedDrain || signal.aborted) return resolve()
    const done = () => {
      process.stdout.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    process.stdout.on('drain', done)
    signal.addEventListener('abort', done)
  })

/** The terminal of this process. The first SIGINT or SIGTERM asks to stop, a second one ends at once. */
export function openTerminal(): Terminal {
  const controller = new AbortController()
  let handleInterrupt: (() => void) | undefined
  const handlers = Object.entries(signals).map(([name, number]) => {
    const stop = () => {
      if (name === 'SIGINT' && handleInterrupt && !controller.signal.aborted) return handleInterrupt()
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
    flushed: () => drained(controller.signal),
    note: (text) => void process.stderr.write(text),
    input() {
      // Node would read a directory as an empty text.
      if (fstatSync(process.stdin.fd).isDirectory())
        throw fileError('IS_A_DIRECTORY', 'standard input: is a directory, expected a text.')
      return addAbortSignal(controller.signal, process.stdin)
    },
    ...(interactive && process.stdin.isTTY && { ask: questions(controller.signal, () => process.emit('SIGINT')) }),
    onInterrupt(handle) {
      handleInterrupt = handle
      return () => {
        if (handleInterrupt === handle) handleInterrupt = undefined
      }
    },
    signal: controller.signal,
    endAtOnce() {
      atOnce = true
      for (const [name, stop] of handlers) process.off(name, stop)
    },
  }
}

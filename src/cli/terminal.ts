/** The terminal: where results and notes go, what it can show, and its signals. */
import type { Terminal } from './command.ts'

const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'

/** Undoes what a live display has changed. */
export function restoreTerminal(): void {
  if (process.stderr.isTTY) process.stderr.write(showCursor)
}

/** Numbers of the signals, for exit codes 128 + n. */
const signals = { SIGINT: 2, SIGTERM: 15 } as const

/** The terminal of this process. The first SIGINT or SIGTERM asks to stop, a second one ends at once. */
export function openTerminal(): Terminal {
  const controller = new AbortController()
  for (const [name, number] of Object.entries(signals))
    process.on(name, () => {
      restoreTerminal()
      if (controller.signal.aborted) process.exit(128 + number)
      controller.abort(128 + number)
    })
  const interactive = Boolean(process.stdout.isTTY)
  return {
    interactive,
    color: interactive && !process.env.NO_COLOR && process.env.TERM !== 'dumb',
    get columns() {
      return process.stdout.columns ?? 80
    },
    out: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(text),
    signal: controller.signal,
  }
}

export { hideCursor, showCursor }

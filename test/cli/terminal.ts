/** Runs command lines inside the test's own process, on a terminal that writes everything down. */
import type { Terminal } from '../../src/cli/command.ts'
import { run } from '../../src/cli/run.ts'

export type Outcome = { readonly code: number; readonly out: string; readonly err: string }

export type Conditions = {
  /** Lines that a person would type; then the input ends. Without it nobody can be asked. */
  readonly answers?: readonly string[]
  readonly interactive?: boolean
  readonly color?: boolean
  readonly size?: { columns: number; rows: number }
  readonly signal?: AbortSignal
  /** What comes on standard input. */
  readonly input?: string | Uint8Array
  readonly onOut?: (text: string) => void
  /** Gets what Ctrl-C is to do, for tests that press it. */
  readonly onInterrupt?: (press: () => void) => void
}

/** A terminal whose output goes to `written`. */
export function fakeTerminal({ answers, size, signal, input = '', onOut, ...conditions }: Conditions = {}) {
  const written = { out: '', err: '' }
  const left = [...(answers ?? [])]
  const terminal: Terminal = {
    interactive: conditions.interactive ?? false,
    color: conditions.color ?? false,
    columns: size?.columns ?? 80,
    rows: size?.rows ?? 24,
    out(text) {
      written.out += text
      onOut?.(text)
    },
    note(text) {
      written.err += text
    },
    async *input() {
      yield typeof input === 'string' ? Buffer.from(input) : input
    },
    ...(answers && {
      ask: async (question: string) => {
        written.out += question
        return left.shift()
      },
    }),
    onInterrupt(handle) {
      conditions.onInterrupt?.(handle)
      return () => {}
    },
    signal: signal ?? new AbortController().signal,
    endAtOnce: () => {},
  }
  return { terminal, written }
}

/** Runs `pellucid` with these arguments. */
export async function cli(argv: readonly string[], conditions: Conditions = {}): Promise<Outcome> {
  const { terminal, written } = fakeTerminal(conditions)
  const code = await run(argv, terminal)
  return { code, ...written }
}

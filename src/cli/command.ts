/** Commands are data: help, parsing and error messages come from these records. */

export type OptionSpec = {
  /** As in help: `--steps <n>`, `-o, --out <dir>`, `--json`. */
  readonly flags: string
  readonly description: string
  /** Text → value; throws a usage error. Without it the value is the text, or true for a flag without a value. */
  readonly parse?: (text: string) => unknown
  readonly default?: unknown
  /** The heading under which help lists it. */
  readonly group?: string
  /** May be given several times; the value is the list. */
  readonly repeat?: boolean
}

export type ArgumentSpec = {
  readonly name: string
  readonly description: string
  readonly optional?: boolean
  readonly variadic?: boolean
  /** As with options. */
  readonly parse?: (text: string) => unknown
}

/** What a command may do to the world. */
export type Terminal = {
  /** Whether results go to a terminal: colors and live displays are for terminals only. */
  readonly interactive: boolean
  readonly color: boolean
  /** Its size now; a window may change at any time. */
  readonly columns: number
  readonly rows: number
  /** Results. */
  out(text: string): void
  /** Resolves when results that were written are on their way, so that a slow reader is waited for; absent where nothing waits. */
  readonly flushed?: () => Promise<void>
  /** Progress, warnings and everything that is not the result. */
  note(text: string): void
  /** What comes on standard input, to its end. */
  input(): AsyncIterable<Uint8Array>
  /**
   * Asks the person at the keyboard for a line; resolves to undefined when there is none to come. Absent where nobody can answer.
   * `history` are earlier lines, the newest first, among which the arrow keys go back; the answer joins them.
   */
  readonly ask?: (question: string, history?: string[]) => Promise<string | undefined>
  /** From here on Ctrl-C calls this in place of stopping the command, until the function that is returned is called. */
  onInterrupt(handle: () => void): () => void
  /** Aborted by SIGINT or SIGTERM; the reason is the exit code. */
  readonly signal: AbortSignal
  /** From here on a signal, or a reader who has gone, ends the process at once, for work that cannot be asked to stop. */
  endAtOnce(): void
}

export type Command = {
  readonly name: string
  readonly summary: string
  readonly arguments?: readonly ArgumentSpec[]
  readonly options?: readonly OptionSpec[]
  readonly subcommands?: readonly Command[]
  /** What may be meant by a flag that the command does not have, as words after "Did you mean". */
  readonly meant?: (flag: string) => string | undefined
  /** Command lines shown in help, without `pellucid`. */
  readonly examples?: readonly string[]
  readonly run?: (values: Values, terminal: Terminal) => Promise<void>
}

/** Arguments and options by name, camel-cased. */
// biome-ignore lint/suspicious/noExplicitAny: each command knows its own values
export type Values = { readonly [name: string]: any }

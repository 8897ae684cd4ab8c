/** Errors with stable codes: every failure a user can cause says what was found, what was expected and what to do. */

/** What kind of failure an error is; each kind has its process exit code (see `exitCodes`). */
export type ErrorKind = 'failure' | 'usage' | 'file' | 'conflict' | 'nonfinite'

/** Process exit codes of the command line, by kind of error. */
export const exitCodes: Record<ErrorKind, number> = { failure: 1, usage: 2, file: 3, conflict: 4, nonfinite: 5 }

/**
 * An error meant for a person: at most three lines, without a stack trace unless `--debug` is given.
 * `code` is stable and machine-readable (`ST_TRUNCATED_HEADER`, `SHAPE_MISMATCH`, …).
 */
export class PellucidError extends Error {
  readonly code: string
  readonly kind: ErrorKind
  constructor(kind: ErrorKind, code: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'PellucidError'
    this.kind = kind
    this.code = code
  }
}

/** A bad flag, argument, recipe field or call (exit code 2). */
export const usageError = (code: string, message: string) => new PellucidError('usage', code, message)

/** A bad model, tokenizer or data file (exit code 3). The message starts with the file's path. */
export const fileError = (code: string, message: string, cause?: unknown) =>
  new PellucidError('file', code, message, { cause })

/** Something failed while running (exit code 1). */
export const failure = (code: string, message: string, cause?: unknown) =>
  new PellucidError('failure', code, message, { cause })

/** A run directory in use, or a changed configuration or data set (exit code 4). */
export const conflict = (code: string, message: string) => new PellucidError('conflict', code, message)

/** A loss or gradient that is not finite (exit code 5). */
export const nonfinite = (code: string, message: string) => new PellucidError('nonfinite', code, message)

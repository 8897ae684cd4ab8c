/** What a batch is asked for and tells: texts, limits, statistics. */
import type { Outbox } from './outbox.ts'
import type { Proposer } from './proposer.ts'
import type { Seat } from './seats.ts'
import type { Piece, Sequence } from './sequence.ts'

/** A text to be written. */
export type Task = {
  readonly sequence: Sequence
  readonly maxNewTokens: number
  /** Chooses the next token of the sequence by its logits, which it may change, and adds it. What it throws ends this text only. */
  readonly next: (logits: Float32Array) => Piece
  /** The same for all texts of one call: these share what is read of a prompt in any case. */
  readonly request: object
  readonly signal?: AbortSignal | undefined
  /** Guesses the next tokens, to be verified together; the text is the same with and without. */
  readonly proposer?: Proposer | undefined
  /** Is given the logits after each token of the prompt, by the position of that token; such a prompt is always read. */
  readonly watch?: ((logits: Float32Array, position: number) => void) | undefined
}

export type BatchOptions = {
  /** Texts that are written side by side; by default as many as there are, while memory lasts. */
  readonly rows?: number | undefined
  /** Most tokens of a text; by default as many as are needed, or with `rows` the model's context. */
  readonly slots?: number | undefined
  /** Most bytes of keys and values. */
  readonly bytes: number
  /** Whether a prompt may begin with keys and values that were read for another one. */
  readonly prefixCache: boolean
}

/** What a batch is doing and has done. */
export type BatchStatistics = {
  readonly rows: number
  readonly bytes: number
  /** Texts that are being written, whose prompt is being read, and that wait for a row. */
  readonly active: number
  readonly reading: number
  readonly waiting: number
  /** Runs that added a token or more to every active row. */
  readonly steps: number
  /** Tokens written. */
  readonly written: number
  /** Tokens of prompts that were read, and that were taken from another row. */
  readonly read: number
  readonly shared: number
  /** Prompts that began with keys and values of another row. */
  readonly prefixHits: number
  /** Tokens guessed, and guessed right. */
  readonly proposed: number
  readonly accepted: number
}

/** A text on its way. */
export type Running = {
  readonly task: Task
  readonly outbox: Outbox
  /** What is read before its first token: the prompt, or what the model's window leaves of it. */
  readonly prompt: readonly number[]
  /** Lets go of what it holds besides its row. */
  readonly leave: () => void
}

/** A row in which a text is being written. */
export type Occupied = Seat<Running> & { readonly occupant: Running }

/** What a logits processor is: a function that changes the logits of a sequence before its next token is chosen. */

/** What a processor may know of the sequence. */
export type SequenceState = {
  /** Prompt and new ids so far. */
  readonly ids: readonly number[]
  /** How many of them are the prompt's. */
  readonly promptLength: number
}

/**
 * Changes one row of logits [vocabulary] in place; −∞ removes a token. One processor serves all sequences of a batch, so what it
 * remembers between calls must not depend on which sequence it saw.
 */
export type LogitsProcessor = (logits: Float32Array, state: SequenceState) => void

/** What a model gives to tokens before any processor: their log-probabilities and the likeliest alternatives. */
import type { Tokenizer } from '../tokenizers/index.ts'
import { logSumExp } from './sampling.ts'
import { largestIds } from './softmax.ts'

/** A token that might have come; `logprob` is the logarithm of the softmax of the model's logits. */
export type Alternative = { readonly id: number; readonly text: string; readonly logprob: number }

/** A token that has come. */
export type TokenLogprobs = {
  readonly id: number
  /** Empty without a tokenizer; bytes that are no whole character are U+FFFD. */
  readonly text: string
  /** As with `Alternative`; absent for the first token that the model reads, which nothing comes before. */
  readonly logprob?: number
  /** The likeliest tokens at this place, likeliest first, of equals the lower id first. */
  readonly alternatives: readonly Alternative[]
}

/** Tells about tokens with so many alternatives each. */
export class LogprobReporter {
  readonly #count: number
  readonly #tokenizer: Tokenizer | undefined
  #raw = new Float32Array(0)

  constructor(count: number, tokenizer: Tokenizer | undefined) {
    this.#count = count
    this.#tokenizer = tokenizer
  }

  /** About the token that comes after these logits, which may be changed before it is known. Throws NONFINITE_LOGITS. */
  before(logits: Float32Array): (id: number) => TokenLogprobs {
    if (this.#raw.length !== logits.length) this.#raw = new Float32Array(logits.length)
    this.#raw.set(logits)
    return (id) => this.tell(this.#raw, id)
  }

  tell(logits: Float32Array, id: number): TokenLogprobs {
    const total = logSumExp(logits)
    const alternatives = largestIds(logits, this.#count).map((other) => this.#alternative(logits, other, total))
    return { ...this.#alternative(logits, id, total), alternatives }
  }

  /** About tokens that nothing comes before. */
  unread(ids: readonly number[]): TokenLogprobs[] {
    return ids.map((id) => ({ id, text: this.#text(id), alternatives: [] }))
  }

  #alternative(logits: Float32Array, id: number, total: number): Alternative {
    return { id, text: this.#text(id), logprob: logits[id]! - total }
  }

  #text(id: number): string {
    return this.#tokenizer?.decode([id]) ?? ''
  }
}

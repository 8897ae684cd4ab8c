/** One text being written: its ids, the words they make, and when it is finished. */
import type { Tokenizer } from '../tokenizers/index.ts'
import type { Constraint } from './constraints/index.ts'
import type { LogprobReporter, TokenLogprobs } from './logprobs.ts'
import type { SequenceState } from './processors/processor.ts'
import type { Choice } from './sampling.ts'
import { stopFilter } from './stop.ts'

/** Why a text ended: as long as asked for, a stop string or stop token of the caller's, or an end token of the model's. */
export type Finish = 'length' | 'stop' | 'eos'

/** What one step has added. */
export type Piece = {
  /** Whole characters; may be empty while a character or a stop string is not complete. */
  readonly text: string
  readonly ids: readonly number[]
  /** Log-probability of each id, in the distribution it was chosen from. */
  readonly logprobs: readonly number[]
  /** With the option `logprobs`: what the model gave each id before any processor. */
  readonly tokens?: readonly TokenLogprobs[]
  /** With the option `promptLogprobs`, in the first piece: the same for the ids of the prompt. */
  readonly promptTokens?: readonly TokenLogprobs[]
  /** Set in the last piece. */
  readonly finish?: Finish
}

/** A finished text. */
export type GeneratedSequence = {
  /** Which prompt it goes on from. */
  readonly prompt: number
  /** The prompt's ids and the new ones. */
  readonly ids: readonly number[]
  readonly promptLength: number
  /** The new text. Empty without a tokenizer. */
  readonly text: string
  /** Sum of the log-probabilities; after beam search, divided by length^lengthPenalty. */
  readonly score: number
  /** Log-probability of each new id, in the distribution it was chosen from. */
  readonly logprobs: readonly number[]
  /** With the option `logprobs`: what the model gave each new id before any processor. */
  readonly tokens?: readonly TokenLogprobs[]
  /** With the option `promptLogprobs`: the same for the ids of the prompt. Those that the model no longer reads have none. */
  readonly promptTokens?: readonly TokenLogprobs[]
  readonly finish: Finish
}

/** When a text ends. */
export type Ends = {
  readonly maxNewTokens: number
  readonly stop: readonly string[]
  readonly stopTokens: ReadonlySet<number>
  /** End tokens of the model's. */
  readonly endTokens: ReadonlySet<number>
  /** The form that the text must be of. */
  readonly constraint?: Constraint | undefined
}

export class Sequence implements SequenceState {
  readonly prompt: number
  /** Among the sequences of its prompt; decides which random numbers it draws. */
  readonly number: number
  readonly ids: number[]
  readonly promptLength: number
  readonly logprobs: number[] = []
  readonly #tokens: TokenLogprobs[] = []
  #promptTokens: TokenLogprobs[] | undefined
  text = ''
  finish: Finish | undefined
  readonly #ends: Ends
  readonly #push: (id: number) => string
  readonly #flush: () => string
  readonly #filter: ReturnType<typeof stopFilter>

  constructor(
    place: { readonly prompt: number; readonly number: number },
    ids: readonly number[],
    ends: Ends,
    tokenizer: Tokenizer | undefined,
  ) {
    this.prompt = place.prompt
    this.number = place.number
    this.ids = [...ids]
    this.promptLength = ids.length
    this.#ends = ends
    this.#filter = stopFilter(ends.stop)
    const decoding = tokenizer?.stream({ skipSpecialTokens: true })
    this.#push = (id) => decoding?.push(id) ?? ''
    this.#flush = () => decoding?.flush() ?? ''
    // The new text goes on from the prompt's, maybe in the middle of a character.
    for (const id of ids) this.#push(id)
  }

  /** Has the tokens of the prompt reported; the function takes the logits after the token at a position. */
  watchPrompt(reporter: LogprobReporter): (logits: Float32Array, position: number) => void {
    const known = reporter.unread(this.ids)
    this.#promptTokens = known
    return (logits, position) => {
      const next = position + 1
      if (next < this.promptLength) known[next] = reporter.tell(logits, this.ids[next]!)
    }
  }

  /** Adds a token, maybe with what there is to tell about it. */
  accept({ id, logprob }: Choice, told?: TokenLogprobs): Piece {
    const promptTokens = this.logprobs.length === 0 ? this.#promptTokens : undefined
    this.ids.push(id)
    this.logprobs.push(logprob)
    if (told) this.#tokens.push(told)
    const { stopTokens, endTokens, maxNewTokens, constraint } = this.#ends
    const ends = stopTokens.has(id)
    let text = ends ? '' : this.#filter.push(this.#push(id))
    const complete = !ends && (constraint?.complete(this) ?? false)
    const finished = ends || complete || this.#filter.stopped || this.logprobs.length >= maxNewTokens
    if (finished) {
      text += this.#filter.push(this.#flush())
      text += this.#filter.flush()
      const byToken = endTokens.has(id) ? 'eos' : 'stop'
      this.finish = this.#filter.stopped || complete ? 'stop' : ends ? byToken : 'length'
    }
    this.text += text
    return {
      text,
      ids: [id],
      logprobs: [logprob],
      ...(told && { tokens: [told] }),
      ...(promptTokens && { promptTokens }),
      ...(this.finish && { finish: this.finish }),
    }
  }

  result(): GeneratedSequence {
    const { prompt, ids, promptLength, text, logprobs } = this
    const score = logprobs.reduce((sum, value) => sum + value, 0)
    return {
      prompt,
      ids,
      promptLength,
      text,
      score,
      logprobs,
      ...(this.#tokens.length && { tokens: this.#tokens }),
      ...(this.#promptTokens && { promptTokens: this.#promptTokens }),
      finish: this.finish!,
    }
  }
}

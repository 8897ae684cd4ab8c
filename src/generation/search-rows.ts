/** The rows of a search: texts of one prompt, all equally long, that grow side by side, each in the model's window. */
import type { Decoder, Rows } from './decoder.ts'
import type { LogSoftmax } from './log-softmax.ts'
import { slide, slotsFor, windowStart } from './window.ts'

export class SearchRows {
  readonly #rows: Rows
  readonly #prompt: readonly number[]
  readonly #context: number
  readonly #logSoftmax: LogSoftmax

  constructor(
    { decoder, logSoftmax }: { readonly decoder: Decoder; readonly logSoftmax: LogSoftmax },
    count: number,
    prompt: readonly number[],
    maxNewTokens: number,
  ) {
    this.#logSoftmax = logSoftmax
    this.#rows = decoder.open(count, slotsFor([{ ids: prompt }], maxNewTokens, decoder.context))
    this.#prompt = prompt
    this.#context = decoder.context
  }

  /** Reads the prompt into row 0. Returns the log-probabilities of the next token. */
  async readPrompt(): Promise<Float32Array> {
    const text = this.#prompt.slice(windowStart(this.#prompt.length, this.#context))
    const [logprobs] = await this.#logSoftmax(await this.#rows.read(0, [text]))
    return logprobs!
  }

  /** Makes row `to` hold what row `from` holds; `text` is that, `overwritten` what row `to` has held, if anything of the same length. */
  copy(from: number, to: number, text: readonly number[], overwritten: readonly number[] | undefined): void {
    let shared = 0
    while (shared < text.length && text[shared] === overwritten?.[shared]) shared++
    this.#rows.copy(from, to, Math.max(0, shared - windowStart(text.length, this.#context)))
  }

  /** Reads the last token of the text of each row; there is one for each of the first rows. Returns the next one's log-probabilities, by row. */
  async step(texts: ReadonlyMap<number, readonly number[]>): Promise<Float32Array[]> {
    for (const [row, ids] of texts) await slide(this.#rows, row, ids, this.#context)
    const logits = await this.#rows.step(Array.from({ length: texts.size }, (_, row) => texts.get(row)!.at(-1)!))
    return await this.#logSoftmax(logits)
  }
}

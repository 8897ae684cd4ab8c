/** Searches of one prompt: makes their rows, and texts of what they find. */
import type { Runtime } from '../runtime/runtime.ts'
import type { Tokenizer } from '../tokenizers/index.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { beamSearch } from './beam-search.ts'
import { contrastiveSearch } from './contrastive-search.ts'
import type { Decoder, DecoderOptions } from './decoder.ts'
import type { Settings } from './options.ts'
import type { LogitsProcessor } from './processors/processor.ts'
import { SearchRows } from './search-rows.ts'
import { type Ends, type GeneratedSequence, type Piece, Sequence } from './sequence.ts'
import { StateDecoder } from './state-decoder.ts'

export type BeamsTask = {
  readonly decoder: Decoder
  /** Which of the prompts. */
  readonly prompt: number
  readonly ids: readonly number[]
  readonly settings: Settings
  readonly processors: readonly LogitsProcessor[]
  readonly ends: Ends
  readonly tokenizer: Tokenizer | undefined
}

/** The best texts of a beam search, best first. */
export async function searchBeams(task: BeamsTask): Promise<GeneratedSequence[]> {
  const { decoder, prompt, ids, settings, processors, ends, tokenizer } = task
  /** A text as it would have been written token by token. */
  const replay = (whole: readonly number[], logprobs: readonly number[]) => {
    const sequence = new Sequence({ prompt, number: 0 }, ids, ends, tokenizer)
    for (const [i, id] of whole.slice(ids.length).entries()) sequence.accept({ id, logprob: logprobs[i] ?? 0 })
    return sequence
  }
  const found = await beamSearch(
    {
      rows: new SearchRows(decoder, settings.beams, ids, settings.maxNewTokens),
      prompt: ids,
      processors,
      endTokens: ends.stopTokens.size,
      ends: (whole) =>
        ends.stopTokens.has(whole.at(-1)!) ||
        ends.constraint?.complete({ ids: whole, promptLength: ids.length }) ||
        (ends.stop.length > 0 && replay(whole, []).finish === 'stop'),
    },
    settings,
  )
  return found
    .slice(0, settings.returned)
    .map(({ ids: whole, logprobs, score }) => ({ ...replay(whole, logprobs).result(), score }))
}

/** Tokens that contrastive search compares, unless said otherwise. */
const comparedTokens = 4

/** Contrastive searches with a model; its program, which also tells states, is made for the first. */
export class ContrastiveSearches {
  readonly #create: () => Promise<StateDecoder>
  readonly #context: number
  #decoder: Promise<StateDecoder> | undefined

  constructor(checkpoint: Checkpoint, runtime: Runtime, options: DecoderOptions) {
    this.#create = () => StateDecoder.create(checkpoint, runtime, options)
    this.#context = checkpoint.format.definition.context(checkpoint.config)
  }

  /** Writes a sequence to its end. */
  async *write(sequence: Sequence, settings: Settings, processors: readonly LogitsProcessor[]): AsyncGenerator<Piece> {
    const { topK: k = comparedTokens, contrastivePenalty: penalty, maxNewTokens, signal } = settings
    signal?.throwIfAborted()
    const decoder = await this.#compiled()
    const context = this.#context
    yield* contrastiveSearch({ decoder, sequence, processors, k, penalty, maxNewTokens, context, signal })
  }

  async dispose(): Promise<void> {
    const decoder = await this.#decoder?.catch(() => undefined)
    this.#decoder = undefined
    await decoder?.dispose()
  }

  #compiled(): Promise<StateDecoder> {
    this.#decoder ??= this.#create().catch((error) => {
      this.#decoder = undefined
      throw error
    })
    return this.#decoder
  }
}

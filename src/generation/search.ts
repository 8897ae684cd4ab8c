/** Searches of one prompt: makes their rows, and texts of what they find. */
import type { Executable, Runtime } from '../runtime/runtime.ts'
import type { Tokenizer } from '../tokenizers/index.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { beamSearch } from './beam-search.ts'
import { contrastiveSearch } from './contrastive-search.ts'
import type { Decoder, DecoderOptions } from './decoder.ts'
import { compileLogSoftmax, type LogSoftmax, logSoftmaxOf } from './log-softmax.ts'
import type { Settings } from './options.ts'
import type { LogitsProcessor } from './processors/processor.ts'
import { SearchRows } from './search-rows.ts'
import { type Ends, type GeneratedSequence, type Piece, Sequence } from './sequence.ts'
import { StateDecoder } from './state-decoder.ts'

type BeamsTask = {
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
async function searchBeams(task: BeamsTask, logSoftmax: LogSoftmax): Promise<GeneratedSequence[]> {
  const { decoder, prompt, ids, settings, processors, ends, tokenizer } = task
  /** A text as it would have been written token by token. */
  const replay = (whole: readonly number[], logprobs: readonly number[]) => {
    const sequence = new Sequence({ prompt, number: 0 }, ids, ends, tokenizer)
    for (const [i, id] of whole.slice(ids.length).entries()) sequence.accept({ id, logprob: logprobs[i] ?? 0 })
    return sequence
  }
  const found = await beamSearch(
    {
      rows: new SearchRows({ decoder, logSoftmax }, settings.beams, ids, settings.maxNewTokens),
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

/** Searches with a model; the programs that only they need are made for the first of them. */
export class Searches {
  readonly #context: number
  readonly #logSoftmax: Lazy<Executable>
  readonly #decoder: Lazy<StateDecoder>

  constructor(checkpoint: Checkpoint, runtime: Runtime, options: DecoderOptions) {
    this.#logSoftmax = new Lazy(() => compileLogSoftmax(runtime, { threads: options.threads }))
    this.#decoder = new Lazy(() => StateDecoder.create(checkpoint, runtime, options))
    this.#context = checkpoint.format.definition.context(checkpoint.config)
  }

  /** The best texts of a beam search, best first. */
  async beams(task: BeamsTask): Promise<GeneratedSequence[]> {
    return await searchBeams(task, logSoftmaxOf(await this.#logSoftmax.get()))
  }

  /** Writes a sequence to its end by contrastive search. */
  async *contrastive(
    sequence: Sequence,
    settings: Settings,
    processors: readonly LogitsProcessor[],
  ): AsyncGenerator<Piece> {
    const { topK: k = comparedTokens, contrastivePenalty: penalty, maxNewTokens, signal } = settings
    signal?.throwIfAborted()
    const decoder = await this.#decoder.get()
    const context = this.#context
    yield* contrastiveSearch({ decoder, sequence, processors, k, penalty, maxNewTokens, context, signal })
  }

  async dispose(): Promise<void> {
    await this.#logSoftmax.dispose()
    await this.#decoder.dispose()
  }
}

/** What is made when it is first asked for, and again after that has failed. */
class Lazy<T extends { dispose(): Promise<void> }> {
  readonly #make: () => Promise<T>
  #made: Promise<T> | undefined

  constructor(make: () => Promise<T>) {
    this.#make = make
  }

  get(): Promise<T> {
    this.#made ??= this.#make().catch((error) => {
      this.#made = undefined
      throw error
    })
    return this.#made
  }

  async dispose(): Promise<void> {
    const made = await this.#made?.catch(() => undefined)
    this.#made = undefined
    await made?.dispose()
  }
}

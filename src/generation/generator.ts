/** Writes text: turns prompts and settings into texts of one batch, which all calls share. */
import { usageError } from '../base/errors.ts'
import type { Arrays, Runtime } from '../runtime/runtime.ts'
import type { Tokenizer } from '../tokenizers/index.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { Batch } from './batch.ts'
import { constraintOf } from './constraints/index.ts'
import { Decoder } from './decoder.ts'
import { checkDraft, draftProposer } from './draft.ts'
import { LogprobReporter } from './logprobs.ts'
import { withModelDefaults } from './model-defaults.ts'
import { checkOptions, type GenerateOptions, type Prompt, type Settings } from './options.ts'
import { pipeline, samplerOf } from './pipeline.ts'
import type { LogitsProcessor } from './processors/processor.ts'
import { checkId, isPrompt, promptIds, type Reader, vocabularyOf } from './prompts.ts'
import { type Proposer, promptLookup } from './proposer.ts'
import { drawAt } from './sampling.ts'
import { Searches } from './search.ts'
import { type Ends, type GeneratedSequence, type Piece, Sequence } from './sequence.ts'
import { endIds } from './special-ids.ts'
import type { BatchStatistics, Task } from './task.ts'

export type GeneratorOptions = {
  readonly tokenizer?: Tokenizer | undefined
  readonly threads?: number | undefined
  /** The parameters' arrays, read at every step, so that they may change between texts; else the checkpoint's values are used. */
  readonly weights?: Arrays | undefined
  /** Most bytes of caches at once; texts for which there is no room are written after the others. Default 1 GiB. */
  readonly cacheBytes?: number
  /** Texts that are written side by side at most, in caches that are made once; by default as many as there are, as they come. */
  readonly rows?: number
  /** Most tokens of a text, prompt included, where this is to be less than the model's context: a text that may take more is refused. */
  readonly slots?: number
  /**
   * Keep what was read of prompts, within `cacheBytes`, for others that begin the same; this never changes a text. Default true, unless
   * there are `weights`, which may change.
   */
  readonly prefixCache?: boolean
  /** The checkpoint's program, where it is being made already; the generator disposes of it. */
  readonly decoder?: Promise<Decoder> | undefined
}

/** The sequences of each prompt, in the order of the prompts. */
export type Completion = { readonly sequences: readonly GeneratedSequence[] }

/**
 * Generates from a model. Where a text outgrows the model's context, the model reads on from its last half (see `windowStart`).
 * The same seed gives the same text on one machine, whatever else is in the batch.
 */
export class Generator {
  readonly #reader: Reader
  readonly #runtime: Runtime
  readonly #options: GeneratorOptions
  #decoder: Promise<Decoder> | undefined
  #batch: Promise<Batch> | undefined
  readonly #searches: Searches
  /** See `#missing`. */
  #known: readonly number[] | undefined

  constructor(checkpoint: Checkpoint, runtime: Runtime, options: GeneratorOptions = {}) {
    this.#reader = { checkpoint, tokenizer: options.tokenizer }
    this.#runtime = runtime
    this.#options = options
    this.#decoder = options.decoder
    this.#searches = new Searches(checkpoint, runtime, options)
  }

  /** Goes on from one prompt, token by token. The texts of the pieces together are the text of `complete`. */
  async *stream(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<Piece> {
    const settings = this.#settings(options)
    for (const name of ['returned', 'beams'] as const)
      if (settings[name] > 1)
        throw usageError('BAD_OPTION', `A stream is one text: ${name} must be 1, found ${settings[name]}.`)
    const ends = this.#ends(settings)
    const sequences = this.#sequences([prompt], settings, ends)
    if (settings.contrastivePenalty > 0)
      return yield* this.#searches.contrastive(sequences[0]!, settings, this.#processors(settings, ends))
    const [task] = await this.#tasks(sequences, settings, ends)
    settings.signal?.throwIfAborted()
    yield* (await this.#texts()).add(task!)
  }

  /** Goes on from one prompt or several at once. Errors: BAD_OPTION, NONFINITE_LOGITS and those of `promptIds`. */
  async complete(prompts: Prompt | readonly Prompt[], options: GenerateOptions = {}): Promise<Completion> {
    const settings = this.#settings(options)
    const ends = this.#ends(settings)
    const list = isPrompt(prompts) ? [prompts] : prompts
    if (settings.beams > 1) {
      const found: GeneratedSequence[] = []
      const processors = this.#processors(settings, ends)
      const { tokenizer } = this.#reader
      const decoder = await this.decoder()
      const texts = list.map((prompt) => promptIds(prompt, settings.special, this.#reader))
      for (const [prompt, ids] of texts.entries())
        found.push(...(await this.#searches.beams({ decoder, prompt, ids, settings, processors, ends, tokenizer })))
      return { sequences: found }
    }
    const sequences = this.#sequences(list, settings, ends)
    if (settings.contrastivePenalty > 0) {
      const processors = this.#processors(settings, ends)
      for (const sequence of sequences) await readAll(this.#searches.contrastive(sequence, settings, processors))
      return { sequences: sequences.map((sequence) => sequence.result()) }
    }
    const tasks = await this.#tasks(sequences, settings, ends)
    settings.signal?.throwIfAborted()
    const batch = await this.#texts()
    const texts = tasks.map((task) => batch.add(task))
    try {
      await Promise.all(texts.map(readAll))
    } finally {
      for (const text of texts) await text.return?.()
    }
    return { sequences: sequences.map((sequence) => sequence.result()) }
  }

  #settings(options: GenerateOptions): Settings {
    return checkOptions(withModelDefaults(options, this.#reader.checkpoint.generation))
  }

  /** What the generator is writing and has written. */
  async statistics(): Promise<BatchStatistics> {
    return (await this.#texts()).statistics()
  }

  /** Frees the session; texts that are being written end with CLOSED. */
  async dispose(): Promise<void> {
    const batch = await this.#batch?.catch(() => undefined)
    this.#batch = undefined
    await batch?.close()
    const decoder = await this.#decoder?.catch(() => undefined)
    this.#decoder = undefined
    await decoder?.dispose()
    await this.#searches.dispose()
  }

  /** The sequences to write, those of one prompt next to each other. */
  #sequences(prompts: readonly Prompt[], { special, returned }: Settings, ends: Ends): Sequence[] {
    const { tokenizer } = this.#reader
    return prompts.flatMap((prompt, i) => {
      const ids = promptIds(prompt, special, this.#reader)
      return Array.from({ length: returned }, (_, number) => new Sequence({ prompt: i, number }, ids, ends, tokenizer))
    })
  }

  #ends({ maxNewTokens, stop, stopTokens, ...settings }: Settings): Ends {
    const { checkpoint, tokenizer } = this.#reader
    if (stop.length && !tokenizer)
      throw usageError('NO_TOKENIZER', 'Stop strings need a tokenizer; the model has none.')
    for (const id of stopTokens ?? []) checkId(id, 'stopTokens', checkpoint)
    const own = endIds(checkpoint, tokenizer)
    const constraint = constraintOf(settings, tokenizer, stopTokens ?? own, vocabularyOf(checkpoint))
    return { maxNewTokens, stop, stopTokens: new Set(stopTokens ?? own), endTokens: new Set(own), constraint }
  }

  /** The model's program; made on first use. */
  decoder(): Promise<Decoder> {
    this.#decoder ??= Decoder.create(this.#reader.checkpoint, this.#runtime, this.#options).catch((error) => {
      this.#decoder = undefined
      throw error
    })
    return this.#decoder
  }

  /** The texts that are being written; made on first use. */
  #texts(): Promise<Batch> {
    const { rows, slots, cacheBytes: bytes = 2 ** 30, weights, prefixCache = !weights } = this.#options
    this.#batch ??= this.decoder().then((decoder) => new Batch(decoder, { rows, slots, bytes, prefixCache }))
    this.#batch.catch(() => {
      this.#batch = undefined
    })
    return this.#batch
  }

  /** What is done to the logits; see `pipeline`. */
  #processors(settings: Settings, ends: Ends): readonly LogitsProcessor[] {
    return pipeline(settings, ends, { ...this.#reader, missing: this.#missing() })
  }

  /** Ids of the model for which the tokenizer has no token: rows that some models have only to round up their vocabulary. */
  #missing(): readonly number[] {
    const { checkpoint, tokenizer } = this.#reader
    if (!tokenizer) return []
    if (this.#known) return this.#known
    const missing: number[] = []
    for (let id = 0; id < vocabularyOf(checkpoint); id++) if (tokenizer.tokenOf(id) === undefined) missing.push(id)
    this.#known = missing
    return missing
  }

  /** What there is to do to write sequences of one call. */
  async #tasks(sequences: readonly Sequence[], settings: Settings, ends: Ends): Promise<Task[]> {
    const { maxNewTokens, seed, signal } = settings
    const processors = this.#processors(settings, ends)
    const sample = samplerOf(settings)
    const proposer = await this.#proposers(settings)
    const request = {}
    const { tokenizer } = this.#reader
    const ofNew = settings.logprobs === undefined ? undefined : new LogprobReporter(settings.logprobs, tokenizer)
    const ofPrompts =
      settings.promptLogprobs === undefined ? undefined : new LogprobReporter(settings.promptLogprobs, tokenizer)
    return sequences.map((sequence) => {
      const draw = () => drawAt(seed, sequence.ids.length, sequence.number)
      const next = (logits: Float32Array) => {
        const tell = ofNew?.before(logits)
        for (const process of processors) process(logits, sequence)
        const choice = sample(logits, draw, sequence)
        return sequence.accept(choice, tell?.(choice.id))
      }
      const watch = ofPrompts && sequence.watchPrompt(ofPrompts)
      return { sequence, maxNewTokens, next, request, signal, proposer: proposer(sequence), watch }
    })
  }

  /** What guesses at the next tokens of a sequence. */
  async #proposers(settings: Settings): Promise<(sequence: Sequence) => Proposer | undefined> {
    const { draft, promptLookup: most } = settings
    if (most !== undefined) return () => promptLookup(most)
    if (!draft) return () => undefined
    checkDraft(draft, this.#reader)
    const decoder = await draft.generator().decoder()
    return (sequence) => draftProposer(decoder, sequence, settings)
  }
}

async function readAll(pieces: AsyncIterable<Piece>): Promise<void> {
  for await (const _ of pieces);
}

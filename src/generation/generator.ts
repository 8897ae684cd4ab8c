/** Writes text: prompts are read once, then every step adds a token to each sequence that is not finished. */
import { usageError } from '../base/errors.ts'
import type { Arrays, Runtime } from '../runtime/runtime.ts'
import type { Tokenizer } from '../tokenizers/index.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { Decoder, type Rows } from './decoder.ts'
import { checkOptions, type GenerateOptions, type Prompt, type Settings } from './options.ts'
import { pipeline, samplerOf } from './pipeline.ts'
import type { LogitsProcessor } from './processors/processor.ts'
import { checkId, isPrompt, promptIds, type Reader, vocabularyOf } from './prompts.ts'
import { drawAt } from './sampling.ts'
import { searchBeams } from './search.ts'
import { type Ends, type GeneratedSequence, type Piece, Sequence } from './sequence.ts'
import { endIds } from './special-ids.ts'
import { turns } from './turns.ts'
import { slide, slotsFor, windowStart } from './window.ts'

export type GeneratorOptions = {
  readonly tokenizer?: Tokenizer | undefined
  readonly threads?: number | undefined
  /** The parameters' arrays, read at every step, so that they may change between texts; else the checkpoint's values are used. */
  readonly weights?: Arrays | undefined
  /** Most bytes of caches at once; prompts for which there is no room are written after the others. Default 1 GiB. */
  readonly cacheBytes?: number
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
  /** See `#missing`. */
  #known: readonly number[] | undefined

  constructor(checkpoint: Checkpoint, runtime: Runtime, options: GeneratorOptions = {}) {
    this.#reader = { checkpoint, tokenizer: options.tokenizer }
    this.#runtime = runtime
    this.#options = options
    this.#decoder = options.decoder
  }

  /** Goes on from one prompt, token by token. The texts of the pieces together are the text of `complete`. */
  async *stream(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<Piece> {
    const settings = checkOptions(options)
    for (const name of ['returned', 'beams'] as const)
      if (settings[name] > 1)
        throw usageError('BAD_OPTION', `A stream is one text: ${name} must be 1, found ${settings[name]}.`)
    const ends = this.#ends(settings)
    yield* this.#write(this.#sequences([prompt], settings, ends), settings, ends)
  }

  /** Goes on from one prompt or several at once. Errors: BAD_OPTION, NONFINITE_LOGITS and those of `promptIds`. */
  async complete(prompts: Prompt | readonly Prompt[], options: GenerateOptions = {}): Promise<Completion> {
    const settings = checkOptions(options)
    const ends = this.#ends(settings)
    const list = isPrompt(prompts) ? [prompts] : prompts
    if (settings.beams > 1) {
      const found: GeneratedSequence[] = []
      const processors = this.#processors(settings, ends)
      const { tokenizer } = this.#reader
      const decoder = await this.#compiled()
      const texts = list.map((prompt) => promptIds(prompt, settings.special, this.#reader))
      for (const [prompt, ids] of texts.entries())
        found.push(...(await searchBeams({ decoder, prompt, ids, settings, processors, ends, tokenizer })))
      return { sequences: found }
    }
    const sequences = this.#sequences(list, settings, ends)
    const atOnce = settings.returned * (await this.#promptsAtOnce(sequences, settings))
    for (let i = 0; i < sequences.length; i += atOnce)
      for await (const _ of this.#write(sequences.slice(i, i + atOnce), settings, ends));
    return { sequences: sequences.map((sequence) => sequence.result()) }
  }

  /** Frees the session. */
  async dispose(): Promise<void> {
    const decoder = await this.#decoder?.catch(() => undefined)
    this.#decoder = undefined
    await decoder?.dispose()
  }

  /** The sequences to write, those of one prompt next to each other. */
  #sequences(prompts: readonly Prompt[], { special, returned }: Settings, ends: Ends): Sequence[] {
    const { tokenizer } = this.#reader
    return prompts.flatMap((prompt, i) => {
      const ids = promptIds(prompt, special, this.#reader)
      return Array.from({ length: returned }, (_, number) => new Sequence({ prompt: i, number }, ids, ends, tokenizer))
    })
  }

  #ends({ maxNewTokens, stop, stopTokens }: Settings): Ends {
    const { checkpoint, tokenizer } = this.#reader
    if (stop.length && !tokenizer)
      throw usageError('NO_TOKENIZER', 'Stop strings need a tokenizer; the model has none.')
    for (const id of stopTokens ?? []) checkId(id, 'stopTokens', checkpoint)
    const own = endIds(checkpoint, tokenizer)
    return { maxNewTokens, stop, stopTokens: new Set(stopTokens ?? own), endTokens: new Set(own) }
  }

  #compiled(): Promise<Decoder> {
    this.#decoder ??= Decoder.create(this.#reader.checkpoint, this.#runtime, this.#options).catch((error) => {
      this.#decoder = undefined
      throw error
    })
    return this.#decoder
  }

  /** How many prompts are written side by side: as many as their caches leave room for. */
  async #promptsAtOnce(sequences: readonly Sequence[], { maxNewTokens, returned }: Settings): Promise<number> {
    const decoder = await this.#compiled()
    const bytes = returned * decoder.rowBytes(slotsFor(sequences, maxNewTokens, decoder.context))
    return Math.max(1, Math.floor((this.#options.cacheBytes ?? 2 ** 30) / bytes))
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

  /** Writes all sequences to their ends; `active` is used up. */
  async *#write(active: Sequence[], settings: Settings, ends: Ends): AsyncGenerator<Piece> {
    settings.signal?.throwIfAborted()
    const decoder = await this.#compiled()
    const processors = this.#processors(settings, ends)
    const sample = samplerOf(settings)
    const takeTurns = turns()
    const rows = decoder.open(active.length, slotsFor(active, settings.maxNewTokens, decoder.context))
    let logits = await readPrompts(rows, active, settings.returned, decoder.context)
    for (;;) {
      for (const [row, sequence] of active.entries()) {
        await takeTurns()
        for (const process of processors) process(logits[row]!, sequence)
        yield sequence.accept(
          sample(logits[row]!, () => drawAt(settings.seed, sequence.ids.length, sequence.number), sequence),
        )
      }
      removeFinished(active, rows)
      if (active.length === 0) return
      settings.signal?.throwIfAborted()
      for (const [row, { ids }] of active.entries()) await slide(rows, row, ids, decoder.context)
      logits = await rows.step(active.map(({ ids }) => ids.at(-1)!))
    }
  }
}

/** Reads every prompt once and copies it to the rows of its sequences. Returns the logits of each row. */
async function readPrompts(
  rows: Rows,
  sequences: readonly Sequence[],
  returned: number,
  context: number,
): Promise<Float32Array[]> {
  const firsts = sequences.filter(({ number }) => number === 0)
  const logits = await rows.read(
    0,
    firsts.map(({ ids }) => ids.slice(windowStart(ids.length, context))),
  )
  if (returned === 1) return logits
  // From the last row on, so that no prompt is overwritten before it has been copied.
  for (let row = sequences.length - 1; row > 0; row--) rows.copy(Math.floor(row / returned), row)
  return sequences.map((_, row) => logits[Math.floor(row / returned)]!.slice())
}

/** Takes finished sequences out; the last row moves into the gap. */
function removeFinished(active: Sequence[], rows: Rows): void {
  for (let row = active.length - 1; row >= 0; row--) {
    if (!active[row]!.finish) continue
    const last = active.pop()!
    if (row === active.length) continue
    rows.copy(active.length, row)
    active[row] = last
  }
}

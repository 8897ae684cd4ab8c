/** Writes text: prompts are read once, then every step adds a token to each sequence that is not finished. */
import { usageError } from '../base/errors.ts'
import { giveWay } from '../base/event-loop.ts'
import { show } from '../base/json.ts'
import type { Arrays, Runtime } from '../runtime/runtime.ts'
import type { SpecialHandling, Tokenizer } from '../tokenizers/index.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { Decoder, type Rows } from './decoder.ts'
import { checkOptions, type GenerateOptions, type Prompt, type Settings } from './options.ts'
import { type LogitsProcessor, temperature, topK, topP, without } from './processors.ts'
import { drawAt, greedy, multinomial } from './sampling.ts'
import { type GeneratedSequence, type Piece, Sequence } from './sequence.ts'
import { endIds, startId } from './special-ids.ts'
import { windowStart } from './window.ts'

export type GeneratorOptions = {
  readonly tokenizer?: Tokenizer | undefined
  readonly threads?: number | undefined
  /** The parameters' arrays, read at every step, so that they may change between texts; else the checkpoint's values are used. */
  readonly weights?: Arrays | undefined
}

/** The sequences of each prompt, in the order of the prompts. */
export type Completion = { readonly sequences: readonly GeneratedSequence[] }

/** Cache lengths are multiples of this, so that few different ones are made. */
const slotStep = 64
/** Most milliseconds of choosing tokens before the event loop gets its turn. */
const turn = 4

/**
 * Generates from a model. Where a text outgrows the model's context, the model reads on from its last half (see `windowStart`).
 * The same seed gives the same text on one machine, whatever else is in the batch.
 */
export class Generator {
  readonly #checkpoint: Checkpoint
  readonly #runtime: Runtime
  readonly #options: GeneratorOptions
  #decoder: Promise<Decoder> | undefined
  /** See `#missing`. */
  #known: readonly number[] | undefined

  constructor(checkpoint: Checkpoint, runtime: Runtime, options: GeneratorOptions = {}) {
    this.#checkpoint = checkpoint
    this.#runtime = runtime
    this.#options = options
  }

  /** Goes on from one prompt, token by token. The texts of the pieces together are the text of `complete`. */
  async *stream(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<Piece> {
    const settings = checkOptions(options)
    if (settings.returned > 1)
      throw usageError('BAD_OPTION', `A stream is one text: returned must be 1, found ${settings.returned}.`)
    const [sequence] = this.#sequences([prompt], settings)
    for await (const { piece } of this.#write([sequence!], settings)) yield piece
  }

  /** Goes on from one prompt or several at once. Errors: BAD_OPTION, BAD_PROMPT, EMPTY_PROMPT, NONFINITE_LOGITS. */
  async complete(prompts: Prompt | readonly Prompt[], options: GenerateOptions = {}): Promise<Completion> {
    const settings = checkOptions(options)
    const sequences = this.#sequences(isPrompt(prompts) ? [prompts] : prompts, settings)
    for await (const _ of this.#write([...sequences], settings));
    return { sequences: sequences.map((sequence) => sequence.result()) }
  }

  /** Frees the session. */
  async dispose(): Promise<void> {
    const decoder = await this.#decoder
    this.#decoder = undefined
    await decoder?.dispose()
  }

  /** The sequences to write, those of one prompt next to each other. */
  #sequences(prompts: readonly Prompt[], settings: Settings): Sequence[] {
    const { tokenizer } = this.#options
    const { maxNewTokens, stop, stopTokens, returned } = settings
    if (stop.length && !tokenizer)
      throw usageError('NO_TOKENIZER', 'Stop strings need a tokenizer; the model has none.')
    for (const id of stopTokens ?? []) this.#checkId(id, 'stopTokens')
    const own = endIds(this.#checkpoint, tokenizer)
    const ends = { maxNewTokens, stop, stopTokens: new Set(stopTokens ?? own), endTokens: new Set(own) }
    return prompts.flatMap((prompt, i) => {
      const ids = this.#promptIds(prompt, settings)
      return Array.from({ length: returned }, (_, number) => new Sequence({ prompt: i, number }, ids, ends, tokenizer))
    })
  }

  #promptIds(prompt: Prompt, { special }: Settings): readonly number[] {
    const { tokenizer } = this.#options
    if (typeof prompt !== 'string' && !Array.isArray(prompt))
      throw usageError('BAD_PROMPT', `A prompt must be text or a list of token ids, found ${show(prompt)}.`)
    if (typeof prompt === 'string' && !tokenizer)
      throw usageError('NO_TOKENIZER', 'The model has no tokenizer: give token ids as the prompt.')
    const ids = typeof prompt === 'string' ? this.#encode(prompt, special) : prompt
    for (const [position, id] of ids.entries()) this.#checkId(id, `the prompt (position ${position})`)
    if (ids.length > 0) return Array.from(ids)
    const start = startId(this.#checkpoint, tokenizer)
    if (start === undefined)
      throw usageError(
        'EMPTY_PROMPT',
        'The prompt is empty, and the model has no token that begins a text: give a prompt.',
      )
    return [start]
  }

  /** A prompt as ids, without the end token that some tokenizers put behind every text: the text is to go on. */
  #encode(prompt: string, special: SpecialHandling): readonly number[] {
    const { tokenizer } = this.#options
    const { ids, specialTokensMask } = tokenizer!.encode(prompt, { special, truncation: false, padding: false })
    const ends = endIds(this.#checkpoint, tokenizer)
    let length = ids.length
    while (length > 0 && specialTokensMask[length - 1] && ends.includes(ids[length - 1]!)) length--
    return Array.from(ids.slice(0, length))
  }

  #checkId(id: number, place: string): void {
    if (!(Number.isInteger(id) && id >= 0 && id < this.#vocabulary))
      throw usageError(
        'BAD_TOKEN_ID',
        `${place}: token ids must be whole numbers from 0 to ${this.#vocabulary - 1} (the vocabulary), found ${show(id)}.`,
      )
  }

  #compiled(): Promise<Decoder> {
    this.#decoder ??= Decoder.create(this.#checkpoint, this.#runtime, this.#options)
    return this.#decoder
  }

  /** What is done to the logits, in the order of transformers' `generate`. */
  #processors(settings: Settings, stopTokens: readonly number[]): readonly LogitsProcessor[] {
    const { minNewTokens } = settings
    const tooShort = without(stopTokens, ({ ids, promptLength }) => ids.length - promptLength < minNewTokens)
    const missing = this.#missing()
    return [
      ...(missing.length ? [without(missing)] : []),
      ...settings.processors,
      ...(minNewTokens > 0 ? [tooShort] : []),
      ...(settings.temperature === 0 ? [] : reshaping(settings)),
    ]
  }

  /** Ids of the model for which the tokenizer has no token: rows that some models have only to round up their vocabulary. */
  #missing(): readonly number[] {
    const { tokenizer } = this.#options
    if (!tokenizer) return []
    if (this.#known) return this.#known
    const missing: number[] = []
    for (let id = 0; id < this.#vocabulary; id++) if (tokenizer.tokenOf(id) === undefined) missing.push(id)
    this.#known = missing
    return missing
  }

  get #vocabulary(): number {
    const { format, config } = this.#checkpoint
    return format.definition.vocabulary(config)
  }

  /** Writes all sequences to their ends; `active` is used up. */
  async *#write(active: Sequence[], settings: Settings): AsyncGenerator<{ sequence: Sequence; piece: Piece }> {
    settings.signal?.throwIfAborted()
    const decoder = await this.#compiled()
    const processors = this.#processors(
      settings,
      settings.stopTokens ?? endIds(this.#checkpoint, this.#options.tokenizer),
    )
    const sample = settings.temperature === 0 ? greedy : multinomial
    const rows = decoder.open(active.length, slotsFor(active, settings.maxNewTokens, decoder.context))
    let logits = await readPrompts(rows, active, settings.returned, decoder.context)
    let began = performance.now()
    for (;;) {
      for (const [row, sequence] of active.entries()) {
        if (performance.now() - began > turn) {
          await giveWay()
          began = performance.now()
        }
        for (const process of processors) process(logits[row]!, sequence)
        const choice = sample(logits[row]!, () => drawAt(settings.seed, sequence.ids.length, sequence.number))
        yield { sequence, piece: sequence.accept(choice) }
      }
      removeFinished(active, rows)
      if (active.length === 0) return
      settings.signal?.throwIfAborted()
      for (const [row, sequence] of active.entries()) await slide(rows, row, sequence, decoder.context)
      logits = await rows.step(active.map(({ ids }) => ids.at(-1)!))
      began = performance.now()
    }
  }
}

/** Text, or ids; an array of anything else is several prompts. */
const isPrompt = (prompts: Prompt | readonly Prompt[]): prompts is Prompt =>
  typeof prompts === 'string' || prompts.every((item) => typeof item === 'number')

const reshaping = (settings: Settings): readonly LogitsProcessor[] => [
  ...(settings.temperature === 1 ? [] : [temperature(settings.temperature)]),
  ...(settings.topK === undefined ? [] : [topK(settings.topK)]),
  ...(settings.topP === undefined ? [] : [topP(settings.topP)]),
]

/** Slots for the longest text; its last token is never read. */
function slotsFor(sequences: readonly Sequence[], maxNewTokens: number, context: number): number {
  const longest = sequences.reduce((most, { ids }) => Math.max(most, ids.length), 0) + maxNewTokens - 1
  return Math.min(context, Math.ceil(longest / slotStep) * slotStep)
}

/** Reads every prompt once and copies it to the rows of its sequences. Returns the logits of each row. */
async function readPrompts(
  rows: Rows,
  sequences: readonly Sequence[],
  returned: number,
  context: number,
): Promise<Float32Array[]> {
  for (const sequence of sequences) sequence.windowStart = windowStart(sequence.promptLength, context)
  const firsts = sequences.filter(({ number }) => number === 0)
  const logits = await rows.read(
    0,
    firsts.map(({ ids, windowStart }) => ids.slice(windowStart)),
  )
  if (returned === 1) return logits
  // From the last prompt on, so that no row is overwritten before it has been copied.
  for (let row = sequences.length - 1; row > 0; row--) rows.copy(Math.floor(row / returned), row)
  return sequences.map(({ prompt }) => logits[prompt]!.slice())
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

/** If the text has outgrown the context, reads what is kept of it, but for the newest token, from scratch. */
async function slide(rows: Rows, row: number, sequence: Sequence, context: number): Promise<void> {
  const start = windowStart(sequence.ids.length, context)
  if (start === sequence.windowStart) return
  sequence.windowStart = start
  const kept = sequence.ids.slice(start, -1)
  if (kept.length > 0) await rows.read(row, [kept])
  else rows.clear(row)
}

/** Cached decoding: one program with symbolic batch, tokens and slots reads prompts and single tokens over fixed buffers. */
import { failure } from '../base/errors.ts'
import { symbol } from '../graph/axis.ts'
import type { Program } from '../graph/program.ts'
import { Cache } from '../nn/index.ts'
import { input } from '../ops/index.ts'
import type { Arrays, Executable, Runtime } from '../runtime/runtime.ts'
import { type NdArray, zeros } from '../tensor/array.ts'
import { bytesOf } from '../tensor/dtype.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { inferenceProgram } from '../weights/quantized.ts'

export type DecoderOptions = {
  readonly threads?: number | undefined
  /** Arrays to take the parameters from at every run; without them they are constants of the program. */
  readonly weights?: Arrays | undefined
}

/** Ids, places of wanted logits and caches → logits [batch, 1, vocabulary] and the caches, updated in place. */
function trace(checkpoint: Checkpoint, free: boolean): Program {
  const { network, format, config, parameters } = checkpoint
  const [batch, tokens, slots] = [symbol('batch'), symbol('tokens'), symbol('slots')]
  const cache = new Cache({ ...format.definition.cache(config), batch, slots })
  const ids = {
    input_ids: input('input_ids', [batch, tokens], 'int32'),
    logits_at: input('logits_at', [batch, 1], 'int32'),
  }
  const { logits } = network(ids, cache)
  const named = {
    inputs: new Map([...Object.entries({ ...ids, ...cache.inputs() }), ...(free ? parameters : [])]),
    outputs: new Map(Object.entries({ logits: logits!, ...cache.outputs() })),
  }
  return inferenceProgram(free ? { ...checkpoint, constants: new Map(), quantized: undefined } : checkpoint, named)
}

/** A model made ready to read tokens one after another. */
export class Decoder {
  /** Most tokens that a row may hold. */
  readonly context: number
  readonly vocabulary: number
  readonly #checkpoint: Checkpoint
  readonly #executable: Executable
  readonly #weights: Arrays

  private constructor(checkpoint: Checkpoint, executable: Executable, weights: Arrays) {
    const { definition } = checkpoint.format
    this.context = definition.context(checkpoint.config)
    this.vocabulary = definition.vocabulary(checkpoint.config)
    this.#checkpoint = checkpoint
    this.#executable = executable
    this.#weights = weights
  }

  static async create(
    checkpoint: Checkpoint,
    runtime: Runtime,
    { threads, weights }: DecoderOptions,
  ): Promise<Decoder> {
    const program = trace(checkpoint, weights !== undefined)
    return new Decoder(checkpoint, await runtime.compile(program, { threads }), weights ?? {})
  }

  /** Empty caches for some rows of at most `slots` tokens. */
  open(rows: number, slots: number): Rows {
    return new Rows(this.#executable, this.#checkpoint, this.#weights, rows, slots)
  }

  /** Bytes that the caches of one row take. */
  rowBytes(slots: number): number {
    const { layers, keyHeads, headWidth } = this.#checkpoint.format.definition.cache(this.#checkpoint.config)
    return 2 * layers * keyHeads * slots * headWidth * bytesOf('float32')
  }

  dispose(): Promise<void> {
    return this.#executable.dispose()
  }
}

type Step = {
  readonly ids: Int32Array
  readonly starts: Int32Array
  readonly logits: Float32Array
  run(): Promise<void>
}

/** Most tokens, padding included, that are read in one run: more would only take more memory. */
const chunkTokens = 4096

/** The rows of one batch and their caches. The first rows of a buffer are a batch too, and so is any row alone. */
export class Rows {
  readonly #executable: Executable
  readonly #vocabulary: number
  readonly #weights: Arrays
  readonly #buffers: Readonly<Record<string, NdArray>>
  /** Filled slots of each row. */
  readonly #lengths: Int32Array
  readonly #slots: number
  readonly #steps = new Map<number, Step>()

  constructor(executable: Executable, { format, config }: Checkpoint, weights: Arrays, rows: number, slots: number) {
    const { layers, keyHeads, headWidth } = format.definition.cache(config)
    const buffer = () => zeros('float32', [rows, keyHeads, slots, headWidth])
    this.#executable = executable
    this.#vocabulary = format.definition.vocabulary(config)
    this.#weights = weights
    this.#buffers = Object.fromEntries(
      Array.from({ length: layers }, (_, i) =>
        ['keys', 'values'].map((kind) => [`cache.${i}.${kind}`, buffer()]),
      ).flat(),
    )
    this.#lengths = new Int32Array(rows)
    this.#slots = slots
  }

  /** The buffers of rows [first, first + count), sharing memory. */
  #view(first: number, count: number): Record<string, NdArray> {
    const part = ({ dtype, shape, data }: NdArray): NdArray => {
      const size = data.length / shape[0]!
      return { dtype, shape: [count, ...shape.slice(1)], data: data.subarray(first * size, (first + count) * size) }
    }
    return Object.fromEntries(Object.entries(this.#buffers).map(([name, array]) => [name, part(array)]))
  }

  /**
   * Reads whole texts, one a row from row `first` on, in place of what the rows held. Returns each row's logits after its last token,
   * valid until the row is used again. Shorter texts are padded on the right: what is written beyond their end is never attended to.
   */
  async read(first: number, texts: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const logits: Float32Array[] = []
    for (const { start, end, longest } of chunks(texts)) {
      const count = end - start
      const caches = this.#view(first + start, count)
      const ids = int32([count, longest])
      const at = int32([count, 1])
      for (const [i, text] of texts.slice(start, end).entries()) {
        ids.data.set(text, i * longest)
        at.data[i] = text.length - 1
        this.#lengths[first + start + i] = text.length
      }
      const out = zeros('float32', [count, 1, this.#vocabulary])
      const inputs = { input_ids: ids, logits_at: at, 'cache.starts': int32([count]), ...caches, ...this.#weights }
      await this.#executable.run(inputs, { logits: out, ...caches })
      for (let i = 0; i < count; i++) logits.push(this.#row(out.data as Float32Array, i))
    }
    return logits
  }

  /** Reads one more token in each of the first `ids.length` rows. Returns their logits, valid until the next step. */
  async step(ids: readonly number[]): Promise<Float32Array[]> {
    const step = this.#bound(ids.length)
    step.ids.set(ids)
    step.starts.set(this.#lengths.subarray(0, ids.length))
    if (step.starts.some((start) => start >= this.#slots))
      throw failure('CACHE_FULL', `A row has filled its ${this.#slots} slots.`)
    await step.run()
    return ids.map((_, row) => {
      this.#lengths[row]!++
      return this.#row(step.logits, row)
    })
  }

  /** Makes row `to` hold what row `from` holds; the first `shared` tokens are the same in both already. */
  copy(from: number, to: number, shared = 0): void {
    const filled = this.#lengths[from]!
    this.#lengths[to] = filled
    for (const { shape, data } of Object.values(this.#buffers)) {
      const [, heads, slots, width] = shape as [number, number, number, number]
      for (let head = 0; head < heads; head++) {
        const at = (from * heads + head) * slots * width
        data.copyWithin(((to * heads + head) * slots + shared) * width, at + shared * width, at + filled * width)
      }
    }
  }

  /** Forgets what a row holds. */
  clear(row: number): void {
    this.#lengths[row] = 0
  }

  /** A step of the first `count` rows, tied to its arrays once so that running it allocates nothing. */
  #bound(count: number): Step {
    const known = this.#steps.get(count)
    if (known) return known
    const caches = this.#view(0, count)
    const [ids, starts] = [int32([count, 1]), int32([count])]
    const logits = zeros('float32', [count, 1, this.#vocabulary])
    const inputs = { input_ids: ids, logits_at: int32([count, 1]), 'cache.starts': starts, ...caches, ...this.#weights }
    const run = this.#executable.bind(inputs, { logits, ...caches })
    const step = { ids: ids.data, starts: starts.data, logits: logits.data as Float32Array, run }
    this.#steps.set(count, step)
    return step
  }

  #row(logits: Float32Array, row: number): Float32Array {
    return logits.subarray(row * this.#vocabulary, (row + 1) * this.#vocabulary)
  }
}

const int32 = (shape: readonly number[]) => zeros('int32', shape) as NdArray & { readonly data: Int32Array }

/** Neighboring texts that are read in one run: while padding is at most half of it, and up to `chunkTokens`. */
function* chunks(texts: readonly (readonly number[])[]): Generator<{ start: number; end: number; longest: number }> {
  let start = 0
  while (start < texts.length) {
    let end = start
    let longest = 0
    let total = 0
    while (end < texts.length) {
      const { length } = texts[end]!
      const padded = Math.max(longest, length) * (end - start + 1)
      if (end > start && (padded > chunkTokens || padded > 2 * (total + length))) break
      longest = Math.max(longest, length)
      total += length
      end++
    }
    yield { start, end, longest }
    start = end
  }
}

/** Cached decoding that also tells the states of the last layer, one for each token: what contrastive search compares. */
import { symbol } from '../graph/axis.ts'
import type { Program } from '../graph/program.ts'
import { einsum, input } from '../ops/index.ts'
import type { Arrays, Executable, Runtime } from '../runtime/runtime.ts'
import { type NdArray, zeros } from '../tensor/array.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { type Buffers, copyTokens, openBuffers, viewOf } from './cache-buffers.ts'
import { cachedProgram, type DecoderOptions } from './decoder.ts'

/** What a run gives: logits [vocabulary] after the last token of each row, states [row, token, width] of all tokens that were read. */
export type States = { readonly logits: readonly Float32Array[]; readonly states: Float32Array }

/** Vectors of length 1 → the cosine of the angle between each of some and each of others: [some, others]. */
function traceCosines(width: number): Program {
  const some = input('some', [symbol('some'), width])
  const others = input('others', [symbol('others'), width])
  return {
    inputs: new Map(Object.entries({ some, others })),
    constants: new Map(),
    outputs: new Map([['cosines', einsum('s c, o c -> s o', some, others)]]),
  }
}

export class StateDecoder {
  /** Values of a state. */
  readonly width: number
  readonly #checkpoint: Checkpoint
  readonly #reading: Executable
  readonly #comparing: Executable
  readonly #weights: Arrays

  private constructor(
    checkpoint: Checkpoint,
    width: number,
    [reading, comparing]: [Executable, Executable],
    weights: Arrays,
  ) {
    this.width = width
    this.#checkpoint = checkpoint
    this.#reading = reading
    this.#comparing = comparing
    this.#weights = weights
  }

  static async create(checkpoint: Checkpoint, runtime: Runtime, options: DecoderOptions): Promise<StateDecoder> {
    const { threads, weights } = options
    const program = cachedProgram(checkpoint, weights !== undefined, { states: true })
    const width = program.outputs.get('states')!.shape.at(-1) as number
    const comparing = await runtime.compile(traceCosines(width), { threads })
    return new StateDecoder(checkpoint, width, [await runtime.compile(program, { threads }), comparing], weights ?? {})
  }

  /** Empty caches for rows that hold the same text, of at most `slots` tokens, but for its last token. */
  open(rows: number, slots: number): StateRows {
    const { format, config } = this.#checkpoint
    const buffers = openBuffers({ ...format.definition.cache(config), rows, slots })
    const vocabulary = format.definition.vocabulary(config)
    return new StateRows({ executable: this.#reading, weights: this.#weights, vocabulary, width: this.width }, buffers)
  }

  /** The largest cosine of the angle between each of some vectors of length 1 and any of others; 0 without others. */
  async similarities(some: Float32Array, others: Float32Array): Promise<readonly number[]> {
    const vectors = (data: Float32Array): NdArray => ({
      dtype: 'float32',
      shape: [data.length / this.width, this.width],
      data,
    })
    const count = others.length / this.width
    if (count === 0) return Array.from({ length: some.length / this.width }, () => 0)
    const { cosines } = await this.#comparing.run({ some: vectors(some), others: vectors(others) })
    const values = cosines!.data as Float32Array
    return Array.from({ length: some.length / this.width }, (_, i) =>
      values.subarray(i * count, (i + 1) * count).reduce((most, x) => Math.max(most, x), -1),
    )
  }

  async dispose(): Promise<void> {
    await this.#reading.dispose()
    await this.#comparing.dispose()
  }
}

type Reading = {
  readonly executable: Executable
  readonly weights: Arrays
  readonly vocabulary: number
  readonly width: number
}

/** Rows that hold the same text, each maybe with another last token. */
export class StateRows {
  readonly #reading: Reading
  readonly #buffers: Buffers
  readonly #count: number
  /** Tokens that all rows hold. */
  #length = 0

  constructor(reading: Reading, buffers: Buffers) {
    this.#reading = reading
    this.#buffers = buffers
    this.#count = Object.values(buffers)[0]!.shape[0]!
  }

  /** Reads a text in place of what the rows held. Returns its logits and states; a text without tokens has none. */
  async read(text: readonly number[]): Promise<States> {
    this.#length = 0
    if (text.length === 0) return { logits: [], states: new Float32Array(0) }
    const found = await this.#run(1, text)
    this.#share(0, text.length)
    return found
  }

  /** Reads one token in each of the first rows. */
  step(ids: readonly number[]): Promise<States> {
    return this.#run(ids.length, ids)
  }

  /** All rows go on with the token that was read in this one. */
  keep(row: number): void {
    this.#share(row, this.#length + 1)
  }

  #share(from: number, length: number): void {
    const buffers = this.#buffers
    for (let row = 0; row < this.#count; row++)
      if (row !== from) copyTokens({ buffers, row: from }, { buffers, row }, this.#length, length)
    this.#length = length
  }

  /** Reads ids, divided among the first rows, behind what these hold. */
  async #run(rows: number, text: readonly number[]): Promise<States> {
    const { executable, weights, vocabulary, width } = this.#reading
    const int32 = (shape: readonly number[], values: ArrayLike<number>): NdArray => {
      return { dtype: 'int32', shape, data: Int32Array.from(values) }
    }
    const filled = (value: number) => Array.from({ length: rows }, () => value)
    const tokens = text.length / rows
    const caches = viewOf(this.#buffers, 0, rows)
    const inputs = {
      input_ids: int32([rows, tokens], text),
      logits_at: int32([rows, 1], filled(tokens - 1)),
      'cache.starts': int32([rows], filled(this.#length)),
    }
    const [logits, states] = [zeros('float32', [rows, 1, vocabulary]), zeros('float32', [rows, tokens, width])]
    await executable.run({ ...inputs, ...caches, ...weights }, { logits, states, ...caches })
    const all = logits.data as Float32Array
    return {
      logits: filled(0).map((_, row) => all.subarray(row * vocabulary, (row + 1) * vocabulary)),
      states: states.data as Float32Array,
    }
  }
}

/** Cached decoding: one program with symbolic batch, tokens and slots reads prompts and single tokens over fixed buffers. */
import { symbol } from '../graph/axis.ts'
import type { Program } from '../graph/program.ts'
import { Cache } from '../nn/index.ts'
import { input } from '../ops/index.ts'
import type { Arrays, Executable, Runtime } from '../runtime/runtime.ts'
import { compileInSequence } from '../runtime/sequence.ts'
import { bytesOf } from '../tensor/dtype.ts'
import { capture } from '../transforms/capture.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import { inferenceProgram } from '../weights/quantized.ts'
import { halves } from './halves.ts'
import { Rows } from './rows.ts'

export { Rows }

export type DecoderOptions = {
  readonly threads?: number | undefined
  /** Arrays to take the parameters from at every run; without them they are constants of the program. */
  readonly weights?: Arrays | undefined
}

export type ProgramOptions = {
  /** These are taken one by one (see `Cache`); any number at once unless given. */
  readonly tokens?: number | undefined
  /** Also the states of the last layer: `states` [batch, tokens, width]. */
  readonly states?: boolean
}

/**
 * Ids, places of wanted logits and caches → logits [batch, places, vocabulary] and the caches, updated in place. With `free` the parameters
 * are inputs, else constants.
 */
export function cachedProgram(checkpoint: Checkpoint, free: boolean, { tokens, states }: ProgramOptions = {}): Program {
  const { network, format, config, parameters } = checkpoint
  const [batch, slots] = [symbol('batch'), symbol('slots')]
  const shape = { ...format.definition.cache(config), batch, slots }
  const cache = new Cache(shape, { oneByOne: tokens !== undefined })
  const ids = {
    input_ids: input('input_ids', [batch, tokens ?? symbol('tokens')], 'int32'),
    logits_at: input('logits_at', [batch, tokens ?? symbol('places')], 'int32'),
  }
  const { logits } = network(ids, cache)
  const named = { logits: logits!, ...cache.outputs() }
  const wanted = states ? [format.definition.hiddenStates(config).at(-1)!] : []
  const { outputs, captured } = wanted.length
    ? capture(Object.values(named), wanted)
    : { outputs: Object.values(named), captured: new Map() }
  return inferenceProgram(free ? { ...checkpoint, constants: new Map(), quantized: undefined } : checkpoint, {
    inputs: new Map([...Object.entries({ ...ids, ...cache.inputs() }), ...(free ? parameters : [])]),
    outputs: new Map([
      ...Object.keys(named).map((name, i) => [name, outputs[i]!] as const),
      ...wanted.map((path) => ['states', captured.get(path)!] as const),
    ]),
  })
}

/** A model made ready to read tokens one after another. */
export class Decoder {
  /** Most tokens that a row may hold. */
  readonly context: number
  readonly vocabulary: number
  readonly #checkpoint: Checkpoint
  readonly #compile: (tokens?: number) => Promise<Executable>
  readonly #whole: Executable
  readonly #weights: Arrays
  /** By the number of tokens that they read one by one. */
  readonly #oneByOne = new Map<number, Promise<Executable>>()

  private constructor(
    checkpoint: Checkpoint,
    compile: (tokens?: number) => Promise<Executable>,
    whole: Executable,
    weights: Arrays,
  ) {
    const { definition } = checkpoint.format
    this.context = definition.context(checkpoint.config)
    this.vocabulary = definition.vocabulary(checkpoint.config)
    this.#checkpoint = checkpoint
    this.#compile = compile
    this.#whole = whole
    this.#weights = weights
  }

  static async create(
    checkpoint: Checkpoint,
    runtime: Runtime,
    { threads, weights }: DecoderOptions,
  ): Promise<Decoder> {
    const compile = (tokens?: number) => {
      const program = cachedProgram(checkpoint, weights !== undefined, { tokens })
      return compileInSequence(runtime, runtime.packs ? halves(program, checkpoint) : [program], { threads })
    }
    return new Decoder(checkpoint, compile, await compile(), weights ?? {})
  }

  /** Empty caches for some rows of at most `slots` tokens. */
  open(rows: number, slots: number): Rows {
    const { format, config } = this.#checkpoint
    const programs = {
      vocabulary: this.vocabulary,
      cache: format.definition.cache(config),
      weights: this.#weights,
      whole: this.#whole,
      oneByOne: (tokens: number) => this.#tokensOneByOne(tokens),
    }
    return new Rows(programs, rows, slots)
  }

  /** Bytes that the caches of one row take. */
  rowBytes(slots: number): number {
    const { layers, keyHeads, headWidth } = this.#checkpoint.format.definition.cache(this.#checkpoint.config)
    return 2 * layers * keyHeads * slots * headWidth * bytesOf('float32')
  }

  async dispose(): Promise<void> {
    await this.#whole.dispose()
    for (const program of this.#oneByOne.values()) await (await program.catch(() => undefined))?.dispose()
    this.#oneByOne.clear()
  }

  /** A program of its own, because the number of tokens decides its graph; made on first use. */
  #tokensOneByOne(tokens: number): Promise<Executable> {
    const known = this.#oneByOne.get(tokens) ?? this.#compile(tokens)
    this.#oneByOne.set(tokens, known)
    return known
  }
}

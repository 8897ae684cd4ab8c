/** The rows of a batch: keys and values of the texts that are being read, and the runs that extend them. */
import { failure } from '../base/errors.ts'
import type { Arrays, Executable } from '../runtime/runtime.ts'
import { type NdArray, zeros } from '../tensor/array.ts'
import { type Buffers, copyTokens, openBuffers, swapTokens, viewOf } from './cache-buffers.ts'

/** The programs that rows are read with. */
export type RowPrograms = {
  readonly vocabulary: number
  readonly cache: { readonly layers: number; readonly keyHeads: number; readonly headWidth: number }
  readonly weights: Arrays
  /** Reads any number of tokens at once. */
  readonly whole: Executable
  /** Reads so many tokens of each row one after another, each with the very numbers of a step. */
  readonly oneByOne: (tokens: number) => Promise<Executable>
}

type Step = {
  readonly ids: Int32Array
  readonly starts: Int32Array
  readonly logits: Float32Array
  run(): Promise<void>
}

/** Most tokens, padding included, that are read in one run: more would only take more memory. */
const chunkTokens = 4096

/**
 * Attention sums a run's last query in another order where it is alone behind blocks of 16 (as a single one is): such runs are avoided,
 * by a token more behind the text, so that a token's numbers do not depend on the run in which it is read.
 */
const isOdd = (tokens: number): boolean => tokens % 16 === 1

/** The rows of one batch and their caches. The first rows of a buffer are a batch too, and so is any row alone. */
export class Rows {
  readonly count: number
  /** Most tokens that a row holds. */
  readonly slots: number
  readonly #programs: RowPrograms
  readonly #buffers: Buffers
  /** Filled slots of each row. */
  readonly #lengths: Int32Array
  readonly #steps = new Map<string, Promise<Step>>()

  constructor(programs: RowPrograms, rows: number, slots: number) {
    this.count = rows
    this.slots = slots
    this.#programs = programs
    this.#buffers = openBuffers({ ...programs.cache, rows, slots })
    this.#lengths = new Int32Array(rows)
  }

  /** How many tokens a row holds. */
  length(row: number): number {
    return this.#lengths[row]!
  }

  /**
   * Reads whole texts, one a row from row `first` on, in place of what the rows held. Returns each row's logits after its last token,
   * valid until the row is used again. Shorter texts are padded on the right: what is written beyond their end is never attended to.
   */
  async read(first: number, texts: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const logits: Float32Array[] = []
    for (const { start, end, longest } of chunks(texts)) {
      const count = end - start
      if (isOdd(longest) && longest === this.slots) {
        for (let i = start; i < end; i++) {
          this.clear(first + i)
          logits.push(...(await this.extend(first + i, texts[i]!)))
        }
        continue
      }
      const ids = int32([count, longest + (isOdd(longest) ? 1 : 0)])
      const at = int32([count, 1])
      for (const [i, text] of texts.slice(start, end).entries()) {
        ids.data.set(text, i * ids.shape[1]!)
        at.data[i] = text.length - 1
      }
      logits.push(...(await this.#run(first + start, ids, at)))
      for (let i = start; i < end; i++) this.#lengths[first + i] = texts[i]!.length
    }
    return logits
  }

  /**
   * Reads tokens behind those that a row holds. Returns the logits after the wanted ones of them, which must ascend: after the last
   * unless said. The numbers do not depend on how a text is divided among calls, so long as none of them reads a single token in the
   * last slot of a row.
   */
  async extend(
    row: number,
    ids: readonly number[],
    wanted: readonly number[] = [ids.length - 1],
  ): Promise<Float32Array[]> {
    const start = this.#lengths[row]!
    const end = start + ids.length
    if (end > this.slots) this.#refuse()
    const odd = isOdd(ids.length)
    if (odd && end === this.slots && ids.length > 2) {
      const head = ids.length - 2
      const parts = [wanted.filter((place) => place < head), wanted.filter((place) => place >= head)]
      const before = await this.extend(row, ids.slice(0, head), parts[0]!.length > 0 ? parts[0] : [0])
      const after = await this.extend(
        row,
        ids.slice(head),
        parts[1]!.length > 0 ? parts[1]!.map((place) => place - head) : [0],
      )
      return [...before.slice(0, parts[0]!.length), ...after.slice(0, parts[1]!.length)]
    }
    const tokens = int32([1, ids.length + (odd && end < this.slots ? 1 : 0)])
    const at = int32([1, wanted.length])
    tokens.data.set(ids)
    at.data.set(wanted)
    const logits = await this.#run(row, tokens, at, start)
    this.#lengths[row] = end
    return logits
  }

  /** Reads one more token in each of the first `ids.length` rows. Returns their logits, valid until the next step. */
  async step(ids: readonly number[]): Promise<Float32Array[]> {
    return (await this.stepMany(ids.map((id) => [id]))).flat()
  }

  /**
   * Reads some more tokens, as many in each of the first `ids.length` rows. Returns each row's logits after each of them, the very
   * numbers that as many steps would give, valid until the next time that as many rows read as many tokens.
   */
  async stepMany(ids: readonly (readonly number[])[]): Promise<Float32Array[][]> {
    const tokens = ids[0]!.length
    const step = await this.#bound(ids.length, tokens)
    const starts = this.#lengths.subarray(0, ids.length)
    if (starts.some((start) => start + tokens > this.slots)) this.#refuse()
    step.ids.set(ids.flat())
    step.starts.set(starts)
    await step.run()
    const logits = this.#split(step.logits)
    return ids.map((_, row) => {
      this.#lengths[row]! += tokens
      return logits.slice(row * tokens, (row + 1) * tokens)
    })
  }

  /** Makes row `to` hold what row `from` holds, or its beginning; the first `shared` tokens are the same in both already. */
  copy(from: number, to: number, shared = 0, length = this.#lengths[from]!): void {
    this.#lengths[to] = length
    copyTokens({ buffers: this.#buffers, row: from }, { buffers: this.#buffers, row: to }, shared, length)
  }

  /** Exchanges what two rows hold. */
  swap(a: number, b: number): void {
    const [first, second] = [this.#lengths[a]!, this.#lengths[b]!]
    if (first === 0) this.copy(b, a)
    else if (second === 0) this.copy(a, b)
    else swapTokens(this.#buffers, a, b, Math.max(first, second))
    this.#lengths[a] = second
    this.#lengths[b] = first
  }

  /** Takes over what the first rows of another batch hold. */
  adopt(other: Rows): void {
    for (let row = 0; row < Math.min(this.count, other.count); row++) {
      const length = other.#lengths[row]!
      this.#lengths[row] = length
      copyTokens({ buffers: other.#buffers, row }, { buffers: this.#buffers, row }, 0, length)
    }
  }

  /** Forgets all but the first tokens of a row. */
  shorten(row: number, length: number): void {
    this.#lengths[row] = Math.min(length, this.#lengths[row]!)
  }

  /** Forgets what a row holds. */
  clear(row: number): void {
    this.#lengths[row] = 0
  }

  #refuse(): never {
    throw failure('CACHE_FULL', `A row has filled its ${this.slots} slots.`)
  }

  async #run(first: number, ids: Int32, at: Int32, start = 0): Promise<Float32Array[]> {
    const { whole, weights, vocabulary } = this.#programs
    const [count, places] = at.shape as [number, number]
    const caches = viewOf(this.#buffers, first, count)
    const starts = int32([count])
    starts.data.fill(start)
    const logits = zeros('float32', [count, places, vocabulary])
    await whole.run(
      { input_ids: ids, logits_at: at, 'cache.starts': starts, ...caches, ...weights },
      { logits, ...caches },
    )
    return this.#split(logits.data as Float32Array)
  }

  /** A step of the first `count` rows, tied to its arrays once so that running it allocates nothing. */
  #bound(count: number, tokens: number): Promise<Step> {
    const key = `${count} ${tokens}`
    const known = this.#steps.get(key) ?? this.#bind(count, tokens)
    this.#steps.set(key, known)
    return known
  }

  async #bind(count: number, tokens: number): Promise<Step> {
    const { whole, oneByOne, weights, vocabulary } = this.#programs
    const executable = tokens === 1 ? whole : await oneByOne(tokens)
    const caches = viewOf(this.#buffers, 0, count)
    const [ids, at, starts] = [int32([count, tokens]), int32([count, tokens]), int32([count])]
    for (let i = 0; i < at.data.length; i++) at.data[i] = i % tokens
    const logits = zeros('float32', [count, tokens, vocabulary])
    const outputs: Record<string, NdArray> = { logits }
    // Each of the writes one after another is an output of its own, over the same array.
    for (let write = 0; write < tokens; write++)
      for (const [name, array] of Object.entries(caches))
        outputs[write === tokens - 1 ? name : `${name}.${write}`] = array
    const inputs = { input_ids: ids, logits_at: at, 'cache.starts': starts, ...caches, ...weights }
    const run = executable.bind(inputs, outputs)
    return { ids: ids.data, starts: starts.data, logits: logits.data as Float32Array, run }
  }

  /** Logits of several places, apart. */
  #split(logits: Float32Array): Float32Array[] {
    const { vocabulary } = this.#programs
    return Array.from({ length: logits.length / vocabulary }, (_, i) =>
      logits.subarray(i * vocabulary, (i + 1) * vocabulary),
    )
  }
}

type Int32 = NdArray & { readonly data: Int32Array }
const int32 = (shape: readonly number[]) => zeros('int32', shape) as Int32

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

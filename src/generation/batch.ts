/** Continuous batching: texts of any length share the model's steps; they join and leave between steps. */
import { failure, usageError } from '../base/errors.ts'
import type { Decoder } from './decoder.ts'
import { Outbox } from './outbox.ts'
import type { Proposer } from './proposer.ts'
import { type Seat, Seats } from './seats.ts'
import type { Piece, Sequence } from './sequence.ts'
import { turns } from './turns.ts'
import { slide, slotsFor, windowStart } from './window.ts'

/** A text to be written. */
export type Task = {
  readonly sequence: Sequence
  readonly maxNewTokens: number
  /** Chooses the next token of the sequence by its logits, which it may change, and adds it. What it throws ends this text only. */
  readonly next: (logits: Float32Array) => Piece
  /** The same for all texts of one call: these share what is read of a prompt in any case. */
  readonly request: object
  readonly signal?: AbortSignal | undefined
  /** Guesses the next tokens, to be verified together; the text is the same with and without. */
  readonly proposer?: Proposer | undefined
  /** Is given the logits after each token of the prompt, by the position of that token; such a prompt is always read. */
  readonly watch?: ((logits: Float32Array, position: number) => void) | undefined
}

export type BatchOptions = {
  /** Texts that are written side by side; by default as many as there are, while memory lasts. */
  readonly rows?: number | undefined
  /** Most tokens of a text; by default as many as are needed, or with `rows` the model's context. */
  readonly slots?: number | undefined
  /** Most bytes of keys and values. */
  readonly bytes: number
  /** Whether a prompt may begin with keys and values that were read for another one. */
  readonly prefixCache: boolean
}

/** What a batch is doing and has done. */
export type BatchStatistics = {
  readonly rows: number
  readonly bytes: number
  /** Texts that are being written, whose prompt is being read, and that wait for a row. */
  readonly active: number
  readonly reading: number
  readonly waiting: number
  /** Runs that added a token or more to every active row. */
  readonly steps: number
  /** Tokens written. */
  readonly written: number
  /** Tokens of prompts that were read, and that were taken from another row. */
  readonly read: number
  readonly shared: number
  /** Prompts that began with keys and values of another row. */
  readonly prefixHits: number
  /** Tokens guessed, and guessed right. */
  readonly proposed: number
  readonly accepted: number
}

type Running = { readonly task: Task; readonly outbox: Outbox; readonly prompt: readonly number[] }
type Occupied = Seat<Running> & { readonly occupant: Running }

/** Prompts are read up to multiples of this many tokens, between steps of the others; nobody waits for the whole of a long one. */
const chunk = 256
/** The same where logits are wanted after each token. */
const watchedChunk = 64
/** A prompt waits for another one that is being read, if that is going to save it as many tokens. */
const worthWaiting = 32

/**
 * Writes texts side by side. A text is the same, bit for bit, whatever else is written with it and whenever it comes: a row's numbers do
 * not depend on its neighbors, prompts are read in runs of at least two tokens (whose numbers do not depend on how they are divided)
 * and further tokens in single steps, or several one by one with the numbers of single steps. The prefix cache hands on prompts only,
 * which is why it changes nothing either.
 *
 * A text that nobody reads goes on for some pieces and then waits for its reader in its row, while the others go on. One that is called
 * off, by its signal or by leaving its iterator, frees its row before the next run. An iterator that is dropped without `return` keeps
 * its row until the batch is closed.
 */
export class Batch {
  readonly #decoder: Decoder
  readonly #options: BatchOptions
  readonly #seats: Seats<Running>
  #waiting: Running[] = []
  #reading: Occupied[] = []
  #loop: Promise<void> | undefined
  #changed = false
  #wake: (() => void) | undefined
  readonly #counts = { steps: 0, written: 0, read: 0, shared: 0, prefixHits: 0, proposed: 0, accepted: 0 }

  constructor(decoder: Decoder, options: BatchOptions) {
    this.#decoder = decoder
    this.#options = options
    this.#seats = new Seats(decoder, { ...options, share: options.prefixCache })
  }

  /** Begins a text; its pieces come as they are written. Throws TOO_LONG if the rows have fixed slots, too few for it. */
  add(task: Task): AsyncIterableIterator<Piece, undefined, undefined> {
    const { context } = this.#decoder
    const { slots } = this.#options
    const needed = this.#slotsOf(task)
    if (slots !== undefined && needed > Math.min(slots, context))
      throw usageError(
        'TOO_LONG',
        `The text may take ${needed} tokens, a row of this batch holds ${slots}: ask for fewer new tokens or make rows longer.`,
      )
    const outbox = new Outbox(() => this.#change())
    const { signal, sequence } = task
    if (signal?.aborted) outbox.abort(signal.reason)
    signal?.addEventListener('abort', () => outbox.abort(signal.reason), { once: true })
    this.#waiting.push({ task, outbox, prompt: sequence.ids.slice(windowStart(sequence.ids.length, context)) })
    this.#change()
    this.#loop ??= this.#run()
    return outbox
  }

  statistics(): BatchStatistics {
    const [active, reading, waiting] = [this.#seats.active, this.#reading.length, this.#waiting.length]
    return { rows: this.#seats.count, bytes: this.#seats.bytes, active, reading, waiting, ...this.#counts }
  }

  /** Ends all texts with CLOSED. */
  async close(): Promise<void> {
    this.#failAll(failure('CLOSED', 'The model was disposed while it wrote.'))
    this.#change()
    await this.#loop
    this.#seats.clear()
  }

  /** Something has happened that the loop may be waiting for. */
  #change(): void {
    this.#changed = true
    this.#wake?.()
  }

  async #run(): Promise<void> {
    const takeTurns = turns()
    try {
      // Texts that are added in one go begin together.
      await Promise.resolve()
      for (;;) {
        this.#changed = false
        this.#drop()
        this.#admit()
        if (this.#waiting.length === 0 && this.#seats.occupied().length === 0) break
        const read = await this.#readChunk()
        const stepped = await this.#step(takeTurns)
        if (read || stepped || this.#changed) continue
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#wake = undefined
      }
    } catch (error) {
      this.#failAll(error)
      this.#waiting = []
      this.#reading = []
      this.#seats.clear()
    } finally {
      this.#loop = undefined
      if (!this.#options.prefixCache) this.#seats.clear()
    }
  }

  #failAll(error: unknown): void {
    for (const { outbox } of this.#waiting) outbox.fail(error)
    for (const { occupant } of this.#seats.occupied()) occupant!.outbox.fail(error)
  }

  /** Takes out the texts that are complete or called off. */
  #drop(): void {
    this.#waiting = this.#waiting.filter(({ outbox }) => !outbox.closed)
    this.#reading = this.#reading.filter(({ occupant }) => !occupant.outbox.closed)
    for (const seat of this.#seats.occupied().reverse()) {
      if (!seat.occupant!.outbox.closed) continue
      seat.occupant!.task.proposer?.dispose?.()
      this.#seats.release(seat)
    }
  }

  #slotsOf({ sequence, maxNewTokens, proposer }: Task): number {
    return slotsFor([sequence], maxNewTokens + (proposer?.most ?? 0), this.#decoder.context)
  }

  /** Gives rows to the texts that wait, in their order, but for those that do well to wait for another prompt. */
  #admit(): void {
    const seats = this.#seats
    for (const running of [...this.#waiting]) {
      const { task, prompt } = running
      if (this.#shouldWait(running)) continue
      if (!seats.makeRoom(this.#slotsOf(task), this.#waiting.length)) return
      this.#waiting.splice(this.#waiting.indexOf(running), 1)
      const seat = seats.take(running, task.watch ? [] : prompt, task.request) as Occupied
      const shared = seat.held.length
      this.#counts.shared += shared
      if (shared > 0) this.#counts.prefixHits++
      if (shared < prompt.length) this.#reading.push(seat)
      else {
        seats.activate(seat)
        this.#deliver(seat.occupant, seat.logits!.slice())
      }
    }
  }

  #shouldWait({ task, prompt }: Running): boolean {
    if (task.watch) return false
    const others = this.#reading.filter(({ request }) => this.#options.prefixCache || request === task.request)
    const most = Math.max(0, ...others.map(({ occupant }) => this.#seats.shareable(prompt, occupant.prompt)))
    if (most === 0) return false
    const now = this.#seats.best(prompt, task.request).shared
    return most >= now + worthWaiting || (most === prompt.length && now < most)
  }

  /** Reads a part of the prompt whose turn it is, or some short prompts in one run. False if there is none. */
  async #readChunk(): Promise<boolean> {
    const [first] = this.#reading
    if (!first) return false
    const { rows } = this.#seats
    const { prompt, task } = first.occupant
    const start = rows.length(first.row)
    if (start === 0 && prompt.length <= chunk && !task.watch) {
      const group = this.#neighbors(first)
      const logits = await rows.read(
        first.row,
        group.map(({ occupant }) => occupant.prompt),
      )
      for (const [i, seat] of group.entries()) this.#finishReading(seat, logits[i]!)
      return true
    }
    const end = chunkEnd(start, prompt.length, task.watch ? watchedChunk : chunk)
    const part = prompt.slice(start, end)
    const logits = await rows.extend(first.row, part, task.watch ? [...part.keys()] : undefined)
    this.#counts.read += part.length
    first.held = prompt.slice(0, end)
    const offset = task.sequence.ids.length - prompt.length
    try {
      for (const [i, row] of logits.entries()) task.watch?.(row.slice(), offset + start + i)
    } catch (error) {
      first.occupant.outbox.fail(error)
    }
    if (end === prompt.length) this.#finishReading(first, logits.at(-1)!)
    return true
  }

  /** Prompts that begin now in neighboring rows, no more than fit in two chunks. */
  #neighbors(first: Occupied): Occupied[] {
    const group: Occupied[] = []
    let longest = 0
    for (const seat of this.#reading) {
      const { prompt, task } = seat.occupant
      longest = Math.max(longest, prompt.length)
      const begins = this.#seats.rows.length(seat.row) === 0 && !task.watch
      if (seat.row !== first.row + group.length || !begins || longest * (group.length + 1) > 2 * chunk) break
      group.push(seat)
    }
    return group
  }

  #finishReading(seat: Occupied, logits: Float32Array): void {
    const { prompt } = seat.occupant
    this.#counts.read += prompt.length - seat.held.length
    seat.held = prompt
    seat.logits = logits.slice()
    this.#reading.splice(this.#reading.indexOf(seat), 1)
    this.#seats.activate(seat)
    this.#deliver(seat.occupant, logits)
  }

  /** Adds a token, or several, to each text that is being written and read. False if there is none. */
  async #step(takeTurns: () => Promise<void>): Promise<boolean> {
    const seats = this.#seats
    this.#drop()
    const block = Array.from({ length: seats.active }, (_, row) => seats.at(row) as Occupied)
    while (block.at(-1)?.occupant.outbox.full) block.pop()
    if (block.length === 0) return false
    for (const seat of block) {
      const kept = await slide(seats.rows, seat.row, seat.occupant.task.sequence.ids, this.#decoder.context)
      if (kept) Object.assign(seat, { held: kept, logits: undefined })
    }
    const guesses = await this.#guess(block)
    const tokens = this.#tokens(block, guesses)
    const logits = await seats.rows.stepMany(
      block.map(({ occupant }, i) => {
        const ids = [occupant.task.sequence.ids.at(-1)!, ...guesses[i]!].slice(0, tokens)
        return [...ids, ...Array<number>(tokens - ids.length).fill(0)]
      }),
    )
    this.#counts.steps++
    for (const [i, { row, occupant }] of block.entries()) {
      // A text that waits has read its newest token for nothing: it does so again, with the same result, when it goes on.
      const read = occupant.outbox.full
        ? 0
        : await this.#verify(occupant, guesses[i]!.slice(0, tokens - 1), logits[i]!, takeTurns)
      seats.rows.shorten(row, seats.rows.length(row) - tokens + read)
    }
    return true
  }

  #guess(block: readonly Occupied[]): Promise<(readonly number[])[]> {
    return Promise.all(
      block.map(async ({ occupant: { task, outbox } }) => {
        if (outbox.full || !task.proposer) return []
        try {
          return (await task.proposer.propose(task.sequence.ids)).slice(0, task.proposer.most)
        } catch (error) {
          outbox.fail(error)
          return []
        }
      }),
    )
  }

  /** Tokens of each row in this step: one, or room for all guesses, unless a row is about to be full. */
  #tokens(block: readonly Occupied[], guesses: readonly (readonly number[])[]): number {
    if (guesses.every((guess) => guess.length === 0)) return 1
    const tokens = 1 + Math.max(...block.map(({ occupant }) => occupant.task.proposer?.most ?? 0))
    const { rows } = this.#seats
    return block.every(({ row }) => rows.length(row) + tokens <= rows.slots) ? tokens : 1
  }

  /** Writes on while the guesses were what the text goes on with. Returns how many tokens of the step are part of the text. */
  async #verify(
    running: Running,
    guess: readonly number[],
    logits: readonly Float32Array[],
    takeTurns: () => Promise<void>,
  ): Promise<number> {
    const { sequence } = running.task
    this.#counts.proposed += guess.length
    for (let i = 0; ; i++) {
      await takeTurns()
      this.#deliver(running, logits[i]!)
      if (i === guess.length || running.outbox.closed || sequence.ids.at(-1) !== guess[i]) return i + 1
      this.#counts.accepted++
    }
  }

  #deliver({ task, outbox }: Running, logits: Float32Array): void {
    if (outbox.closed) return
    try {
      outbox.push(task.next(logits))
      this.#counts.written++
    } catch (error) {
      outbox.fail(error)
    }
  }
}

/** Where a chunk ends that begins at `start`: at a multiple of `step`, unless that makes a run of a single token. */
export function chunkEnd(start: number, length: number, step: number): number {
  let end = Math.ceil((start + 2) / step) * step
  if (length - end === 1) end = length
  return Math.min(end, length)
}

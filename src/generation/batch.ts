/** Continuous batching: texts of any length share the model's steps; they join and leave between steps. */
import { failure, usageError } from '../base/errors.ts'
import { turns } from '../base/event-loop.ts'
import type { Decoder } from './decoder.ts'
import { Outbox } from './outbox.ts'
import { PromptReader } from './prompt-reader.ts'
import { Seats } from './seats.ts'
import type { Piece } from './sequence.ts'
import type { BatchOptions, BatchStatistics, Occupied, Running, Task } from './task.ts'
import { slide, slotsFor, windowStart } from './window.ts'

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
  readonly #reader: PromptReader
  #loop: Promise<void> | undefined
  #changed = false
  #wake: (() => void) | undefined
  readonly #counts = { steps: 0, written: 0, shared: 0, prefixHits: 0, proposed: 0, accepted: 0 }

  constructor(decoder: Decoder, options: BatchOptions) {
    this.#decoder = decoder
    this.#options = options
    this.#seats = new Seats(decoder, { ...options, share: options.prefixCache })
    this.#reader = new PromptReader(this.#seats, options.prefixCache, (running, logits) =>
      this.#deliver(running, logits),
    )
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
    const { signal, sequence, proposer } = task
    const outbox = new Outbox(() => this.#change(), signal)
    const abort = () => outbox.abort(signal?.reason)
    signal?.addEventListener('abort', abort)
    const leave = () => {
      signal?.removeEventListener('abort', abort)
      proposer?.dispose?.()
    }
    const prompt = sequence.ids.slice(windowStart(sequence.ids.length, context))
    this.#waiting.push({ task, outbox, prompt, leave })
    this.#change()
    this.#loop ??= this.#run()
    return outbox
  }

  statistics(): BatchStatistics {
    const [active, reading, waiting] = [this.#seats.active, this.#reader.count, this.#waiting.length]
    return {
      rows: this.#seats.count,
      bytes: this.#seats.bytes,
      active,
      reading,
      waiting,
      read: this.#reader.tokens,
      ...this.#counts,
    }
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
        const read = await this.#reader.read()
        const stepped = await this.#step(takeTurns)
        if (read || stepped || this.#changed) continue
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#wake = undefined
      }
    } catch (error) {
      this.#failAll(error)
      this.#drop()
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
    for (const { outbox, leave } of this.#waiting) if (outbox.closed) leave()
    this.#waiting = this.#waiting.filter(({ outbox }) => !outbox.closed)
    this.#reader.drop()
    for (const seat of this.#seats.occupied().reverse()) {
      if (!seat.occupant!.outbox.closed) continue
      seat.occupant!.leave()
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
      if (this.#reader.shouldWait(running)) continue
      if (!seats.makeRoom(this.#slotsOf(task), this.#waiting.length)) return
      this.#waiting.splice(this.#waiting.indexOf(running), 1)
      const seat = seats.take(running, task.watch ? [] : prompt, task.request) as Occupied
      const shared = seat.held.length
      this.#counts.shared += shared
      if (shared > 0) this.#counts.prefixHits++
      if (shared < prompt.length) this.#reader.add(seat)
      else {
        seats.activate(seat)
        this.#deliver(seat.occupant, seat.logits!.slice())
      }
    }
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

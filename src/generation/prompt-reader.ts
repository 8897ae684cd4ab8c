/** Prompts are read in chunks between the steps of the texts that are being written. */
import type { Seats } from './seats.ts'
import type { Occupied, Running } from './task.ts'

/** Prompts are read up to multiples of this many tokens, between steps of the others; nobody waits for the whole of a long one. */
const chunk = 256
/** The same where logits are wanted after each token. */
const watchedChunk = 64
/** A prompt waits for another one that is being read, if that is going to save it as many tokens. */
const worthWaiting = 32

/** The prompts that are being read, one after another, each in its row. */
export class PromptReader {
  readonly #seats: Seats<Running>
  /** Whether a prompt may use what another request reads. */
  readonly #share: boolean
  readonly #deliver: (running: Running, logits: Float32Array) => void
  #queue: Occupied[] = []
  /** Tokens read so far. */
  tokens = 0

  /** `deliver` is given the logits after a prompt, when its row takes part in steps. */
  constructor(seats: Seats<Running>, share: boolean, deliver: (running: Running, logits: Float32Array) => void) {
    this.#seats = seats
    this.#share = share
    this.#deliver = deliver
  }

  get count(): number {
    return this.#queue.length
  }

  add(seat: Occupied): void {
    this.#queue.push(seat)
  }

  /** Forgets the prompts of texts that are called off. */
  drop(): void {
    this.#queue = this.#queue.filter(({ occupant }) => !occupant.outbox.closed)
  }

  /** Whether a prompt does well to wait for another one that is being read and begins the same. */
  shouldWait({ task, prompt }: Running): boolean {
    if (task.watch) return false
    const others = this.#queue.filter(({ request }) => this.#share || request === task.request)
    const most = Math.max(0, ...others.map(({ occupant }) => this.#seats.shareable(prompt, occupant.prompt)))
    if (most === 0) return false
    const now = this.#seats.best(prompt, task.request).shared
    return most >= now + worthWaiting || (most === prompt.length && now < most)
  }

  /** Reads a part of the prompt whose turn it is, or some short prompts in one run. False if there is none. */
  async read(): Promise<boolean> {
    const [first] = this.#queue
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
    this.tokens += part.length
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
    for (const seat of this.#queue) {
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
    this.tokens += prompt.length - seat.held.length
    seat.held = prompt
    seat.logits = logits.slice()
    this.#queue.splice(this.#queue.indexOf(seat), 1)
    this.#seats.activate(seat)
    this.#deliver(seat.occupant, logits)
  }
}

/** Where a chunk ends that begins at `start`: at a multiple of `step`, unless that makes a run of a single token. */
export function chunkEnd(start: number, length: number, step: number): number {
  let end = Math.ceil((start + 2) / step) * step
  if (length - end === 1) end = length
  return Math.min(end, length)
}

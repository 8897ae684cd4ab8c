/** Who sits in which row of a batch, and what the rows hold that other texts may begin with. */
import type { Decoder } from './decoder.ts'
import type { Rows } from './rows.ts'

/** A row, whoever sits in it; it keeps its content when the rows are put in another order. */
export type Seat<T> = {
  row: number
  occupant: T | undefined
  /** Tokens in the row's first slots that were read several in a run, so that any other text may begin with the same numbers. */
  held: readonly number[]
  /** The logits after the last of them. */
  logits: Float32Array | undefined
  /** The request that these were read for. */
  request: unknown
  /** When it was last taken. */
  used: number
}

export type SeatOptions = {
  /** Rows, if their number is fixed; else as many as are needed. */
  readonly rows?: number | undefined
  /** Slots of each row, if fixed; else as many as are needed. */
  readonly slots?: number | undefined
  /** Most bytes of all rows together, as far as one row can be had at all. */
  readonly bytes: number
  /** Whether requests may use what others have read. */
  readonly share: boolean
}

/** The seats of a batch. Those whose text is being written are the first ones, because a step reads neighboring rows. */
export class Seats<T> {
  readonly #decoder: Decoder
  readonly #options: SeatOptions
  #rows: Rows | undefined
  #seats: Seat<T>[] = []
  #clock = 0
  /** How many of the first rows take part in steps. */
  active = 0

  constructor(decoder: Decoder, options: SeatOptions) {
    this.#decoder = decoder
    this.#options = options
  }

  get rows(): Rows {
    return this.#rows!
  }

  get count(): number {
    return this.#seats.length
  }

  get bytes(): number {
    return this.#rows ? this.#rows.count * this.#decoder.rowBytes(this.#rows.slots) : 0
  }

  /** Seats with somebody in them, by row. */
  occupied(): Seat<T>[] {
    return this.#seats.filter(({ occupant }) => occupant !== undefined)
  }

  at(row: number): Seat<T> {
    return this.#seats[row]!
  }

  /** Makes sure that there is a free seat of so many slots, if need be by more or longer rows, `wanted` at best. False if there is no room now. */
  makeRoom(slots: number, wanted: number): boolean {
    const { rows: fixedRows, slots: fixedSlots, bytes } = this.#options
    const busy = this.occupied().length
    const known = this.#rows
    if (known && known.slots >= slots && busy < known.count) return true
    const long = fixedSlots ?? (fixedRows === undefined ? Math.max(slots, known?.slots ?? 0) : this.#decoder.context)
    const most = fixedRows ?? Math.max(1, Math.floor(bytes / this.#decoder.rowBytes(long)))
    if (busy >= most || long < slots) return false
    const fixed = fixedRows ?? (fixedSlots === undefined ? undefined : most)
    this.#resize(fixed ?? Math.min(most, Math.max(known?.count ?? 0, busy + wanted)), long)
    return true
  }

  /** How many of a text's first tokens a row can give it: all if it ends where the row's do, else all but the two that must be read. */
  shareable(ids: readonly number[], held: readonly number[]): number {
    let common = 0
    while (common < ids.length && common < held.length && ids[common] === held[common]) common++
    return common === ids.length && common === held.length ? common : Math.max(0, Math.min(common, ids.length - 2))
  }

  /** The largest beginning of a text that some row holds. */
  best(ids: readonly number[], request: unknown): { readonly shared: number; readonly seat: Seat<T> | undefined } {
    let best: { shared: number; seat: Seat<T> | undefined } = { shared: 0, seat: undefined }
    for (const seat of this.#seats) {
      if (!this.#options.share && seat.request !== request) continue
      const whole = seat.held.length === ids.length && !seat.logits
      const shared = Math.min(this.shareable(ids, seat.held), whole ? Math.max(0, ids.length - 2) : ids.length)
      if (shared > best.shared) best = { shared, seat }
    }
    return best
  }

  /**
   * Seats somebody where what is held is least missed, with the beginning of the text that another row holds; after `makeRoom`. The row
   * then holds `seat.held`; where this is all, `seat.logits` are what follows.
   */
  take(occupant: T, ids: readonly number[], request: unknown): Seat<T> {
    const { shared, seat: source } = this.best(ids, request)
    const free = this.#seats.filter((seat) => seat.occupant === undefined)
    const seat = free.find(({ held }) => held.length === 0) ?? free.reduce((a, b) => (b.used < a.used ? b : a))
    if (source === undefined || source === seat) this.rows.shorten(seat.row, shared)
    else this.rows.copy(source.row, seat.row, 0, shared)
    if (source) source.used = this.#clock++
    seat.logits = shared === ids.length ? source?.logits : undefined
    seat.held = ids.slice(0, shared)
    seat.occupant = occupant
    seat.request = request
    seat.used = this.#clock++
    return seat
  }

  /** Moves a seat to those that take part in steps. */
  activate(seat: Seat<T>): void {
    this.#exchange(seat, this.#seats[this.active]!)
    this.active++
  }

  /** Frees a seat; what it holds of a prompt stays until somebody else needs the row. */
  release(seat: Seat<T>): void {
    seat.occupant = undefined
    this.rows.shorten(seat.row, seat.held.length)
    if (seat.row >= this.active) return
    this.active--
    this.#exchange(seat, this.#seats[this.active]!)
  }

  /** Gives the memory back. */
  clear(): void {
    this.#rows = undefined
    this.#seats = []
    this.active = 0
  }

  #exchange(a: Seat<T>, b: Seat<T>): void {
    if (a === b) return
    this.rows.swap(a.row, b.row)
    const row = a.row
    a.row = b.row
    b.row = row
    this.#seats[a.row] = a
    this.#seats[b.row] = b
  }

  /** More rows or longer ones, or fewer of them because they are longer: then occupied ones stay. */
  #resize(count: number, slots: number): void {
    const old = this.#rows
    this.#rows = this.#decoder.open(count, slots)
    for (const seat of this.#seats.slice(count)) {
      const free = this.#seats.slice(0, count).find(({ occupant }) => occupant === undefined)
      if (!seat.occupant || !free || !old) continue
      old.swap(seat.row, free.row)
      this.#seats[free.row] = seat
      seat.row = free.row
    }
    this.#seats.length = Math.min(this.#seats.length, count)
    if (old) this.#rows.adopt(old)
    for (let row = this.#seats.length; row < count; row++)
      this.#seats.push({ row, occupant: undefined, held: [], logits: undefined, request: undefined, used: -1 })
  }
}

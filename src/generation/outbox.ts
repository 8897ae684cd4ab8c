/** The pieces of one text on their way to whoever asked for it. */
import type { Piece } from './sequence.ts'

/** Pieces that are written ahead of a reader; then the text waits for it. */
const ahead = 16

type Reader = {
  readonly resolve: (result: IteratorResult<Piece, undefined>) => void
  readonly reject: (error: unknown) => void
}

export class Outbox implements AsyncIterableIterator<Piece, undefined, undefined> {
  readonly #pieces: Piece[] = []
  readonly #readers: Reader[] = []
  readonly #onChange: () => void
  readonly #signal: AbortSignal | undefined
  #closed = false
  #error: { readonly error: unknown } | undefined

  /** `onChange` is called when the reader makes room or leaves, and when the text is called off. */
  constructor(onChange: () => void, signal?: AbortSignal) {
    this.#onChange = onChange
    this.#signal = signal
    if (signal?.aborted) this.abort(signal.reason)
  }

  /** Whether nothing more can be added: the text is complete, has failed, or nobody wants it. */
  get closed(): boolean {
    return this.#closed
  }

  /** Whether the reader is so far behind that the text should wait. */
  get full(): boolean {
    return this.#pieces.length >= ahead
  }

  push(piece: Piece): void {
    const reader = this.#readers.shift()
    if (reader) reader.resolve({ value: piece, done: false })
    else this.#pieces.push(piece)
    if (piece.finish) this.#close()
  }

  /** Ends the text with an error, which is thrown once the pieces before it have been read. */
  fail(error: unknown): void {
    if (this.#closed) return
    this.#error = { error }
    this.#close()
  }

  /** Ends the text with an error at once. */
  abort(error: unknown): void {
    if (this.#closed && this.#pieces.length === 0) return
    this.#pieces.length = 0
    this.#error = { error }
    this.#close()
    this.#onChange()
  }

  next(): Promise<IteratorResult<Piece, undefined>> {
    // A text may be complete long before its reader is.
    if (this.#signal?.aborted) this.abort(this.#signal.reason)
    return new Promise((resolve, reject) => {
      const wasFull = this.full
      const piece = this.#pieces.shift()
      if (piece) resolve({ value: piece, done: false })
      else {
        this.#readers.push({ resolve, reject })
        if (this.#closed) this.#close()
      }
      if (wasFull) this.#onChange()
    })
  }

  async return(): Promise<IteratorResult<Piece, undefined>> {
    this.#pieces.length = 0
    this.#close()
    this.#onChange()
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Lets waiting readers go; the first is told of an error. */
  #close(): void {
    this.#closed = true
    for (const { resolve, reject } of this.#readers.splice(0)) {
      const failed = this.#error
      this.#error = undefined
      if (failed) reject(failed.error)
      else resolve({ value: undefined, done: true })
    }
  }
}

/** The characters of a piece as the first symbols of byte pair encoding, with what a tokenizer puts for those it does not know. */
import { characterLength, utf8Length } from '../text/unicode.ts'
import { byteTokens } from './byte-tokens.ts'
import type { Symbols } from './merging.ts'
import { unknownPiece } from './unknown-piece.ts'
import type { Vocabulary } from './vocabulary.ts'

export type SymbolOptions = {
  vocabulary: Vocabulary
  /** The token of characters outside the vocabulary; without it they are left out. */
  unknown?: string
  /** One unknown token for a run of unknown characters. */
  fuseUnknown?: boolean
  /** Characters outside the vocabulary are written in tokens for their bytes where there is one for each. */
  byteFallback?: boolean
  /** What all characters of a word but the first begin with in the vocabulary. */
  continuingPrefix?: string
  /** What the last character of a word ends in in the vocabulary. */
  endOfWordSuffix?: string
}

const absent = -1
/** More characters are looked up anew. */
const mostRemembered = 1 << 16

export class SymbolReader {
  readonly #options: SymbolOptions
  readonly #prefix: string
  readonly #suffix: string
  readonly unknownId: number | undefined
  readonly #bytesOf: (text: string) => number[] | undefined
  /** Ids by code point, one table for each of: as it is, with the prefix, with the suffix, with both. */
  readonly #known = [0, 1, 2, 3].map(() => new Map<number, number>())
  readonly symbols: Symbols = {
    ids: new Int32Array(64),
    starts: new Int32Array(64),
    ends: new Int32Array(64),
    count: 0,
  }
  /** How much of the piece the symbols so far stand for. */
  #at = 0
  /** How much an unknown token stands for that is not among the symbols yet. */
  #pending = 0

  constructor(options: SymbolOptions) {
    this.#options = options
    this.#prefix = options.continuingPrefix ?? ''
    this.#suffix = options.endOfWordSuffix ?? ''
    this.unknownId = options.unknown === undefined ? undefined : options.vocabulary.idOf(options.unknown)
    this.#bytesOf = options.byteFallback ? byteTokens(options.vocabulary) : () => undefined
  }

  /**
   * Leaves the symbols of a piece in `symbols`. Their bounds count UTF-16 units, or, where the result is true, UTF-8 bytes of the
   * text that the symbols before stand for: Hugging Face adds up lengths, so that bounds move where characters were left out
   * or symbols came in another order, and equal offsets need the same sums. `locate` makes units of them.
   */
  read(piece: string): boolean {
    const { symbols } = this
    const wanted = Math.max(64, piece.length)
    if (piece.length > symbols.ids.length || symbols.ids.length > Math.max(65536, 4 * wanted)) this.#resize(wanted)
    if (this.#readAs(piece, false)) return false
    this.#readAs(piece, true)
    return true
  }

  /** Returns false if lengths in units do not say where the symbols are. */
  #readAs(piece: string, inBytes: boolean): boolean {
    const { unknown, fuseUnknown } = this.#options
    this.symbols.count = this.#at = this.#pending = 0
    let plain = true
    for (let i = 0; i < piece.length; ) {
      const point = piece.codePointAt(i)!
      const end = i + (point > 0xffff ? 2 : 1)
      const kind = (this.#prefix !== '' && i > 0 ? 1 : 0) | (this.#suffix !== '' && end === piece.length ? 2 : 0)
      const size = inBytes ? utf8Length(point) : end - i
      i = end
      const id = this.#idOf(point, kind)
      if (id !== absent) {
        this.#flush()
        this.#add(id, size)
        continue
      }
      const bytes = this.#bytesOf(this.#spell(point, kind))
      if (bytes) {
        // An unknown token before these bytes still waits, so it comes after them.
        if (this.#pending > 0 || bytes.length !== utf8Length(point)) plain = false
        this.#addBytes(bytes, size, inBytes)
      } else if (unknown === undefined) {
        plain = false
      } else {
        if (!fuseUnknown) this.#flush()
        if (this.unknownId === undefined) throw unknownPiece(String.fromCodePoint(point), unknown)
        this.#pending += size
      }
    }
    this.#flush()
    return plain
  }

  /** The character with what it has in the vocabulary at its place in the word. */
  #spell(point: number, kind: number): string {
    return (kind & 1 ? this.#prefix : '') + String.fromCodePoint(point) + (kind & 2 ? this.#suffix : '')
  }

  #idOf(point: number, kind: number): number {
    const known = this.#known[kind]!
    let id = known.get(point)
    if (id === undefined) {
      id = this.#options.vocabulary.idOf(this.#spell(point, kind)) ?? absent
      if (known.size === mostRemembered) known.clear()
      known.set(point, id)
    }
    return id
  }

  #add(id: number, size: number): void {
    const { symbols } = this
    const i = symbols.count++
    if (i === symbols.ids.length) this.#resize(2 * i)
    symbols.ids[i] = id
    symbols.starts[i] = this.#at
    symbols.ends[i] = this.#at += size
  }

  /** Tokens of single bytes: in units each stands for the whole character. */
  #addBytes(bytes: readonly number[], size: number, inBytes: boolean): void {
    const start = this.#at
    for (const byte of bytes) {
      if (!inBytes) this.#at = start
      this.#add(byte, inBytes ? 1 : size)
    }
  }

  #flush(): void {
    if (this.#pending === 0) return
    this.#add(this.unknownId!, this.#pending)
    this.#pending = 0
  }

  #resize(capacity: number): void {
    const { symbols } = this
    const resized = (old: Int32Array) => {
      const column = new Int32Array(capacity)
      column.set(old.subarray(0, Math.min(symbols.count, capacity)))
      return column
    }
    symbols.ids = resized(symbols.ids)
    symbols.starts = resized(symbols.starts)
    symbols.ends = resized(symbols.ends)
  }
}

/** Bounds in UTF-8 bytes of a piece → in units, outward to whole characters. What lies beyond the end is at the end. */
export function locate({ starts, ends, count }: Symbols, piece: string): void {
  const characterStarts: number[] = []
  const characterEnds: number[] = []
  for (let i = 0; i < piece.length; ) {
    const end = i + characterLength(piece, i)
    for (let bytes = utf8Length(piece.codePointAt(i)!); bytes > 0; bytes--) {
      characterStarts.push(i)
      characterEnds.push(end)
    }
    i = end
  }
  const last = characterEnds.length - 1
  for (let i = 0; i < count; i++) {
    starts[i] = characterStarts[Math.min(starts[i]!, last)]!
    ends[i] = characterEnds[Math.min(ends[i]! - 1, last)]!
  }
}

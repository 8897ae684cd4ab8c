/** Text that remembers where it came from, so that whatever the stages do to it, offsets lead back to the original text. */
import { fileError } from '../../base/errors.ts'
import { enlarged } from './integer-list.ts'
import { textOfUnits } from './units.ts'

/**
 * A text and, for each of its UTF-16 code units, the range of the original text it stands for: unit i stands for
 * [starts[i], ends[i]). Without the two arrays the text is as long as a slice of the original that begins at `origin`, and
 * unit i stands for unit i of it.
 */
export type Aligned = {
  readonly text: string
  readonly origin: number
  readonly starts?: Int32Array
  readonly ends?: Int32Array
  /** Where the stretch of the original begins that the text was made from, if a stage has removed its beginning. */
  readonly outset?: number
}

/** Where the unit at `index` begins in the original text. */
export const originalStart = (aligned: Aligned, index: number): number =>
  aligned.starts ? aligned.starts[index]! : aligned.origin + index

/** Where a range that ends before the unit at `index` ends in the original text. */
export const originalEnd = (aligned: Aligned, index: number): number =>
  aligned.ends ? aligned.ends[index - 1]! : aligned.origin + index

/** The part of a text from unit `from` up to `to`, as a text of its own. */
export function sliceAligned(aligned: Aligned, from: number, to: number): Aligned {
  if (from === 0 && to === aligned.text.length) return aligned
  return {
    text: aligned.text.slice(from, to),
    origin: aligned.origin + from,
    starts: aligned.starts?.subarray(from, to),
    ends: aligned.ends?.subarray(from, to),
  }
}

/** Where the original of a text begins: what is inserted before everything stands for the empty range there. */
const outsetOf = (aligned: Aligned): number =>
  aligned.outset ?? (aligned.text === '' ? aligned.origin : originalStart(aligned, 0))

/** A text without its first `from` units and what follows `to`, still made from the same stretch of the original. */
export const trimAligned = (aligned: Aligned, from: number, to: number): Aligned =>
  from === 0 && to === aligned.text.length ? aligned : { ...sliceAligned(aligned, from, to), outset: outsetOf(aligned) }

/** The longest text V8 can hold. */
const mostUnits = 2 ** 29 - 24

/**
 * The most units that stages may make of so many: normalization makes 18 of one at most, spelling bytes three, so that only rules
 * which multiply a text exceed 64 times its length. Short texts may become 2²⁴ units whatever they are.
 */
export const unitsAllowed = (units: number): number => Math.min(mostUnits, Math.max(2 ** 24, 64 * units))

/** Tokenizers can ask for texts that no memory holds, say by twelve replacements of every character with ten. */
export const tooLarge = (units: number, most = unitsAllowed(units)) =>
  fileError(
    'TEXT_TOO_LARGE',
    `The tokenizer makes more than ${most} characters of a text of ${units}.\nIts rules multiply what they read: check "normalizer" and "pre_tokenizer" in tokenizer.json.`,
  )

/** How long the stretch of the original is that a text was made from. */
export const originalLength = (aligned: Aligned): number =>
  aligned.text === '' ? 0 : originalEnd(aligned, aligned.text.length) - outsetOf(aligned)

const isPair = (text: string, index: number) => (text.charCodeAt(index) & 0xfc00) === 0xd800

/**
 * Writes a new text from pieces of an aligned one and insertions, and keeps the alignment. As long as what is written takes the
 * place of the source unit for unit, no array is made. Throws TEXT_TOO_LARGE for more than `unitsAllowed` of the original's length.
 */
export class AlignedWriter {
  readonly #source: Aligned
  #units: Uint16Array
  #starts: Int32Array | undefined
  #ends: Int32Array | undefined
  /** Units written so far. */
  length = 0
  constructor(source: Aligned) {
    this.#source = source
    this.#units = new Uint16Array(source.text.length + 16)
  }

  /** Appends the source's units from `from` up to `to` unchanged. */
  copy(from: number, to: number): void {
    if (from >= to) return
    this.#prepare(from, to)
    const { text } = this.#source
    const units = this.#units
    let at = this.length
    for (let i = from; i < to; i++) units[at++] = text.charCodeAt(i)
    this.#follow(from, to)
  }

  /**
   * Appends the source's units from `from` on, each as the table has it, up to the first for which that is 0, or with `apart` up
   * to the one before that.
   * @returns the index of what has not been written, or the length of the source.
   */
  copyThrough(table: Uint16Array, from: number, apart = false): number {
    const { text } = this.#source
    const end = text.length
    this.#prepare(from, end)
    const units = this.#units
    let at = this.length
    let i = from
    for (; i < end; i++) {
      const unit = table[text.charCodeAt(i)]!
      if (unit === 0) break
      units[at++] = unit
    }
    if (apart && i < end && i > from) i--
    this.#follow(from, i)
    return i
  }

  /**
   * Appends `text`, each unit of which stands for the source's units from `from` up to `to`. With `from` = `to` = 0 it stands
   * for the empty range before everything.
   */
  write(text: string, from: number, to: number): void {
    const { length } = text
    if (length === 0) return
    if (!this.#starts) {
      const inPlace =
        from === this.length &&
        to - from === length &&
        (length === 1 || (length === 2 && isPair(text, 0) && isPair(this.#source.text, from)))
      if (!inPlace) this.#align()
    }
    this.#reserve(length)
    for (let i = 0; i < length; i++) this.#units[this.length + i] = text.charCodeAt(i)
    this.length += length
    if (this.#starts) this.realign(length, from, to)
  }

  /** Lets the last `count` units, which have taken no place unit for unit, stand for the source's units from `from` up to `to`. */
  realign(count: number, from: number, to: number): void {
    const starts = this.#starts!
    const ends = this.#ends!
    const start = to === 0 ? outsetOf(this.#source) : originalStart(this.#source, from)
    const end = to === 0 ? start : originalEnd(this.#source, to)
    for (let i = this.length - count; i < this.length; i++) {
      starts[i] = start
      ends[i] = end
    }
  }

  /** What has been written. */
  finish(): Aligned {
    const { length } = this
    const { origin, starts, ends, outset } = this.#source
    const text = textOfUnits(this.#units.subarray(0, length))
    if (!this.#starts)
      return { text, origin, outset, starts: starts?.subarray(0, length), ends: ends?.subarray(0, length) }
    return {
      text,
      origin,
      outset: outsetOf(this.#source),
      starts: this.#starts.subarray(0, length),
      ends: this.#ends!.subarray(0, length),
    }
  }

  /** From here on every unit has its own range. */
  #align(): void {
    const { starts, ends, origin } = this.#source
    this.#starts = new Int32Array(this.#units.length)
    this.#ends = new Int32Array(this.#units.length)
    if (starts) {
      this.#starts.set(starts.subarray(0, this.length))
      this.#ends.set(ends!.subarray(0, this.length))
    } else this.#count(0, this.length, origin)
  }

  /** Units from `from` up to `to` stand for the original's units from `first` on. */
  #count(from: number, to: number, first: number): void {
    const starts = this.#starts!
    const ends = this.#ends!
    let next = first
    for (let i = from; i < to; i++) {
      starts[i] = next++
      ends[i] = next
    }
  }

  /** Before the source's units from `from` up to `to` are written one for one. */
  #prepare(from: number, to: number): void {
    if (!this.#starts && from !== this.length) this.#align()
    this.#reserve(to - from)
  }

  /** After they have been. */
  #follow(from: number, to: number): void {
    const { starts, ends, origin } = this.#source
    const at = this.length
    this.length += to - from
    if (!this.#starts) return
    if (!starts) this.#count(at, this.length, origin + from)
    else if (to - from < 32) {
      // Most pieces are short, and a view of an array costs as much as a few dozen numbers.
      for (let i = 0; i < to - from; i++) {
        this.#starts[at + i] = starts[from + i]!
        this.#ends![at + i] = ends![from + i]!
      }
    } else {
      this.#starts.set(starts.subarray(from, to), at)
      this.#ends!.set(ends!.subarray(from, to), at)
    }
  }

  #reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.#units.length) return
    const source = originalLength(this.#source)
    const most = unitsAllowed(source)
    if (needed > most) throw tooLarge(source)
    const capacity = Math.max(needed, Math.min(most, 2 * this.#units.length))
    this.#units = enlarged(this.#units, capacity)
    if (!this.#starts) return
    this.#starts = enlarged(this.#starts, capacity)
    this.#ends = enlarged(this.#ends!, capacity)
  }
}

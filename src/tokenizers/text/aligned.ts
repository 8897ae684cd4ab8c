/** Text that remembers where it came from, so that whatever the stages do to it, offsets lead back to the original text. */
import { IntegerList } from './integer-list.ts'

/**
 * A text and, for each of its UTF-16 code units, the range of the original text it stands for: unit i stands for
 * [starts[i], ends[i]). Without the two arrays the text is a slice of the original that begins at `origin`.
 */
export type Aligned = {
  readonly text: string
  readonly origin: number
  readonly starts?: Int32Array
  readonly ends?: Int32Array
}

/** Where the unit at `index` begins in the original text. */
export const originalStart = (aligned: Aligned, index: number): number =>
  aligned.starts ? aligned.starts[index]! : aligned.origin + index

/** Where a range that ends before the unit at `index` ends in the original text. */
export const originalEnd = (aligned: Aligned, index: number): number =>
  aligned.ends ? aligned.ends[index - 1]! : aligned.origin + index

/** The part of a text from unit `from` up to `to`. */
export function sliceAligned(aligned: Aligned, from: number, to: number): Aligned {
  if (from === 0 && to === aligned.text.length) return aligned
  return {
    text: aligned.text.slice(from, to),
    origin: aligned.origin + from,
    starts: aligned.starts?.subarray(from, to),
    ends: aligned.ends?.subarray(from, to),
  }
}

/** Writes a new text from pieces of an aligned one and insertions, and keeps the alignment. */
export class AlignedWriter {
  #source: Aligned
  #text: string[] = []
  #starts = new IntegerList()
  #ends = new IntegerList()
  length = 0
  constructor(source: Aligned) {
    this.#source = source
  }

  /** Appends the source's units from `from` up to `to` unchanged. */
  copy(from: number, to: number): void {
    this.#text.push(this.#source.text.slice(from, to))
    for (let i = from; i < to; i++) {
      this.#starts.push(originalStart(this.#source, i))
      this.#ends.push(originalEnd(this.#source, i + 1))
    }
    this.length += to - from
  }

  /** Appends `text`, each unit of which stands for the source's units from `from` up to `to` (at least one). */
  write(text: string, from: number, to: number): void {
    this.#text.push(text)
    const start = originalStart(this.#source, from)
    const end = originalEnd(this.#source, to)
    for (let i = 0; i < text.length; i++) {
      this.#starts.push(start)
      this.#ends.push(end)
    }
    this.length += text.length
  }

  finish(): Aligned {
    return { text: this.#text.join(''), origin: 0, starts: this.#starts.view(), ends: this.#ends.view() }
  }
}

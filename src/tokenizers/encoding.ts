/** What encoding a text gives: ids and, for each token, everything a model or a person may ask about it. */

import type { Part, Run, TextRun } from './parts.ts'
import { trimOffsets } from './trim-offsets.ts'

/** The spelling of an id. */
export type TokenOf = (id: number) => string

/** The columns of an encoding. */
export type Columns = {
  ids: Int32Array
  starts: Int32Array
  ends: Int32Array
  typeIds: Int32Array
  attentionMask: Uint8Array
  specialTokensMask: Uint8Array
  /** −1 for what belongs to no text. */
  sequenceIds: Int8Array
  labels: Map<number, string>
}

/** A typed array as a list of numbers; `Array.from` takes the slow way of iterators. */
function toList(column: Int32Array | Uint8Array | Int8Array): number[] {
  const list = new Array<number>(column.length)
  for (let i = 0; i < list.length; i++) list[i] = column[i]!
  return list
}

/**
 * The encoding of a text or a pair. All lists have one entry per token. The lists are made when they are first asked for: long
 * texts often need the ids alone.
 */
export class Encoding {
  readonly columns: Columns
  readonly #tokenOf: TokenOf
  readonly #overflow: () => readonly Encoding[]
  #overflowing?: readonly Encoding[]
  #ids?: number[]
  #tokens?: string[]
  #offsets?: [number, number][]
  constructor(columns: Columns, tokenOf: TokenOf, overflow: () => readonly Encoding[]) {
    this.columns = columns
    this.#tokenOf = tokenOf
    this.#overflow = overflow
  }

  /**
   * What truncation cut off, as encodings of their own that may overlap by the stride. Of a pair: every combination of a part of
   * the first text with a part of the second, but for the one that is kept; those with one of the kept parts have the
   * combinations of the other in their own `overflowing`.
   */
  get overflowing(): readonly Encoding[] {
    return (this.#overflowing ??= this.#overflow())
  }

  get length(): number {
    return this.columns.ids.length
  }

  get ids(): number[] {
    return (this.#ids ??= toList(this.columns.ids))
  }

  get tokens(): string[] {
    const { labels } = this.columns
    return (this.#tokens ??= this.ids.map((id, i) => labels.get(i) ?? this.#tokenOf(id)))
  }

  /** [start, end) of each token in its text, in UTF-16 code units: `text.slice(start, end)`. Special tokens have [0, 0). */
  get offsets(): [number, number][] {
    const { starts, ends } = this.columns
    return (this.#offsets ??= toList(starts).map((start, i) => [start, ends[i]!]))
  }

  /** The segment of each token (`token_type_ids`). */
  get typeIds(): number[] {
    return toList(this.columns.typeIds)
  }

  /** 1 for tokens, 0 for padding. */
  get attentionMask(): number[] {
    return toList(this.columns.attentionMask)
  }

  /** 1 for special tokens that were put in and for padding, 0 for those of the text. */
  get specialTokensMask(): number[] {
    return toList(this.columns.specialTokensMask)
  }

  /** Which text each token belongs to: 0, or 1 for the second of a pair; null for special tokens that were put in and for padding. */
  get sequenceIds(): (number | null)[] {
    return toList(this.columns.sequenceIds).map((id) => (id < 0 ? null : id))
  }

  /** The same encoding with its columns changed, and those of what overflows. */
  map(change: (columns: Columns) => Columns): Encoding {
    return new Encoding(change(this.columns), this.#tokenOf, () => this.overflowing.map((part) => part.map(change)))
  }

  toJSON() {
    const { ids, tokens, offsets, typeIds, attentionMask, specialTokensMask } = this
    return { ids, tokens, offsets, typeIds, attentionMask, specialTokensMask }
  }
}

/** Columns of `length` tokens, to be filled. */
export const emptyColumns = (length: number): Columns => ({
  ids: new Int32Array(length),
  starts: new Int32Array(length),
  ends: new Int32Array(length),
  typeIds: new Int32Array(length),
  attentionMask: new Uint8Array(length).fill(1),
  specialTokensMask: new Uint8Array(length),
  sequenceIds: new Int8Array(length).fill(-1),
  labels: new Map(),
})

const lengthOf = (run: Run) => ('tokens' in run ? run.to - run.from : 1)

/** The labels of a run's tokens, at the places they get; looked for from the smaller side. */
function copyLabels({ tokens, from, to }: TextRun, labels: Map<number, string>, at: number): void {
  if (tokens.labels.size > to - from) {
    for (let i = from; i < to; i++) if (tokens.labels.has(i)) labels.set(i - from + at, tokens.labels.get(i)!)
  } else for (const [i, label] of tokens.labels) if (i >= from && i < to) labels.set(i - from + at, label)
}

/** Writes the columns of a part. */
export function encodingOf(part: Part, tokenOf: TokenOf): Encoding {
  const columns = emptyColumns(part.runs.reduce((sum, run) => sum + lengthOf(run), 0))
  let at = 0
  for (const run of part.runs) {
    const length = lengthOf(run)
    columns.typeIds.fill(run.typeId, at, at + length)
    if ('tokens' in run) {
      const { tokens, from, sequence, trims } = run
      columns.sequenceIds.fill(sequence, at, at + length)
      // Views and `set` cost more than this for the tokens of a line.
      for (let i = 0; i < length; i++) {
        columns.ids[at + i] = tokens.ids[from + i]!
        columns.starts[at + i] = tokens.starts[from + i]!
        columns.ends[at + i] = tokens.ends[from + i]!
      }
      copyLabels(run, columns.labels, at)
      if (trims.length > 0) trimOffsets(columns, at, at + length, tokens.text, trims, tokenOf)
    } else {
      columns.ids[at] = run.id
      columns.specialTokensMask[at] = run.special ? 1 : 0
      columns.labels.set(at, run.token)
    }
    at += length
  }
  return new Encoding(columns, tokenOf, () => part.overflowing().map((other) => encodingOf(other, tokenOf)))
}

/** What encoding a text gives: ids and, for each token, everything a model or a person may ask about it. */

import type { Layout, LayoutItem, PostProcessor } from './post-processors.ts'
import { characterLength, isLowSurrogate } from './text/unicode.ts'
import type { TokenList } from './token-list.ts'

/** The spelling of an id. */
export type TokenOf = (id: number) => string

/** A stretch of a text's tokens. */
export type Stretch = { tokens: TokenList; from: number; to: number }

/** The columns of an encoding. */
export type Columns = {
  ids: Int32Array
  starts: Int32Array
  ends: Int32Array
  typeIds: Int32Array
  attentionMask: Uint8Array
  specialTokensMask: Uint8Array
  labels: Map<number, string>
}

/** A typed array as a list of numbers; `Array.from` takes the slow way of iterators. */
function toList(column: Int32Array | Uint8Array): number[] {
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
  /** What truncation cut off, as encodings of their own that may overlap by the stride. */
  readonly overflowing: readonly Encoding[]
  readonly #tokenOf: TokenOf
  #ids?: number[]
  #tokens?: string[]
  #offsets?: [number, number][]
  constructor(columns: Columns, tokenOf: TokenOf, overflowing: readonly Encoding[] = []) {
    this.columns = columns
    this.#tokenOf = tokenOf
    this.overflowing = overflowing
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

  /** The same encoding with other columns. */
  with(columns: Columns, overflowing: readonly Encoding[]): Encoding {
    return new Encoding(columns, this.#tokenOf, overflowing)
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
  labels: new Map(),
})

/** How many special tokens a layout puts in. */
export const addedBy = (layout: Layout, pair: boolean): number =>
  layout[pair ? 'pair' : 'single'].filter((item) => 'id' in item).length

const spaceAtStart = /^[Ġ\p{White_Space}]+/u
const spaceAtEnd = /[Ġ\p{White_Space}]+$/u

/** The place `count` characters after `index`, or before it if `count` is negative. */
function move(text: string, index: number, count: number): number {
  for (; count > 0 && index < text.length; count--) index += characterLength(text, index)
  for (; count < 0 && index > 0; count++) index -= isLowSurrogate(text.charCodeAt(index - 1)) ? 2 : 1
  return index
}

/**
 * Takes white space out of the offsets of one stretch of tokens, character for character. A space that was put before a word
 * inside the text stands for the word's first character, so that is taken out too, as Hugging Face does.
 */
function trim(columns: Columns, from: number, to: number, text: string, addPrefixSpace: boolean, tokenOf: TokenOf) {
  for (let i = from; i < to; i++) {
    const token = columns.labels.get(i) ?? tokenOf(columns.ids[i]!)
    let leading = spaceAtStart.exec(token)?.[0].length ?? 0
    const trailing = leading === token.length ? leading : (spaceAtEnd.exec(token)?.[0].length ?? 0)
    const start = columns.starts[i]!
    const end = columns.ends[i]!
    // A single space at the beginning was put there, so the offsets do not hold it.
    if (leading === 1 && addPrefixSpace && (i === from || start === 0)) leading = 0
    const trimmed = Math.min(move(text, start, leading), end)
    columns.starts[i] = trimmed
    columns.ends[i] = Math.max(move(text, end, -trailing), trimmed)
  }
}

/** Puts the tokens of one text, or of two, in the places of a layout. */
export function arrange(
  stretches: readonly Stretch[],
  { layout, trimOffsets }: PostProcessor & { layout: Layout },
  addSpecialTokens: boolean,
  tokenOf: TokenOf,
): Encoding {
  const endsIn = (id: number, before: LayoutItem | undefined) => {
    if (!before || !('sequence' in before)) return false
    const { tokens, from, to } = stretches[before.sequence]!
    return to > from && tokens.ids[to - 1] === id
  }
  const items = layout[stretches.length === 2 ? 'pair' : 'single'].filter((item, i, all) =>
    'sequence' in item ? true : addSpecialTokens && !(item.unlessPresent && endsIn(item.id, all[i - 1])),
  )
  const lengthOf = (item: LayoutItem) => {
    if (!('sequence' in item)) return 1
    const { from, to } = stretches[item.sequence]!
    return to - from
  }
  const columns = emptyColumns(items.reduce((sum, item) => sum + lengthOf(item), 0))
  let at = 0
  for (const item of items) {
    const length = lengthOf(item)
    columns.typeIds.fill(item.typeId, at, at + length)
    if ('sequence' in item) {
      const { tokens, from, to } = stretches[item.sequence]!
      columns.ids.set(tokens.ids.subarray(from, to), at)
      columns.starts.set(tokens.starts.subarray(from, to), at)
      columns.ends.set(tokens.ends.subarray(from, to), at)
      for (const [i, label] of tokens.labels) if (i >= from && i < to) columns.labels.set(i - from + at, label)
      if (trimOffsets) trim(columns, at, at + length, tokens.text, trimOffsets.addPrefixSpace, tokenOf)
    } else {
      columns.ids[at] = item.id
      columns.specialTokensMask[at] = 1
      columns.labels.set(at, item.token)
    }
    at += length
  }
  return new Encoding(columns, tokenOf)
}

/** What a tokenizer makes of a text or a pair: ids, tokens, offsets and masks. */
import { lengthOf, lengthOfAll, noOverflow, type Part, type Run } from './parts.ts'
import { trimOffsets } from './trim-offsets.ts'

/** The spelling of an id. */
export type TokenOf = (id: number) => string

/** Tokens that bring an encoding to a length, before it or after it. */
export type Filling = {
  readonly length: number
  readonly before: boolean
  readonly id: number
  readonly token: string
  readonly typeId: number
}

/** An empty text is one too. */
const isText = (run: Run) => 'tokens' in run

/** Writes what a list has for the tokens of a run, from `at` on. */
type Write<T> = (run: Run, list: T[], at: number) => void

const writeIds: Write<number> = (run, list, at) => {
  if ('tokens' in run) for (let i = run.from; i < run.to; i++) list[at++] = run.tokens.id(i)
  else list[at] = run.id
}

/** The same for all tokens of a run. */
const writeEach =
  <T>(of: (run: Run) => T): Write<T> =>
  (run, list, at) => {
    list.fill(of(run), at, at + lengthOf(run))
  }

const writeTypeIds = writeEach((run) => run.typeId)
const writeAttention = writeEach<number>(() => 1)
const writeSpecial = writeEach<number>((run) => ('tokens' in run || !run.special ? 0 : 1))
const writeSequences = writeEach<number | null>((run) => ('tokens' in run ? run.sequence : null))

/**
 * The encoding of a text or a pair. All lists have one entry per token. The lists are made when they are first asked for: often
 * only the ids are.
 */
export class Encoding {
  readonly length: number
  readonly #part: Part
  readonly #tokenOf: TokenOf
  readonly #filling: Filling | undefined
  #overflowing: readonly Encoding[] | undefined
  #ids: number[] | undefined
  #tokens: string[] | undefined
  #offsets: [number, number][] | undefined
  constructor(part: Part, tokenOf: TokenOf, filling?: Filling) {
    this.#part = part
    this.#tokenOf = tokenOf
    this.#filling = filling
    this.length = Math.max(lengthOfAll(part.runs), filling?.length ?? 0)
  }

  /** The same, and what overflows, brought to a length; what is longer stays as it is. */
  filled(filling: Filling): Encoding {
    return new Encoding(this.#part, this.#tokenOf, filling)
  }

  /** Of a stretch of a text, without padding: with or without the special tokens that stand before it and behind it. */
  withEnds(before: boolean, behind: boolean): Encoding {
    const { runs } = this.#part
    const from = before ? 0 : runs.findIndex(isText)
    const to = behind ? runs.length : runs.findLastIndex(isText) + 1
    return new Encoding({ runs: runs.slice(from, to), overflowing: noOverflow }, this.#tokenOf)
  }

  /**
   * What truncation cut off, as encodings of their own that may overlap by the stride. Of a pair: every combination of a part of
   * the first text with a part of the second, but for the one that is kept; those with one of the kept parts have the
   * combinations of the other in their own `overflowing`.
   */
  get overflowing(): readonly Encoding[] {
    return (this.#overflowing ??= this.#part
      .overflowing()
      .map((part) => new Encoding(part, this.#tokenOf, this.#filling)))
  }

  get ids(): number[] {
    return (this.#ids ??= this.#list(writeIds, () => this.#filling!.id))
  }

  get tokens(): string[] {
    return (this.#tokens ??= this.#list(
      (run, list, at) => {
        if (!('tokens' in run)) list[at] = run.token
        else {
          const { tokens, from, to } = run
          for (let i = from; i < to; i++) list[at++] = tokens.labels.get(i) ?? this.#tokenOf(tokens.id(i))
        }
      },
      () => this.#filling!.token,
    ))
  }

  /** [start, end) of each token in its text, in UTF-16 code units: `text.slice(start, end)`. Special tokens have [0, 0). */
  get offsets(): [number, number][] {
    return (this.#offsets ??= this.#list(
      (run, list, at) => {
        if (!('tokens' in run)) list[at] = [0, 0]
        else {
          const { tokens, from, to, trims } = run
          for (let i = from; i < to; i++) list[at + i - from] = [tokens.start(i), tokens.end(i)]
          if (trims.length > 0) trimOffsets(run, list, at, this.#tokenOf)
        }
      },
      () => [0, 0],
    ))
  }

  /** The segment of each token (`token_type_ids`). */
  get typeIds(): number[] {
    return this.#list(writeTypeIds, () => this.#filling!.typeId)
  }

  /** 1 for tokens, 0 for padding. */
  get attentionMask(): number[] {
    return this.#list(writeAttention, () => 0)
  }

  /** 1 for special tokens that were put in and for padding, 0 for those of the text. */
  get specialTokensMask(): number[] {
    return this.#list(writeSpecial, () => 1)
  }

  /** Which text each token belongs to: 0, or 1 for the second of a pair; null for special tokens that were put in and for padding. */
  get sequenceIds(): (number | null)[] {
    return this.#list(writeSequences, () => null)
  }

  /** A list run by run. `padding` is asked for the entry of each token that fills it up. */
  #list<T>(write: Write<T>, padding: () => T): T[] {
    const { length } = this
    const list = new Array<T>(length)
    const missing = length - lengthOfAll(this.#part.runs)
    let at = 0
    if (this.#filling?.before) while (at < missing) list[at++] = padding()
    for (const run of this.#part.runs) {
      write(run, list, at)
      at += lengthOf(run)
    }
    while (at < length) list[at++] = padding()
    return list
  }

  toJSON() {
    const { ids, tokens, offsets, typeIds, attentionMask, specialTokensMask } = this
    return { ids, tokens, offsets, typeIds, attentionMask, specialTokensMask }
  }
}

/** A text as its model reads it, for what must see it as a whole: explanations, segmentations drawn at random, and the n best. */
import type { Segment } from './added-tokens.ts'
import type { Model } from './models/index.ts'
import { type PreTokenizer, piecesOf } from './pre-tokenizers/index.ts'
import { type Aligned, originalEnd, originalStart } from './text/aligned.ts'
import type { Spelled } from './text/bytes.ts'
import { type TokenList, TokenWriter } from './token-list.ts'

/** Takes a token: its id, the units [start, end) of the original it stands for, and what it is shown as if not as the token. */
type TakeToken = (id: number, start: number, end: number, label: string | undefined) => void

/** What the model reads at a time: a piece, or a part of one that it must not see as a whole. */
export class TextPiece {
  readonly #text: Aligned
  /** Where the unit is that `#places` count from. */
  readonly #origin: number
  readonly #places: Pick<Spelled, 'starts' | 'ends'>
  /** As the model reads it: in characters for bytes, for instance. */
  readonly spelled: string

  constructor(text: Aligned, origin: number, { text: spelled, ...places }: Spelled) {
    this.#text = text
    this.#origin = origin
    this.#places = places
    this.spelled = spelled
  }

  /** The same piece without its first `from` units and what follows the first `to`. */
  slice(from: number, to: number): TextPiece {
    const { starts, ends } = this.#places
    const text = this.spelled.slice(from, to)
    if (!starts || !ends) return new TextPiece(this.#text, this.#origin + from, { text })
    return new TextPiece(this.#text, this.#origin, {
      text,
      starts: starts.subarray(from, to),
      ends: ends.subarray(from, to),
    })
  }

  /** Where the unit `at` of `spelled` begins in the normalized text. */
  #from = (at: number) => this.#origin + (this.#places.starts?.[at] ?? at)
  /** Where it ends, if it is the last before `at`. */
  #to = (at: number) => this.#origin + (this.#places.ends?.[at - 1] ?? at)

  /** As it stands in the normalized text. */
  get text(): string {
    return this.#text.text.slice(this.#from(0), this.#to(this.spelled.length))
  }

  /** Where the units [from, to) of `spelled` begin and end in the original text. */
  place(from = 0, to = this.spelled.length): [start: number, end: number] {
    return [originalStart(this.#text, this.#from(from)), originalEnd(this.#text, this.#to(to))]
  }

  /** Hands on the tokens that `model` has found: three numbers each, as it gives them. */
  tokens(found: readonly number[], { labeledByText }: Model, take: TakeToken): void {
    for (let i = 0; i < found.length; i += 3) {
      const [id, from, to] = [found[i]!, found[i + 1]!, found[i + 2]!]
      take(id, ...this.place(from, to), id === labeledByText ? this.spelled.slice(from, to) : undefined)
    }
  }
}

/** A stretch of text between added tokens. */
export type PiecedText = { readonly text: Aligned; readonly pieces: readonly TextPiece[] }

export class TextPieces {
  readonly #text: string
  readonly model: Model
  /** The text from left to right: an added token, or pieces. */
  readonly stretches: readonly (Required<Segment> | PiecedText)[]

  /** `segments` are those of `text`; the pieces are those that `model` reads. */
  constructor(text: string, segments: Iterable<Segment>, preTokenizer: PreTokenizer | undefined, model: Model) {
    this.#text = text
    this.model = model
    this.stretches = Array.from(segments, ({ text, token }) =>
      token ? { text, token } : { text, pieces: read(text, preTokenizer, model) },
    )
  }

  /** The pieces as the model reads them. */
  get spelled(): string[] {
    return this.stretches.flatMap((each) => ('token' in each ? [] : each.pieces.map(({ spelled }) => spelled)))
  }

  /** The tokens of the text from those of each piece. */
  tokens(found: readonly (readonly number[])[]): TokenList {
    const out = new TokenWriter()
    let next = 0
    for (const stretch of this.stretches)
      if ('token' in stretch) pushFound(stretch, out)
      else
        for (const piece of stretch.pieces)
          piece.tokens(found[next++]!, this.model, (id, start, end, label) => {
            if (label !== undefined) out.label(label)
            out.push(id, start, end)
          })
    return out.finish(this.#text)
  }
}

/** What `model` reads of a text. */
function read(text: Aligned, preTokenizer: PreTokenizer | undefined, model: Model): TextPiece[] {
  const pieces = piecesOf(text, preTokenizer)
  const bounds = pieces.bounds.view()
  const found: TextPiece[] = []
  for (let i = 0; i < bounds.length; i += 2) {
    const start = bounds[i]!
    const piece = pieces.text.text.slice(start, bounds[i + 1])
    const whole = new TextPiece(pieces.text, start, preTokenizer?.spelling?.(piece) ?? { text: piece })
    const cuts = model.cuts?.(whole.spelled) ?? []
    let from = 0
    for (const to of [...cuts, whole.spelled.length]) {
      found.push(cuts.length > 0 ? whole.slice(from, to) : whole)
      from = to
    }
  }
  return found
}

/** Appends an added token as it was found. */
export function pushFound({ text, token }: Required<Segment>, out: TokenWriter): void {
  if (text.text !== token.content) out.label(text.text)
  out.push(token.id, originalStart(text, 0), originalEnd(text, text.text.length))
}

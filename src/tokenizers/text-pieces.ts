/** The pieces of a text together, for what a model must see as a whole: segmentations drawn at random, and the n best. */
import type { Segment } from './added-tokens.ts'
import { type Pieces, type PreTokenizer, piecesOf } from './pre-tokenizers/index.ts'
import { originalEnd, originalStart } from './text/aligned.ts'
import type { Spelled } from './text/bytes.ts'
import { TokenList } from './token-list.ts'

/** Appends an added token as it was found. */
export function pushFound({ text, token }: Required<Segment>, out: TokenList): void {
  if (text.text !== token.content) out.labels.set(out.length, text.text)
  out.push(token.id, originalStart(text, 0), originalEnd(text, text.text.length))
}

export class TextPieces {
  readonly #text: string
  /** The text from left to right: an added token, or pieces. */
  readonly #parts: (Required<Segment> | Pieces)[] = []
  readonly #spellings: Spelled[] = []

  /** `segments` are those of `text`. */
  constructor(text: string, segments: Iterable<Segment>, preTokenizer: PreTokenizer | undefined) {
    this.#text = text
    for (const { text, token } of segments) {
      if (token) {
        this.#parts.push({ text, token })
        continue
      }
      const pieces = piecesOf(text, preTokenizer)
      this.#parts.push(pieces)
      const bounds = pieces.bounds.view()
      for (let i = 0; i < bounds.length; i += 2) {
        const piece = pieces.text.text.slice(bounds[i], bounds[i + 1])
        this.#spellings.push(preTokenizer?.spelling?.(piece) ?? { text: piece })
      }
    }
  }

  /** As the model reads them. */
  get spelled(): string[] {
    return this.#spellings.map(({ text }) => text)
  }

  /** The tokens of the text from those of each piece. `labeledByText` is the model's. */
  tokens(found: readonly (readonly number[])[], labeledByText: number | undefined): TokenList {
    const out = new TokenList(this.#text)
    let next = 0
    for (const part of this.#parts) {
      if ('token' in part) {
        pushFound(part, out)
        continue
      }
      const bounds = part.bounds.view()
      for (let i = 0; i < bounds.length; i += 2, next++) {
        const { text, starts, ends } = this.#spellings[next]!
        const tokens = found[next]!
        for (let k = 0; k < tokens.length; k += 3) {
          const [id, from, to] = [tokens[k]!, tokens[k + 1]!, tokens[k + 2]!]
          if (id === labeledByText) out.labels.set(out.length, text.slice(from, to))
          out.push(
            id,
            originalStart(part.text, bounds[i]! + (starts?.[from] ?? from)),
            originalEnd(part.text, bounds[i]! + (ends?.[to - 1] ?? to)),
          )
        }
      }
    }
    return out
  }
}

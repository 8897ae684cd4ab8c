/** Remembers what pieces became: words repeat, and looking one up is far faster than merging it again. */
import type { Spelling } from './bytes.ts'
import type { Model } from './models.ts'

/** Longer pieces seldom come again and would fill the memory. */
const longestKept = 64
const mostKept = 1 << 16

/** Pieces → tokens as `Model.tokenize` gives them, but in units of the piece before it is spelled for the model. */
export class PieceCache {
  readonly #model: Model
  readonly #spelling: Spelling | undefined
  readonly #known = new Map<string, readonly number[]>()
  constructor(model: Model, spelling: Spelling | undefined) {
    this.#model = model
    this.#spelling = spelling
  }

  tokenize(piece: string): readonly number[] {
    const known = this.#known.get(piece)
    if (known) return known
    const tokens = this.#fresh(piece)
    if (piece.length <= longestKept) {
      // Starting over keeps what is in use now, at the price of looking it up once more.
      if (this.#known.size === mostKept) this.#known.clear()
      this.#known.set(piece, tokens)
    }
    return tokens
  }

  #fresh(piece: string): readonly number[] {
    if (!this.#spelling) return this.#model.tokenize(piece)
    const { text, starts, ends } = this.#spelling(piece)
    const tokens = this.#model.tokenize(text)
    for (let i = 0; i < tokens.length; i += 3) {
      tokens[i + 1] = starts[tokens[i + 1]!]!
      tokens[i + 2] = ends[tokens[i + 2]! - 1]!
    }
    return tokens
  }
}

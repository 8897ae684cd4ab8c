/**
 * Models for text that is to stay text. The special tokens of a model of words, of Unigram and others stand in its vocabulary like any
 * piece, so it finds them in text that only spells them; here it does not.
 */
import { characterLength } from '../text/unicode.ts'
import type { Model } from './index.ts'

/** A model that gives no token of `ids` for text that spells it; the same model where it has none. */
export function literalModel(model: Model, ids: Iterable<number>): Model {
  const spellings = new Map<number, string>()
  for (const id of ids) {
    const token = model.vocabulary.tokenOf(id)
    // A character has no other spelling than its token.
    if (token !== undefined && token.length > characterLength(token, 0)) spellings.set(id, token)
  }
  if (spellings.size === 0) return model
  return model.without?.(new Set(spellings.keys())) ?? cutting(model, spellings)
}

/** Where the characters of a text end, but for the last. */
function characterEnds(text: string): number[] {
  const ends: number[] = []
  for (let at = characterLength(text, 0); at < text.length; at += characterLength(text, at)) ends.push(at)
  return ends
}

/** Cuts what a model takes for such a token after its first character: in two parts it is no longer that token. */
function cutting(model: Model, spellings: ReadonlyMap<number, string>): Model {
  type Tokenize = (piece: string) => number[]

  /**
   * Where the tokens of a piece must be cut. The unknown token may stand for other text than its own. So may others where characters
   * without a token were left out, which joins what is around them: such a piece is cut into its characters.
   */
  function cutsOf(piece: string, tokens: readonly number[]): number[] {
    const cuts: number[] = []
    for (let i = 0; i < tokens.length; i += 3) {
      const id = tokens[i]!
      const spelling = spellings.get(id)
      if (spelling === undefined) continue
      const start = tokens[i + 1]!
      if (spelling.length === tokens[i + 2]! - start && piece.startsWith(spelling, start))
        cuts.push(start + characterLength(piece, start))
      else if (id !== model.unknownId) return characterEnds(piece)
    }
    return cuts
  }

  /** Calls `found` with the parts of a piece from left to right, and with their tokens. */
  function walk(piece: string, origin: number, tokenize: Tokenize, found: (origin: number, tokens: number[]) => void) {
    const tokens = tokenize(piece)
    const cuts = cutsOf(piece, tokens)
    if (cuts.length === 0) return found(origin, tokens)
    let from = 0
    for (const to of [...cuts, piece.length]) {
      walk(piece.slice(from, to), origin + from, tokenize, found)
      from = to
    }
  }

  function tokensOf(piece: string, tokenize: Tokenize): number[] {
    let all: number[] = []
    walk(piece, 0, tokenize, (origin, tokens) => {
      if (origin === 0) all = tokens
      else
        for (let i = 0; i < tokens.length; i += 3)
          all.push(tokens[i]!, origin + tokens[i + 1]!, origin + tokens[i + 2]!)
    })
    return all
  }

  const { sample } = model
  return {
    ...model,
    tokenize: (piece) => tokensOf(piece, model.tokenize),
    cuts(piece) {
      const cuts: number[] = []
      walk(piece, 0, model.tokenize, (origin) => origin > 0 && cuts.push(origin))
      return cuts
    },
    sample:
      sample &&
      ((pieces, sampling, uniform) =>
        pieces.map((piece) => tokensOf(piece, (part) => sample([part], sampling, uniform)[0]!))),
  }
}

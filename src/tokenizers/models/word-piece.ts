/** WordPiece (Schuster and Nakajima 2012; as BERT does it: Devlin et al. 2019): the longest token that fits, then the next. */
import type { Field } from '../field.ts'
import { characterCount } from '../text/unicode.ts'
import type { Model } from './index.ts'
import type { PlacedToken, WordPieceSteps } from './steps.ts'
import { NO_TOKEN, Trie } from './trie.ts'
import { unknownPiece } from './unknown-piece.ts'
import { readVocabulary, type Vocabulary } from './vocabulary.ts'

export type WordPieceOptions = {
  vocabulary: Vocabulary
  /** The token of a word that the vocabulary cannot spell. Default `[UNK]`. */
  unknown?: string
  /** How tokens begin that do not begin a word. Default `##`. */
  continuingPrefix?: string
  /** Words of more characters are unknown. Default 100. */
  mostCharacters?: number
}

/** Errors of `tokenize`: `UNKNOWN_PIECE` if a word is unknown and `unknown` is not in the vocabulary. */
export function wordPiece(options: WordPieceOptions): Model {
  const { vocabulary, unknown = '[UNK]', continuingPrefix = '##', mostCharacters = 100 } = options
  const trie = new Trie()
  for (const [token, id] of vocabulary.ids) if (token !== '') trie.add(token, id)
  /** Where a walk begins inside a word; −1 if no token does. */
  const continuing = trie.walk(continuingPrefix)
  const unknownId = vocabulary.idOf(unknown)

  const tooLong = (piece: string) => piece.length > mostCharacters && characterCount(piece) > mostCharacters

  /** The piece's tokens, as far as tokens fit; whether they fit to the end. */
  function match(piece: string, tokens: number[]): boolean {
    for (let start = 0; start < piece.length; start = trie.end) {
      const node = start === 0 ? 0 : continuing
      const id = node < 0 ? NO_TOKEN : trie.longest(piece, start, node)
      if (id === NO_TOKEN) return false
      tokens.push(id, start, trie.end)
    }
    return true
  }

  return {
    vocabulary,
    unknownId,
    tokenize(piece) {
      const tokens: number[] = []
      if (!tooLong(piece) && match(piece, tokens)) return tokens
      if (unknownId === undefined) throw unknownPiece(piece, unknown)
      return [unknownId, 0, piece.length]
    },
    explain(piece): WordPieceSteps {
      if (tooLong(piece))
        return { model: 'WordPiece', matches: [], unknown: { reason: 'too long', limit: mostCharacters } }
      const tokens: number[] = []
      const complete = match(piece, tokens)
      const matches: PlacedToken[] = []
      for (let i = 0; i < tokens.length; i += 3)
        matches.push({
          token: vocabulary.tokenOf(tokens[i]!)!,
          id: tokens[i]!,
          start: tokens[i + 1]!,
          end: tokens[i + 2]!,
        })
      if (complete) return { model: 'WordPiece', matches }
      return { model: 'WordPiece', matches, unknown: { reason: 'no match', at: matches.at(-1)?.end ?? 0 } }
    },
    json: () => ({
      type: 'WordPiece',
      unk_token: unknown,
      continuing_subword_prefix: continuingPrefix,
      max_input_chars_per_word: mostCharacters,
      vocab: vocabulary.json(),
    }),
  }
}

export const readWordPiece = (field: Field): Model =>
  wordPiece({
    vocabulary: readVocabulary(field.get('vocab')),
    unknown: field.get('unk_token').string(),
    continuingPrefix: field.get('continuing_subword_prefix').string(),
    mostCharacters: field.get('max_input_chars_per_word').integer(0, Number.MAX_SAFE_INTEGER),
  })

/** Unigram (Kudo 2018): of all ways to write a piece in tokens, the one whose tokens' probabilities have the largest product. */
import { fileError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'
import type { Field } from '../field.ts'
import { characterLength } from '../text/unicode.ts'
import { byteTokens } from './byte-tokens.ts'
import type { Model } from './index.ts'
import { NO_TOKEN, Trie } from './trie.ts'
import { scoreAsRead } from './unigram-score.ts'
import { unknownPiece } from './unknown.ts'
import { type Vocabulary, vocabularyOf } from './vocabulary.ts'

export type UnigramOptions = {
  /** Tokens and their logarithmic probabilities, by id. */
  pieces: readonly (readonly [token: string, score: number])[]
  /** The id of the token for what is unknown. */
  unknownId?: number
  /** Unknown text is written in tokens for bytes where there is one for each of its bytes. */
  byteFallback?: boolean
  /** Named in errors about the pieces. */
  file?: string
}

/** How much less than the least probable token an unknown character counts. */
const unknownPenalty = 10

/** Errors: `TOKENIZER_FIELD` if a piece is empty or there twice, or a score is not finite. */
function vocabularyOfPieces({ pieces, file = 'pieces' }: UnigramOptions): Vocabulary {
  const vocabulary = vocabularyOf(pieces.map(([token]) => token))
  pieces.forEach(([token, score], id) => {
    const problem =
      token === ''
        ? 'is empty'
        : vocabulary.idOf(token) !== id
          ? `is piece ${vocabulary.idOf(token)} too`
          : Number.isFinite(score)
            ? undefined
            : `has the score ${score}`
    if (problem)
      throw fileError(
        'TOKENIZER_FIELD',
        `${file}: piece ${id}, ${show(token)}, ${problem}.\nExpected pieces that differ, none empty, with finite scores.`,
      )
  })
  return vocabulary
}

/** The best path to each unit of a piece, in arrays that are used again for the next piece. */
class Paths {
  scores = new Float64Array(256)
  /** Where the last token of the path begins; −1 while no path is known. */
  starts = new Int32Array(256)
  ids = new Int32Array(256)

  /** Makes room for a piece of `length` units; no path but the empty one is known. */
  reset(length: number): void {
    const wanted = Math.max(256, length + 1)
    // What one long text needed is not kept for ever.
    if (wanted > this.starts.length || this.starts.length > Math.max(65536, 4 * wanted)) {
      this.scores = new Float64Array(wanted)
      this.starts = new Int32Array(wanted)
      this.ids = new Int32Array(wanted)
    }
    this.starts.fill(-1, 0, length + 1)
    this.scores[0] = 0
  }

  offer(start: number, end: number, id: number, score: number): void {
    if (this.starts[end]! >= 0 && score <= this.scores[end]!) return
    this.scores[end] = score
    this.starts[end] = start
    this.ids[end] = id
  }
}

/** Errors of `tokenize`: `UNKNOWN_PIECE` if a character is unknown and there is no unknown token. */
export function unigram(options: UnigramOptions): Model {
  const { pieces, unknownId, byteFallback = false } = options
  const vocabulary = vocabularyOfPieces(options)
  const trie = new Trie()
  const scores = Float64Array.from(pieces, ([, score]) => scoreAsRead(score))
  pieces.forEach(([token], id) => {
    trie.add(token, id)
  })
  const unknownScore =
    scores.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY) - unknownPenalty
  const bytesOf = byteFallback ? byteTokens(vocabulary) : () => undefined
  const paths = new Paths()

  /** The Viterbi algorithm, from left to right. Of paths that are equally good the one whose last token is longest stays. */
  function search(piece: string): void {
    const { length } = piece
    paths.reset(length)
    for (let start = 0; start < length; ) {
      const soFar = paths.scores[start]!
      const next = start + characterLength(piece, start)
      let spelled = false
      let node = 0
      for (let i = start; i < length; i++) {
        const cell = trie.child(node, piece.charCodeAt(i))
        if (cell < 0) break
        node = trie.node(cell)
        const id = trie.token(cell)
        if (id === NO_TOKEN) continue
        paths.offer(start, i + 1, id, scores[id]! + soFar)
        if (i + 1 === next) spelled = true
      }
      if (!spelled) {
        const better = paths.starts[next]! < 0 || unknownScore + soFar > paths.scores[next]!
        if (unknownId === undefined) {
          if (better) throw unknownPiece(piece.slice(start, next), undefined)
        } else paths.offer(start, next, unknownId, unknownScore + soFar)
      }
      start = next
    }
  }

  /** Appends the tokens of a run of unknown characters. */
  function writeUnknown(tokens: number[], piece: string, start: number, end: number): void {
    const text = piece.slice(start, end)
    const id = vocabulary.idOf(text)
    if (id !== undefined) tokens.push(id, start, end)
    else for (const known of bytesOf(text) ?? [unknownId!]) tokens.push(known, start, end)
  }

  return {
    vocabulary,
    labeledByText: unknownId,
    tokenize(piece) {
      search(piece)
      // The path is known from its end: the tokens' ends first, then the tokens in order.
      const ends: number[] = []
      for (let end = piece.length; end > 0; end = paths.starts[end]!) ends.push(end)
      const tokens: number[] = []
      let start = 0
      for (let i = ends.length - 1; i >= 0; i--) {
        const end = ends[i]!
        const id = paths.ids[end]!
        // Neighboring unknowns are one.
        if (id === unknownId && i > 0 && paths.ids[ends[i - 1]!] === unknownId) continue
        if (id === unknownId) writeUnknown(tokens, piece, start, end)
        else tokens.push(id, start, end)
        start = end
      }
      return tokens
    },
    json: () => ({ type: 'Unigram', unk_id: unknownId ?? null, vocab: pieces, byte_fallback: byteFallback }),
  }
}

/** A piece as `["token", score]`. There are many: a field is made only for one that is wrong. */
function readPiece(value: unknown, fieldOf: () => Field): [string, number] {
  const isPiece =
    Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'number'
  return isPiece ? (value as [string, number]) : fieldOf().fail('a token and its score, as ["a", -1.5]')
}

export function readUnigram(field: Field): Model {
  const list = field.get('vocab')
  const pieces = list.values().map((piece, i) => readPiece(piece, () => list.at(i)))
  const unknown = field.get('unk_id')
  if (
    !unknown.missing &&
    !(Number.isInteger(unknown.value) && (unknown.value as number) >= 0 && (unknown.value as number) < pieces.length)
  )
    unknown.fail(
      pieces.length === 0 ? 'null, as there are no pieces' : `null or the id of a piece, 0 to ${pieces.length - 1}`,
    )
  return unigram({
    pieces,
    unknownId: unknown.missing ? undefined : (unknown.value as number),
    byteFallback: field.get('byte_fallback').boolean(false),
    file: field.file,
  })
}

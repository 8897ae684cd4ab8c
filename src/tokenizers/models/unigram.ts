/** Unigram (Kudo 2018): of all ways to write a piece in tokens, the one whose tokens' probabilities have the largest product. */
import { fileError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'
import { byteTokens } from './byte-tokens.ts'
import type { Model } from './index.ts'
import type { Lattice, Path } from './lattice.ts'
import { checkSampling, type Segmentation } from './sampling.ts'
import type { UnigramSteps } from './steps.ts'
import { NO_TOKEN, Trie } from './trie.ts'
import { BestPaths, ScoredTokens } from './unigram-paths.ts'
import { scoreAsRead } from './unigram-score.ts'
import { unknownPiece } from './unknown-piece.ts'
import { type Vocabulary, vocabularyOf } from './vocabulary.ts'

export type UnigramOptions = {
  /** Tokens and their logarithmic probabilities, by id. */
  pieces: readonly (readonly [token: string, score: number])[]
  /** The id of the token for what is unknown. */
  unknownId?: number
  /** Unknown text is written in tokens for bytes where there is one for each of its bytes. */
  byteFallback?: boolean
  /**
   * Ids of tokens that no text spells, as SentencePiece has it for its control symbols and bytes. Hugging Face's readers pass over
   * the field, for them such tokens must be added tokens.
   */
  hidden?: readonly number[]
  /** Paths are compared in 32 bits, as SentencePiece does it. Hugging Face's readers pass over the field. */
  singlePrecision?: boolean
  /** Named in errors about the pieces. */
  file?: string
}

/** How much less than the least probable token an unknown character counts. */
const unknownPenalty = 10

/**
 * Of a piece that is there twice the last is what text becomes: Hugging Face's trainer writes a special token again that it found in
 * the text. Errors: `TOKENIZER_FIELD` if a piece is empty, or a score is not finite.
 */
function vocabularyOfPieces({ pieces, file = 'pieces' }: UnigramOptions): Vocabulary {
  pieces.forEach(([token, score], id) => {
    if (token === '' || !Number.isFinite(score))
      throw fileError(
        'TOKENIZER_FIELD',
        `${file}: piece ${id}, ${show(token)}, ${token === '' ? 'is empty' : `has the score ${score}`}.\nExpected pieces that are not empty, with finite scores.`,
      )
  })
  return vocabularyOf(pieces.map(([token]) => token))
}

/** One of several segmentations, with probability proportional to exp(alpha · score). The first is the best. */
function draw(segmentations: readonly Segmentation[], alpha: number, uniform: () => number): Segmentation {
  const best = segmentations[0]!
  const weights = segmentations.map(({ score }) => Math.exp(alpha * (score - best.score)))
  let left = uniform() * weights.reduce((sum, weight) => sum + weight, 0)
  return segmentations.find((_, i) => (left -= weights[i]!) < 0) ?? best
}

/** Errors of `tokenize`: `UNKNOWN_PIECE` if a character is unknown and there is no unknown token. */
export function unigram(options: UnigramOptions): Model {
  const { pieces, byteFallback = false, singlePrecision: single = false } = options
  const vocabulary = vocabularyOfPieces(options)
  const scores = Float64Array.from(pieces, ([, score]) => (single ? score : scoreAsRead(score)))
  const trie = new Trie()
  pieces.forEach(([token], id) => {
    trie.add(token, id)
  })
  const hidden = new Set(options.hidden)
  const least = scores.reduce((soFar, score, id) => (hidden.has(id) ? soFar : Math.min(soFar, score)), Infinity)
  const unknownScore = single ? Math.fround(least - unknownPenalty) : least - unknownPenalty
  const bytesOf = byteFallback ? byteTokens(vocabulary) : () => undefined
  return modelOf({ options, vocabulary, trie, scores, unknownScore, bytesOf }, hidden)
}

/** What models of the same pieces share, whatever of them is hidden. */
type Parts = {
  readonly options: UnigramOptions
  readonly vocabulary: Vocabulary
  readonly trie: Trie
  readonly scores: Float64Array
  readonly unknownScore: number
  readonly bytesOf: (text: string) => number[] | undefined
}

/** `hidden`: the tokens that no text spells. */
function modelOf(parts: Parts, hidden: ReadonlySet<number>): Model {
  const { options, vocabulary, trie, scores, unknownScore, bytesOf } = parts
  const { pieces, unknownId, byteFallback = false, singlePrecision: single = false } = options
  const bestPaths = new BestPaths({ single })
  const tokens = new ScoredTokens(trie, scores, hidden, unknownId ?? NO_TOKEN, unknownScore)

  /** The tokens of a path through a piece, whose token i is ids[i] and ends at ends[i]. Neighboring unknowns are one. */
  function write(piece: string, ids: readonly number[], ends: readonly number[]): number[] {
    const written: number[] = []
    let start = 0
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!
      const end = ends[i]!
      if (id !== unknownId) written.push(id, start, end)
      else if (ids[i + 1] === unknownId) continue
      else {
        const text = piece.slice(start, end)
        const known = vocabulary.idOf(text)
        for (const one of known === undefined || hidden.has(known) ? (bytesOf(text) ?? [id]) : [known])
          written.push(one, start, end)
      }
      start = end
    }
    return written
  }

  /** The tokens of each piece of a text, on a path through the lattice of them all. */
  function writePieces(parts: readonly string[], lattice: Lattice, edges: readonly number[]): number[][] {
    const { ids, ends } = lattice
    let origin = 0
    let from = 0
    return parts.map((piece) => {
      let to = from
      while (to < edges.length && ends.data[edges[to]!]! <= origin + piece.length) to++
      const own = edges.slice(from, to)
      const written = write(
        piece,
        own.map((edge) => ids.data[edge]!),
        own.map((edge) => ends.data[edge]! - origin),
      )
      origin += piece.length
      from = to
      return written
    })
  }

  function nBest(parts: readonly string[], n: number): Segmentation[] {
    const lattice = tokens.lattice(parts)
    const best = lattice.best(n)
    if (best.length === 0) throw unknownPiece(parts.join(''), undefined)
    return best.map(({ edges, score }) => ({ tokens: writePieces(parts, lattice, edges), score }))
  }

  function explain(piece: string): UnigramSteps {
    const lattice = tokens.lattice([piece])
    const [best] = lattice.best(1)
    if (!best) throw unknownPiece(piece, undefined)
    return stepsOf(lattice, best, (edge) => {
      const id = lattice.ids.data[edge]!
      const token = vocabulary.tokenOf(id)!
      return { id, token, unknown: id === unknownId && lattice.scores[edge] === unknownScore }
    })
  }

  return {
    vocabulary,
    unknownId,
    labeledByText: unknownId,
    tokenize(piece) {
      bestPaths.reset(piece.length)
      tokens.fit(piece, 0, bestPaths)
      if (bestPaths.lacking >= 0)
        throw unknownPiece(String.fromCodePoint(piece.codePointAt(bestPaths.lacking)!), undefined)
      const { ids, ends } = bestPaths.path()
      return write(piece, ids, ends)
    },
    sample(parts, sampling, uniform) {
      checkSampling(sampling, 'Unigram', ['alpha', 'nBest'])
      const { alpha = 1, nBest: n = -1 } = sampling
      if (n > 0) return draw(nBest(parts, n), alpha, uniform).tokens
      const lattice = tokens.lattice(parts)
      const edges = lattice.sample(alpha, uniform)
      if (!edges) throw unknownPiece(parts.join(''), undefined)
      return writePieces(parts, lattice, edges)
    },
    nBest,
    without: (ids) => modelOf(parts, new Set([...hidden, ...ids])),
    explain,
    json: () => ({
      type: 'Unigram',
      unk_id: unknownId ?? null,
      vocab: pieces,
      byte_fallback: byteFallback,
      ...(options.hidden?.length && { hidden_ids: options.hidden }),
      ...(single && { single_precision: true }),
    }),
  }
}

/** A lattice and the best path through it, for people. */
function stepsOf(
  lattice: Lattice,
  best: Path,
  describe: (edge: number) => { id: number; token: string; unknown: boolean },
): UnigramSteps {
  const chosen = new Set(best.edges)
  const totals = lattice.totals()
  const candidates = lattice.scores.map((score, edge) => ({
    ...describe(edge),
    start: lattice.starts.data[edge]!,
    end: lattice.ends.data[edge]!,
    score,
    total: totals.scores[lattice.starts.data[edge]!]! + score,
    best: totals.edges[lattice.ends.data[edge]!] === edge,
    chosen: chosen.has(edge),
  }))
  return { model: 'Unigram', candidates, score: best.score }
}

/** All ways to write a text in scored tokens, as a graph: a token leads from where it begins to where it ends. */
import { usageError } from '../../base/errors.ts'
import { IntegerList } from '../text/integer-list.ts'

/** A way through a lattice: its edges in order, and the sum of their scores. */
export type Path = { edges: number[]; score: number }

/** More partial paths would take more memory than they are worth. */
const mostPartialPaths = 1 << 22

/** Edges are added by where they begin, from left to right. Places count units of the text. */
export class Lattice {
  /** The end of the text: where paths lead. */
  length = 0
  readonly ids = new IntegerList()
  readonly starts = new IntegerList()
  readonly ends = new IntegerList()
  readonly scores: number[] = []

  /** An id below 0 is of no token: there is no edge. */
  add(id: number, start: number, end: number, score: number): void {
    if (id < 0) return
    this.ids.push(id)
    this.starts.push(start)
    this.ends.push(end)
    this.scores.push(score)
  }

  /** The edges by where they end: those that end at p are edges[first[p] … first[p + 1] − 1], by where they begin. */
  #incoming(): { edges: Int32Array; first: Int32Array } {
    const ends = this.ends.view()
    const first = new Int32Array(this.length + 2)
    for (const end of ends) first[end + 1]!++
    for (let p = 0; p <= this.length; p++) first[p + 1]! += first[p]!
    const edges = new Int32Array(ends.length)
    const next = first.slice()
    ends.forEach((end, edge) => {
      edges[next[end]!++] = edge
    })
    return { edges, first }
  }

  /** The score of the best path to each place, and its last edge: −1 where no path leads. */
  totals(): { scores: Float64Array; edges: Int32Array } {
    const scores = new Float64Array(this.length + 1).fill(Number.NEGATIVE_INFINITY)
    const edges = new Int32Array(this.length + 1).fill(-1)
    scores[0] = 0
    this.scores.forEach((score, edge) => {
      const end = this.ends.data[edge]!
      const total = score + scores[this.starts.data[edge]!]!
      if (total <= scores[end]!) return
      scores[end] = total
      edges[end] = edge
    })
    return { scores, edges }
  }

  /**
   * The n best paths, best first; fewer if there are fewer, none if the end cannot be reached. Each place keeps its n best
   * partial paths, merged from those of the places before, so the result is exact. Of equal scores the path comes first whose
   * last token is longest. Errors: `TOO_MANY_PATHS`.
   */
  best(n: number): Path[] {
    const { edges, first } = this.#incoming()
    const starts = this.starts.data
    // Partial path k of place p is entry firstEntry[p] + k: its score, its last edge, and the entry it goes on from.
    const firstEntry = new Int32Array(this.length + 2)
    const scores = [0]
    const lastEdges = new IntegerList()
    const origins = new IntegerList()
    lastEdges.push(-1)
    origins.push(-1)
    firstEntry[1] = 1
    /** How many partial paths of its beginning each edge has gone on from. */
    const used = new Int32Array(this.scores.length)
    for (let p = 1; p <= this.length; p++) {
      for (let kept = 0; kept < n; kept++) {
        let best = -1
        let bestScore = 0
        for (let i = first[p]!; i < first[p + 1]!; i++) {
          const edge = edges[i]!
          const entry = firstEntry[starts[edge]!]! + used[edge]!
          if (entry >= firstEntry[starts[edge]! + 1]!) continue
          const score = this.scores[edge]! + scores[entry]!
          if (best >= 0 && score <= bestScore) continue
          best = edge
          bestScore = score
        }
        if (best < 0) break
        origins.push(firstEntry[starts[best]!]! + used[best]!++)
        lastEdges.push(best)
        scores.push(bestScore)
      }
      if (scores.length > mostPartialPaths)
        throw usageError(
          'TOO_MANY_PATHS',
          `The ${n} best ways to write a text of ${this.length} units are too many to keep in mind.\nTake fewer, or a shorter text.`,
        )
      firstEntry[p + 1] = scores.length
    }
    const paths: Path[] = []
    for (let entry = firstEntry[this.length]!; entry < firstEntry[this.length + 1]!; entry++) {
      const path: number[] = []
      for (let at = entry; lastEdges.data[at]! >= 0; at = origins.data[at]!) path.push(lastEdges.data[at]!)
      paths.push({ edges: path.reverse(), score: scores[entry]! })
    }
    return paths
  }

  /**
   * A path at random, with probability proportional to exp(alpha · score): forward filtering, backward sampling
   * (Kudo 2018, §3.3). Undefined if the end cannot be reached. `uniform` draws from [0, 1).
   */
  sample(alpha: number, uniform: () => number): number[] | undefined {
    const { edges, first } = this.#incoming()
    const starts = this.starts.data
    /** The logarithm of the sum of exp(alpha · score) over all paths to a place. */
    const sums = new Float64Array(this.length + 1).fill(Number.NEGATIVE_INFINITY)
    sums[0] = 0
    const through = (i: number) => sums[starts[edges[i]!]!]! + alpha * this.scores[edges[i]!]!
    for (let p = 1; p <= this.length; p++) {
      let most = Number.NEGATIVE_INFINITY
      for (let i = first[p]!; i < first[p + 1]!; i++) most = Math.max(most, through(i))
      if (most === Number.NEGATIVE_INFINITY) continue
      let sum = 0
      for (let i = first[p]!; i < first[p + 1]!; i++) sum += Math.exp(through(i) - most)
      sums[p] = most + Math.log(sum)
    }
    if (sums[this.length] === Number.NEGATIVE_INFINITY) return undefined
    const path: number[] = []
    for (let p = this.length; p > 0; ) {
      let left = uniform()
      let chosen = -1
      // Rounding may leave a little at the end: the last edge that can be taken is.
      for (let i = first[p]!; left >= 0 && i < first[p + 1]!; i++) {
        const share = Math.exp(through(i) - sums[p]!)
        if (share === 0) continue
        chosen = edges[i]!
        left -= share
      }
      path.push(chosen)
      p = starts[chosen]!
    }
    return path.reverse()
  }
}

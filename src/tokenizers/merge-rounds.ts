/** The merges of byte pair encoding in one piece, those of equal rank together, as in the lines of a worked example. */
import type { BpeSteps } from './models/steps.ts'

export type MergeRound = {
  rank: number
  pair: readonly [string, string]
  /** What the pair became. */
  token: string
  /** How many pairs were merged. */
  count: number
  /** The symbols of the piece after it, and which of them are new. */
  symbols: readonly string[]
  merged: readonly number[]
}

/** A merge that makes another of equal rank possible comes in the same round, as it does in the model. */
export function mergeRounds({ symbols, merges }: BpeSteps): MergeRound[] {
  const now = new Map(symbols.map(({ token }, i) => [i, token]))
  const rounds: MergeRound[] = []
  for (let i = 0; i < merges.length; ) {
    const { rank, pair, token } = merges[i]!
    const places = new Set<number>()
    for (; i < merges.length && merges[i]!.rank === rank; i++) {
      const { left, right } = merges[i]!
      now.set(left, token)
      now.delete(right)
      places.delete(right)
      places.add(left)
    }
    const merged = [...now.keys()].flatMap((index, place) => (places.has(index) ? [place] : []))
    rounds.push({ rank, pair, token, count: merged.length, symbols: [...now.values()], merged })
  }
  return rounds
}

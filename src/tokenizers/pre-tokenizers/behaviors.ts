/** Cutting at matches: what becomes of the matches and of the text between them. */
import type { Scanner } from '../patterns/scanners.ts'
import { IntegerList } from '../text/integer-list.ts'

export const behaviors = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const
export type Behavior = (typeof behaviors)[number]

/** Whether a stretch, a match or not, goes on with the one before it. */
const joins: Record<Behavior, (match: boolean, before: boolean) => boolean> = {
  Removed: () => false,
  Isolated: () => false,
  MergedWithPrevious: (match, before) => match && !before,
  MergedWithNext: (match, before) => before && !match,
  Contiguous: (match, before) => match === before,
}

/** Every stretch between matches is a piece, and every match if they are kept: the common cases, without a question per stretch. */
function apart(find: Scanner, keepsMatches: boolean): Scanner {
  const matches = new IntegerList()
  return (text, from, to, out) => {
    matches.length = 0
    find(text, from, to, matches)
    let done = from
    for (let i = 0; i < matches.length; i += 2) {
      const start = matches.data[i]!
      const end = matches.data[i + 1]!
      if (start > done) out.pushPair(done, start)
      if (keepsMatches && end > start) out.pushPair(start, end)
      done = end
    }
    if (to > done) out.pushPair(done, to)
  }
}

/**
 * A scanner of matches → a scanner of pieces. With `invert`, matches count as what lies between and the other way round. Empty
 * matches separate what stands on both sides.
 */
export function splitWith(find: Scanner, behavior: Behavior, invert = false): Scanner {
  const keepsMatches = behavior !== 'Removed'
  if (behavior === 'Isolated' || (behavior === 'Removed' && !invert)) return apart(find, keepsMatches)
  const join = joins[behavior]
  const matches = new IntegerList()
  // The piece that the stretches so far make up, and whether the last of them was a match.
  let pieceStart = 0
  let pieceEnd = 0
  let before = false
  let begun = false
  const add = (start: number, end: number, match: boolean, out: IntegerList) => {
    if (begun && join(match, before)) pieceEnd = end
    else {
      if (pieceEnd > pieceStart) out.pushPair(pieceStart, pieceEnd)
      pieceStart = start
      pieceEnd = match && !keepsMatches ? start : end
    }
    before = match
    begun = true
  }
  return (text, from, to, out) => {
    matches.length = 0
    find(text, from, to, matches)
    pieceStart = pieceEnd = from
    begun = false
    let done = from
    for (let i = 0; i < matches.length; i += 2) {
      const start = matches.data[i]!
      const end = matches.data[i + 1]!
      if (start > done) add(done, start, invert, out)
      // An empty match where the last one ended is none to Oniguruma.
      if (end > start || start > done || i === 0) add(start, end, !invert, out)
      done = end
    }
    if (to > done) add(done, to, invert, out)
    if (pieceEnd > pieceStart) out.pushPair(pieceStart, pieceEnd)
  }
}

/**
 * The merging of byte pair encoding (Sennrich et al. 2016, algorithm 1, applied): of all neighbors that merge, the pair of the
 * lowest rank first, leftmost among equals, until none is left.
 */
import { MergeQueue } from './merge-queue.ts'
import type { MergeTable } from './merge-table.ts'

/** Symbols of a piece: symbol i has id ids[i] and covers the units [starts[i], ends[i]). Merging changes the arrays. */
export type Symbols = { ids: Int32Array; starts: Int32Array; ends: Int32Array; count: number }

const none = 0x7fffffff

/** Up to this many symbols, looking through all pairs for the best each time is faster than keeping a heap. */
const shortLimit = 40
const shortRanks = new Int32Array(shortLimit)

/** The rank of the pair of neighbors that begins at `i`. */
function rankAt(ids: Int32Array, i: number, table: MergeTable): number {
  const handle = table.find(ids[i]!, ids[i + 1]!)
  return handle < 0 ? none : table.rank(handle)
}

/** For pieces of a word's length: quadratic, without any allocation. */
function mergeShort(symbols: Symbols, table: MergeTable): void {
  const { ids, starts, ends } = symbols
  let { count } = symbols
  for (let i = 0; i + 1 < count; i++) shortRanks[i] = rankAt(ids, i, table)
  while (count > 1) {
    let best = 0
    for (let i = 1; i + 1 < count; i++) if (shortRanks[i]! < shortRanks[best]!) best = i
    if (shortRanks[best] === none) break
    ids[best] = table.merged(table.find(ids[best]!, ids[best + 1]!))
    ends[best] = ends[best + 1]!
    count--
    for (let i = best + 1; i < count; i++) {
      ids[i] = ids[i + 1]!
      starts[i] = starts[i + 1]!
      ends[i] = ends[i + 1]!
      shortRanks[i] = shortRanks[i + 1]!
    }
    if (best + 1 < count) shortRanks[best] = rankAt(ids, best, table)
    if (best > 0) shortRanks[best - 1] = rankAt(ids, best - 1, table)
  }
  symbols.count = count
}

/** What is done about the merges of one piece: told of each, or asked whether to leave one out this time. */
export type MergeHooks = {
  /** Called for each merge: its rank, which of the first symbols the left and the right one began as, and the merged id. */
  merged?: (rank: number, left: number, right: number, id: number) => void
  /** Whether to pass over a merge that would be next, until another was done. */
  dropped?: () => boolean
}

/** For pieces of any length: a linked list of symbols and a queue of merges by rank and place. */
function mergeLong(symbols: Symbols, table: MergeTable, { merged, dropped }: MergeHooks = {}): void {
  const { ids, starts, ends, count } = symbols
  const next = new Int32Array(count)
  const previous = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    next[i] = i + 1
    previous[i] = i - 1
  }
  const queue = new MergeQueue(count, table.ranks)
  const offer = (left: number) => {
    const right = next[left]!
    const handle = right < count ? table.find(ids[left]!, ids[right]!) : -1
    if (handle >= 0) queue.push(table.rank(handle), left)
  }
  for (let i = 0; i + 1 < count; i++) offer(i)
  const passedOver: number[] = []
  while (queue.take()) {
    const { rank, place: left } = queue
    const right = next[left]!
    // What was offered may be gone or changed since.
    const handle = ids[left]! >= 0 && right < count ? table.find(ids[left]!, ids[right]!) : -1
    if (handle < 0 || table.rank(handle) !== rank) continue
    if (dropped?.()) {
      passedOver.push(rank, left)
      continue
    }
    for (let i = 0; i < passedOver.length; i += 2) queue.push(passedOver[i]!, passedOver[i + 1]!)
    passedOver.length = 0
    merged?.(rank, left, right, table.merged(handle))
    ids[left] = table.merged(handle)
    ends[left] = ends[right]!
    ids[right] = -1
    next[left] = next[right]!
    if (next[left]! < count) previous[next[left]!] = left
    if (previous[left]! >= 0) offer(previous[left]!)
    offer(left)
  }
  let kept = 0
  for (let i = 0; i < count; i = next[i]!) {
    ids[kept] = ids[i]!
    starts[kept] = starts[i]!
    ends[kept++] = ends[i]!
  }
  symbols.count = kept
}

/** Merges the symbols of one piece in place. */
export const mergeSymbols = (symbols: Symbols, table: MergeTable, hooks?: MergeHooks): void =>
  symbols.count <= shortLimit && !hooks ? mergeShort(symbols, table) : mergeLong(symbols, table, hooks)

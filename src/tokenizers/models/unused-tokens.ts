/** Byte pair encoding with tokens that may not be written: they take part in merging and come apart again at the end. */
import type { MergeTable } from './merge-table.ts'
import { type MergeHooks, mergeSymbols, type Symbols } from './merging.ts'

/** Tokens that no text is written in, and what stands for one that was not merged from others. */
export type Unused = {
  readonly ids: ReadonlySet<number>
  readonly unknown: number | undefined
  readonly bytesOf: (id: number) => readonly number[] | undefined
}

/** The merges of a piece as trees: node i < `leaves` is symbol i, later ones are merges of the two nodes below. */
class MergeTree {
  readonly leaves: number
  readonly ids: number[]
  /** The node that begins at each symbol. */
  readonly #nodes: Int32Array
  readonly #widths: number[]
  readonly #below: number[] = []
  constructor(ids: readonly number[]) {
    this.leaves = ids.length
    this.ids = [...ids]
    this.#widths = ids.map(() => 1)
    this.#nodes = Int32Array.from(ids, (_, i) => i)
  }

  join(left: number, right: number, id: number): void {
    const nodes = [this.#nodes[left]!, this.#nodes[right]!] as const
    this.#below.push(...nodes)
    this.#widths.push(this.#widths[nodes[0]]! + this.#widths[nodes[1]]!)
    this.#nodes[left] = this.ids.push(id) - 1
  }

  /** The nodes from left to right that are kept, those of other ids taken apart; with the symbols [from, to) that each covers. */
  *kept(isKept: (id: number) => boolean): Generator<[node: number, from: number, to: number]> {
    for (let from = 0; from < this.leaves; ) {
      const todo = [this.#nodes[from]!]
      while (todo.length > 0) {
        const node = todo.pop()!
        if (node >= this.leaves && !isKept(this.ids[node]!)) {
          const at = 2 * (node - this.leaves)
          todo.push(this.#below[at + 1]!, this.#below[at]!)
          continue
        }
        const to = from + this.#widths[node]!
        yield [node, from, to]
        from = to
      }
    }
  }
}

/** Merges the symbols of one piece in place; unused ones become what they were merged from, or are unknown. */
export function mergeApart(
  symbols: Symbols,
  table: MergeTable,
  { ids: unused, unknown, bytesOf }: Unused,
  { merged, dropped }: MergeHooks = {},
): void {
  const { count } = symbols
  const starts = symbols.starts.slice(0, count)
  const ends = symbols.ends.slice(0, count)
  const tree = new MergeTree([...symbols.ids.subarray(0, count)])
  mergeSymbols(symbols, table, {
    ...(dropped && { dropped }),
    merged(rank, left, right, id) {
      tree.join(left, right, id)
      merged?.(rank, left, right, id)
    },
  })
  const columns: Record<'ids' | 'starts' | 'ends', number[]> = { ids: [], starts: [], ends: [] }
  for (const [node, from, to] of tree.kept((id) => !unused.has(id))) {
    const id = tree.ids[node]!
    const written = unused.has(id) ? (bytesOf(id) ?? [unknown ?? id]) : [id]
    if (written[0] === unknown && columns.ids.at(-1) === unknown) {
      columns.ends[columns.ends.length - 1] = ends[to - 1]!
      continue
    }
    for (const one of written) {
      columns.ids.push(one)
      columns.starts.push(starts[from]!)
      columns.ends.push(ends[to - 1]!)
    }
  }
  symbols.count = columns.ids.length
  for (const name of ['ids', 'starts', 'ends'] as const) {
    if (symbols.count > symbols[name].length) symbols[name] = new Int32Array(symbols.count)
    symbols[name].set(columns[name])
  }
}

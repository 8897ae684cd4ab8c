/** What a text may be: expressions over characters, and rules that name them, so that they can hold themselves. */
import type { CodePoints } from './code-points.ts'

/** A state of a machine that reads bytes, at most one way for each. */
export type MachineState = { accepting: boolean; edges: Edge[] }
/** Bytes from `low` to `high` lead to `to`. The edges of a state do not overlap and are sorted. */
export type Edge = { readonly low: number; readonly high: number; readonly to: MachineState }

/** A set of texts. All texts are UTF-8, whatever reads them byte by byte. */
export type Expression =
  /** One character of a set. */
  | { readonly kind: 'set'; readonly points: CodePoints }
  /** What a machine accepts. */
  | { readonly kind: 'machine'; readonly start: MachineState }
  | { readonly kind: 'sequence'; readonly items: readonly Expression[] }
  | { readonly kind: 'choice'; readonly items: readonly Expression[] }
  /** From `min` to `max` of an expression one after another; `max` may be infinite. */
  | { readonly kind: 'repeat'; readonly item: Expression; readonly min: number; readonly max: number }
  /** The rule of a name. */
  | { readonly kind: 'rule'; readonly name: string }

/** Rules by name, and the one that a whole text is. */
export type Grammar = { readonly root: string; readonly rules: ReadonlyMap<string, Expression> }

/** No text at all. */
export const never: Expression = { kind: 'choice', items: [] }
/** The text of no characters. */
export const empty: Expression = { kind: 'sequence', items: [] }

export const set = (points: CodePoints): Expression => (points.length ? { kind: 'set', points } : never)
export const rule = (name: string): Expression => ({ kind: 'rule', name })

export const sequence = (...items: readonly Expression[]): Expression =>
  items.includes(never) ? never : items.length === 1 ? items[0]! : { kind: 'sequence', items }

export const choice = (...items: readonly Expression[]): Expression => {
  const possible = items.filter((item) => item !== never)
  return possible.length === 0 ? never : possible.length === 1 ? possible[0]! : { kind: 'choice', items: possible }
}

export const repeat = (item: Expression, min: number, max = Number.POSITIVE_INFINITY): Expression => {
  if (min > max) return never
  if (max === 0) return empty
  if (item === never) return min === 0 ? empty : never
  if (item.kind === 'repeat' && item.min === 0) {
    // Of (x?){m,n} and (x*){m,n} nothing need be counted but x.
    if (item.max === 1) return repeat(item.item, 0, max)
    if (item.max === Number.POSITIVE_INFINITY) return item
  }
  return min === 1 && max === 1 ? item : { kind: 'repeat', item, min, max }
}

export const optional = (item: Expression): Expression => repeat(item, 0, 1)

/** One of some texts, as a tree of their bytes: however many there are, a byte leads one way. */
export function literals(texts: readonly string[]): Expression {
  if (texts.length === 0) return never
  const root = { accepting: false, next: new Map<number, Branch>() }
  for (const text of texts) {
    let branch: Branch = root
    for (const byte of new TextEncoder().encode(text)) {
      let next = branch.next.get(byte)
      if (!next) branch.next.set(byte, (next = { accepting: false, next: new Map() }))
      branch = next
    }
    branch.accepting = true
  }
  return { kind: 'machine', start: branchState(root) }
}
type Branch = { accepting: boolean; readonly next: Map<number, Branch> }

/** Not recursive: a text may be long. */
function branchState(root: Branch): MachineState {
  const start: MachineState = { accepting: root.accepting, edges: [] }
  const pending: [Branch, MachineState][] = [[root, start]]
  for (let item = pending.pop(); item; item = pending.pop()) {
    const [branch, state] = item
    for (const [byte, next] of [...branch.next].sort(([a], [b]) => a - b)) {
      const to: MachineState = { accepting: next.accepting, edges: [] }
      state.edges.push({ low: byte, high: byte, to })
      pending.push([next, to])
    }
  }
  return start
}

export const literal = (text: string): Expression => (text === '' ? empty : literals([text]))

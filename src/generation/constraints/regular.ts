/** Sets of texts without recursion, combined: what several expressions have in common, less what others hold. */
import { usageError } from '../../base/errors.ts'
import { type Expression, type MachineState, never } from './grammar.ts'
import { Matcher, type State } from './matcher.ts'

/** Most states of a combination. */
const mostStates = 60_000

const matcherOf = (expression: Expression) => new Matcher({ root: 'text', rules: new Map([['text', expression]]) })

/** Whether a text is one of an expression without rules. */
export const matches = (expression: Expression, text: string): boolean => matcherOf(expression).matches(text)

/**
 * The texts that are in all of `within` and in none of `without`, which must not name rules: the product of their machines, read in step
 * (Rabin and Scott 1959). Errors: CONSTRAINT_TOO_LARGE and those of `Matcher`.
 */
export function combine(within: readonly Expression[], without: readonly Expression[] = []): Expression {
  const matchers = [...within, ...without].map(matcherOf)
  type Place = readonly (State | null)[]
  const ids = new Map<State, number>()
  const idOf = (state: State | null): number => {
    if (state === null) return -1
    let id = ids.get(state)
    if (id === undefined) ids.set(state, (id = ids.size))
    return id
  }
  const known = new Map<string, MachineState>()
  const pending: [Place, MachineState][] = []
  /** The states that lead to a state. */
  const sources = new Map<MachineState, MachineState[]>()
  const stateOf = (place: Place): MachineState | undefined => {
    if (place.slice(0, within.length).includes(null)) return undefined
    const key = place.map(idOf).join()
    let state = known.get(key)
    if (state) return state
    if (known.size >= mostStates)
      throw usageError(
        'CONSTRAINT_TOO_LARGE',
        `The constraint is too large: patterns and lengths together have more than ${mostStates} states. Make it simpler.`,
      )
    const accepting = place.every((item, i) => (item?.accepting ?? false) === i < within.length)
    state = { accepting, edges: [] }
    known.set(key, state)
    pending.push([place, state])
    return state
  }
  const start = stateOf(matchers.map((matcher) => matcher.start()))
  if (!start) return never
  for (let item = pending.pop(); item; item = pending.pop()) {
    const [place, state] = item
    const next: (State | null)[] = place.map(() => null)
    let open: { low: number; high: number; to: MachineState } | undefined
    for (let byte = 0; byte < 256; byte++) {
      let same = byte > 0
      for (let i = 0; i < next.length; i++) {
        const inner = place[i]!
        const after = inner && matchers[i]!.advance(inner, byte)
        if (after !== next[i]) same = false
        next[i] = after
      }
      if (same) {
        if (open) open.high = byte
        continue
      }
      const to = stateOf([...next])
      open = to && { low: byte, high: byte, to }
      if (!open) continue
      state.edges.push(open)
      if (!sources.has(open.to)) sources.set(open.to, [])
      sources.get(open.to)!.push(state)
    }
  }
  return trimmed(start, [...known.values()], sources)
}

/** Takes away the states from which no text is finished. */
function trimmed(
  start: MachineState,
  states: readonly MachineState[],
  sources: ReadonlyMap<MachineState, readonly MachineState[]>,
): Expression {
  const alive = new Set(states.filter(({ accepting }) => accepting))
  for (const state of alive) for (const source of sources.get(state) ?? []) alive.add(source)
  if (!alive.has(start)) return never
  for (const state of alive) state.edges = state.edges.filter(({ to }) => alive.has(to))
  return { kind: 'machine', start }
}

/**
 * Follows a text through a grammar byte by byte. What may come next is a set of stacks of nodes, top first; sets that were met before
 * are one state, so that a grammar turns, while it is used, into a table of states by bytes.
 */
import { usageError } from '../../base/errors.ts'
import { compile, type MachineNode, type Node, Nodes } from './compile.ts'
import type { Grammar } from './grammar.ts'

/** What is still to come, top first. Equal stacks are one object. */
type Stack = {
  readonly id: number
  readonly node: Node | undefined
  readonly rest: Stack | undefined
  /** The stacks on top of this one, by node. */
  readonly above: Map<Node, Stack>
}
/** A stack that waits for a byte. */
type Head = Stack & { readonly node: MachineNode }

/** Where a text stands. Equal states of one matcher are one object (until its table is cleared). */
export type State = {
  /** Whether the text may end here. */
  readonly accepting: boolean
  readonly heads: readonly Head[]
  /** By byte: the state after it, null where it cannot come, undefined where that is not known yet. */
  readonly next: (State | null | undefined)[]
}

/** Whether a text cannot go on from here. */
export const isComplete = (state: State): boolean => state.heads.length === 0

/** Most ways in which a text may be understood at once. */
const mostStacks = 20_000
/** States held at once; more are forgotten together and found again as they are needed. */
const mostStates = 10_000

export class Matcher {
  readonly #nodes = new Nodes()
  readonly #root: Node | undefined
  #bottom: Stack
  #nextId = 0
  #states = new Map<string, State>()

  /** Errors: those of `compile`. */
  constructor(grammar: Grammar) {
    this.#root = compile(grammar, this.#nodes)
    this.#bottom = this.#stack(undefined, undefined)
  }

  /** Whether no text fits. */
  get empty(): boolean {
    return this.#root === undefined
  }

  /** The state before the first byte; null if no text fits. */
  start(): State | null {
    return this.#root ? this.#state([this.#push(this.#root, this.#bottom)]) : null
  }

  /** The state after one more byte; null if it cannot come. Errors: AMBIGUOUS_GRAMMAR. */
  advance(state: State, byte: number): State | null {
    const known = state.next[byte]
    return known === undefined ? this.#find(state, byte) : known
  }

  /** The state after some bytes. */
  advanceAll(state: State | null, bytes: Uint8Array): State | null {
    for (const byte of bytes) {
      if (state === null) return null
      state = this.advance(state, byte)
    }
    return state
  }

  /** Whether a text is one of the grammar's. */
  matches(text: string): boolean {
    return this.advanceAll(this.start(), new TextEncoder().encode(text))?.accepting ?? false
  }

  #stack(node: Node | undefined, rest: Stack | undefined): Stack {
    return { id: this.#nextId++, node, rest, above: new Map() }
  }

  #push(node: Node, rest: Stack): Stack {
    if (node === this.#nodes.empty) return rest
    let stack = rest.above.get(node)
    if (!stack) rest.above.set(node, (stack = this.#stack(node, rest)))
    return stack
  }

  /** Finds the transition by a byte, and by all bytes around it that do the same. */
  #find(state: State, byte: number): State | null {
    let low = 0
    let high = 255
    const after: Stack[] = []
    for (const { node, rest } of state.heads) {
      for (const edge of node.edges) {
        if (edge.high < byte) {
          low = Math.max(low, edge.high + 1)
          continue
        }
        if (edge.low > byte) high = Math.min(high, edge.low - 1)
        else {
          low = Math.max(low, edge.low)
          high = Math.min(high, edge.high)
          after.push(edge.to.edges.length === 0 ? rest! : this.#push(edge.to, rest!))
        }
        break
      }
    }
    const next = after.length ? this.#state(after) : null
    for (let i = low; i <= high; i++) state.next[i] = next
    return next
  }

  /** Follows stacks to those that wait for a byte. */
  #state(stacks: readonly Stack[]): State {
    const seen = new Set<Stack>(stacks)
    const heads: Head[] = []
    let accepting = false
    const visit = (stack: Stack) => seen.add(stack)
    // A set goes on to what is added to it meanwhile.
    for (const stack of seen) {
      const { node, rest } = stack
      if (node === undefined) {
        accepting = true
        continue
      }
      if (seen.size > mostStacks) throw tooAmbiguous()
      switch (node.kind) {
        case 'machine':
          if (node.edges.length) heads.push(stack as Head)
          if (node.accepting) visit(rest!)
          break
        case 'pair':
          visit(this.#push(node.first, this.#push(node.second, rest!)))
          break
        case 'choice':
          for (const item of node.items) visit(this.#push(item, rest!))
          break
        case 'repeat':
          if (node.min === 0) visit(rest!)
          visit(this.#push(node.item, this.#push(this.#nodes.less(node), rest!)))
          break
        case 'rule':
          visit(this.#push(node.body, rest!))
          break
      }
    }
    heads.sort((a, b) => a.id - b.id)
    const key = `${accepting} ${heads.map(({ id }) => id)}`
    let state = this.#states.get(key)
    if (!state) {
      if (this.#states.size >= mostStates) this.#forget()
      this.#states.set(key, (state = { accepting, heads, next: new Array(256).fill(undefined) }))
    }
    return state
  }

  /** States that are still in use go on as they are; ids are never used again. */
  #forget(): void {
    this.#states = new Map()
    this.#bottom = this.#stack(undefined, undefined)
  }
}

const tooAmbiguous = () =>
  usageError(
    'AMBIGUOUS_GRAMMAR',
    `The constraint can be understood in more than ${mostStacks} ways at one place.\nMake it less ambiguous: fewer nested repetitions, fewer alternatives that begin alike.`,
  )

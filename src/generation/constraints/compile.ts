/** A grammar made ready for matching: equal parts are one node, what no text can finish is gone, left recursion is refused. */
import { usageError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'
import { type CodePoints, utf8Machine } from './code-points.ts'
import type { Edge, Expression, Grammar, MachineState } from './grammar.ts'

/** What is still to come, in the terms of the matcher. */
export type Node =
  | { readonly id: number; readonly kind: 'machine'; accepting: boolean; edges: readonly NodeEdge[] }
  | { readonly id: number; readonly kind: 'pair'; readonly first: Node; readonly second: Node }
  | { readonly id: number; readonly kind: 'choice'; readonly items: readonly Node[] }
  | RepeatNode
  | { readonly id: number; readonly kind: 'rule'; body: Node }
export type MachineNode = Extract<Node, { kind: 'machine' }>
export type NodeEdge = { readonly low: number; readonly high: number; readonly to: MachineNode }
/** `less` is the repetition after one more item. */
export type RepeatNode = {
  readonly id: number
  readonly kind: 'repeat'
  readonly item: Node
  readonly min: number
  readonly max: number
  less: Node | undefined
}

/** More than any grammar that is written by hand, few enough to be made ready in a moment. */
const mostNodes = 1_000_000

/** Nodes of one grammar; equal ones are made once. */
export class Nodes {
  readonly #known = new Map<string, Node>()
  readonly #states = new Map<MachineState, MachineNode>()
  readonly #sets = new Map<string, MachineState>()
  #next = 0
  readonly empty: Node = { id: this.#id(), kind: 'machine', accepting: true, edges: [] }

  #id(): number {
    if (this.#next >= mostNodes)
      throw usageError(
        'CONSTRAINT_TOO_LARGE',
        `The grammar is too large: it has more than ${mostNodes} parts. Make it simpler.`,
      )
    return this.#next++
  }

  #once(key: string, make: (id: number) => Node): Node {
    let node = this.#known.get(key)
    if (!node) this.#known.set(key, (node = make(this.#id())))
    return node
  }

  set(points: CodePoints): Node {
    const key = points.join(';')
    let state = this.#sets.get(key)
    if (!state) this.#sets.set(key, (state = utf8Machine(points)))
    return this.machine(state)
  }

  machine(start: MachineState): MachineNode {
    const pending: MachineState[] = []
    const nodeOf = (state: MachineState): MachineNode => {
      let node = this.#states.get(state)
      if (!node) {
        node = { id: this.#id(), kind: 'machine', accepting: state.accepting, edges: [] }
        this.#states.set(state, node)
        pending.push(state)
      }
      return node
    }
    const node = nodeOf(start)
    for (let state = pending.pop(); state; state = pending.pop())
      nodeOf(state).edges = state.edges.map(({ low, high, to }: Edge) => ({ low, high, to: nodeOf(to) }))
    return node
  }

  pair(first: Node, second: Node): Node {
    if (second === this.empty) return first
    if (first === this.empty) return second
    return this.#once(`pair ${first.id} ${second.id}`, (id) => ({ id, kind: 'pair', first, second }))
  }

  choice(items: readonly Node[]): Node {
    const different = [...new Set(items)]
    if (different.length === 1) return different[0]!
    return this.#once(`choice ${different.map(({ id }) => id)}`, (id) => ({ id, kind: 'choice', items: different }))
  }

  repeat(item: Node, min: number, max: number): Node {
    if (max === 0) return this.empty
    if (min === 1 && max === 1) return item
    const key = `repeat ${item.id} ${min} ${max}`
    return this.#once(key, (id) => ({ id, kind: 'repeat', item, min, max, less: undefined }))
  }

  /** A repetition after one more item. */
  less(node: RepeatNode): Node {
    node.less ??= this.repeat(node.item, Math.max(0, node.min - 1), node.max - 1)
    return node.less
  }

  rule(): Node & { body: Node } {
    return { id: this.#id(), kind: 'rule', body: this.empty }
  }
}

/** Rules for which `holds` follows from the rules for which it is known to hold already, until nothing is added. */
function closure(
  rules: Grammar['rules'],
  holds: (expression: Expression, known: ReadonlySet<string>) => boolean,
): ReadonlySet<string> {
  const known = new Set<string>()
  const entries = [...rules].reverse()
  for (let before = -1; before < known.size; ) {
    before = known.size
    for (const [name, expression] of entries) if (!known.has(name) && holds(expression, known)) known.add(name)
  }
  return known
}

type Leaf = Extract<Expression, { kind: 'set' | 'machine' }>

/** Whether what holds for leaves and for the `known` rules follows for an expression: through all of a sequence, through one of a choice. */
function follows(expression: Expression, known: ReadonlySet<string>, ofLeaf: (leaf: Leaf) => boolean): boolean {
  const inner = (item: Expression) => follows(item, known, ofLeaf)
  switch (expression.kind) {
    case 'set':
    case 'machine':
      return ofLeaf(expression)
    case 'sequence':
      return expression.items.every(inner)
    case 'choice':
      return expression.items.some(inner)
    case 'repeat':
      return expression.min === 0 || inner(expression.item)
    case 'rule':
      return known.has(expression.name)
  }
}

/** Whether some text can be finished. */
const productive = (expression: Expression, known: ReadonlySet<string>): boolean =>
  follows(expression, known, (leaf) =>
    leaf.kind === 'set' ? leaf.points.length > 0 : leaf.start.accepting || leaf.start.edges.length > 0,
  )

/** Whether the empty text is among the texts; `known` are the rules for which it is. */
export const nullable = (expression: Expression, known: ReadonlySet<string> = new Set()): boolean =>
  follows(expression, known, (leaf) => leaf.kind === 'machine' && leaf.start.accepting)

/** The rules that an expression may begin with. */
function* beginnings(expression: Expression, empty: ReadonlySet<string>): Generator<string> {
  switch (expression.kind) {
    case 'sequence':
      for (const item of expression.items) {
        yield* beginnings(item, empty)
        if (!nullable(item, empty)) return
      }
      return
    case 'choice':
      for (const item of expression.items) yield* beginnings(item, empty)
      return
    case 'repeat':
      yield* beginnings(expression.item, empty)
      return
    case 'rule':
      yield expression.name
  }
}

/** Throws LEFT_RECURSION where a rule can begin with itself: reading it would never get to a character. */
function refuseLeftRecursion(rules: Grammar['rules'], empty: ReadonlySet<string>): void {
  const done = new Set<string>()
  for (const start of rules.keys()) {
    const path: { name: string; rest: Iterator<string> }[] = []
    const enter = (name: string) => path.push({ name, rest: beginnings(rules.get(name)!, empty) })
    if (!done.has(start)) enter(start)
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const { value: name, done: over } = top.rest.next()
      if (over) {
        done.add(top.name)
        path.pop()
        continue
      }
      const at = path.findIndex((item) => item.name === name)
      if (at >= 0) {
        const names = [...path.slice(at).map((item) => item.name), name]
        throw usageError(
          'LEFT_RECURSION',
          `The grammar's rule ${name} begins with itself (${names.slice(0, 12).join(' → ')}).\nLet it end with itself, or repeat with *: ${name} ::= first next*.`,
        )
      }
      if (!done.has(name)) enter(name)
    }
  }
}

/** The rules of which some text can be finished. */
export const productiveRules = (rules: Grammar['rules']): ReadonlySet<string> => closure(rules, productive)

/** How deep expressions may nest, so that hostile ones cannot exhaust the stack. */
const mostDepth = 500

/**
 * The node of a grammar's root, or undefined if no text fits. Every way on from it can be finished. Errors: LEFT_RECURSION,
 * UNKNOWN_RULE, CONSTRAINT_TOO_LARGE.
 */
export function compile({ root, rules }: Grammar, nodes: Nodes): Node | undefined {
  refuseUnknown(rules)
  const possible = productiveRules(rules)
  if (!possible.has(root)) return undefined
  const empty = closure(rules, nullable)
  refuseLeftRecursion(rules, empty)
  const places = new Map([...possible].map((name) => [name, nodes.rule()]))
  const seen = new Map<Expression, Node | undefined>()
  /** The node of an expression, or undefined if no text of it can be finished. */
  const build = (expression: Expression): Node | undefined => {
    if (seen.has(expression)) return seen.get(expression)
    const node = buildNew(expression)
    seen.set(expression, node)
    return node
  }
  const buildNew = (expression: Expression): Node | undefined => {
    switch (expression.kind) {
      case 'set':
        return expression.points.length ? nodes.set(expression.points) : undefined
      case 'machine':
        return productive(expression, possible) ? nodes.machine(expression.start) : undefined
      case 'sequence': {
        const items = expression.items.map(build)
        return items.includes(undefined)
          ? undefined
          : items.reduceRight((rest, item) => nodes.pair(item!, rest!), nodes.empty)
      }
      case 'choice': {
        const items = expression.items.map(build).filter((item) => item !== undefined)
        return items.length ? nodes.choice(items) : undefined
      }
      case 'repeat': {
        const item = build(expression.item)
        // Of items that may be empty there are always enough.
        const min = nullable(expression.item, empty) ? 0 : expression.min
        return item ? nodes.repeat(item, min, expression.max) : min === 0 ? nodes.empty : undefined
      }
      case 'rule':
        return places.get(expression.name)
    }
  }
  for (const [name, place] of places) place.body = build(rules.get(name)!)!
  return places.get(root)
}

function refuseUnknown(rules: Grammar['rules']): void {
  const seen = new Set<Expression>()
  const visit = (expression: Expression, depth: number): void => {
    if (seen.has(expression)) return
    seen.add(expression)
    if (depth > mostDepth)
      throw usageError('CONSTRAINT_TOO_LARGE', `The grammar nests more than ${mostDepth} deep. Make it simpler.`)
    if (expression.kind === 'rule' && !rules.has(expression.name))
      throw usageError('UNKNOWN_RULE', `The grammar has no rule ${show(expression.name)}.`)
    if (expression.kind === 'repeat') visit(expression.item, depth + 1)
    if (expression.kind === 'sequence' || expression.kind === 'choice')
      for (const item of expression.items) visit(item, depth + 1)
  }
  for (const expression of rules.values()) visit(expression, 0)
}

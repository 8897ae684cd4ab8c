/** Runs Jinja templates, which come with downloaded models: within bounds of work and of memory, in Node and in a page alike. */
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja'
import { formatTime } from './template-time.ts'

/** What is used of the library's classes, whose own declarations this project's module resolution does not find. */
type Value = { readonly value: unknown; toString(): string }
type Expression = {
  readonly type: string
  readonly value?: unknown
  /** Of a member. */
  readonly object?: Expression
  readonly property?: Expression
  readonly computed?: boolean
  /** Of a call. */
  readonly callee?: Expression
  readonly args?: readonly Expression[]
  /** Of two operands. */
  readonly operator?: { readonly value: string }
  readonly left?: Expression
  readonly right?: Expression
}
type Node = Expression | undefined
type Scope = { set(name: string, value: unknown): void }
type Evaluator = { evaluate(node: Node, scope: Scope): Value; run(program: unknown): Value }
const LibraryInterpreter: new (scope: Scope) => Evaluator = Interpreter

/** Numbers in a range: as many as Hugging Face's library allows. */
const mostNumbers = 100_000
/** Units of a text that a template makes: more than the longest contexts hold. */
const mostUnits = 2 ** 23
/**
 * What all that is evaluated may cost: a step so much, a text its units, a list or an object so much for each entry. That bounds
 * what a template can keep to some hundred megabytes, and what it does to seconds; a conversation of a million tokens costs a third.
 */
const mostCost = 2 ** 27
const stepCost = 128
const entryCost = 64
/** Steps within steps: fewer than the stack has room for, since the library takes a full stack for a variable that is not there. */
const mostDepth = 1000

/** Jinja's `range`, which refuses to fill the memory with numbers. */
function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second]
  if (step === 0) throw new Error('range() step must not be zero')
  const length = Math.max(0, Math.ceil((stop - start) / step))
  if (length > mostNumbers) throw new Error(`range() of ${length} numbers, more than ${mostNumbers}`)
  return Array.from({ length }, (_, i) => start + i * step)
}

const reading: ReadonlySet<string> = new Set(['Identifier', 'MemberExpression'])

const strips: ReadonlyMap<unknown, { readonly left?: boolean; readonly right?: boolean }> = new Map([
  ['strip', { left: true, right: true }],
  ['lstrip', { left: true }],
  ['rstrip', { right: true }],
])

/** A text without those characters that are in a set, at the ends that are named. */
function withoutEnds(text: string, set: ReadonlySet<string>, { left, right }: { left?: boolean; right?: boolean }) {
  const characters = [...text]
  const isKept = (character: string) => !set.has(character)
  const from = left ? characters.findIndex(isKept) : 0
  const to = right ? characters.findLastIndex(isKept) + 1 : characters.length
  return from < 0 ? '' : characters.slice(from, to).join('')
}

/** A value as a part of a text: nothing for what is not there, and Python's names. */
function spelled(value: Value): string {
  if (value.value === undefined) return ''
  if (value.value === null) return 'None'
  if (typeof value.value === 'boolean') return value.value ? 'True' : 'False'
  return value.toString()
}

/** Evaluates as the library does, and counts what that costs. */
class BoundedInterpreter extends LibraryInterpreter {
  #left = mostCost
  #depth = 0

  override evaluate(node: Node, scope: Scope): Value {
    const depth = this.#depth
    if (depth === mostDepth) throw new Error(`it has more than ${mostDepth} steps within steps`)
    try {
      this.#depth = depth + 1
      const value = this.#otherwise(node, scope) ?? super.evaluate(node, scope)
      this.#left -= stepCost + this.#costOf(value, isRead(node))
      if (this.#left < 0) throw new Error('it does more than any conversation needs')
      return value
    } finally {
      this.#depth = depth
    }
  }

  /** What Jinja evaluates otherwise than the library; undefined where they agree. */
  #otherwise(node: Node, scope: Scope): Value | undefined {
    if (node?.type === 'CallExpression') return this.#stripped(node, scope)
    if (node?.type !== 'BinaryExpression' || node.operator!.value !== '~') return undefined
    const [left, right] = [node.left, node.right].map((side) => spelled(this.evaluate(side, scope)))
    return this.#text(left! + right!, scope)
  }

  #text(value: string, scope: Scope): Value {
    return super.evaluate({ type: 'StringLiteral', value }, scope)
  }

  /** A text without such characters at its ends, as `strip` and its like are asked for; the library would take white space. */
  #stripped({ callee, args = [] }: Expression, scope: Scope): Value | undefined {
    if (callee?.type !== 'MemberExpression' || callee.computed) return undefined
    const ends = strips.get(callee.property!.value)
    if (!ends || args.length !== 1 || args[0]!.type.startsWith('Keyword')) return undefined
    const { value: text } = this.evaluate(callee.object, scope)
    const { value: characters } = this.evaluate(args[0], scope)
    if (typeof text !== 'string' || typeof characters !== 'string') return undefined
    return this.#text(withoutEnds(text, new Set(characters), ends), scope)
  }

  #costOf({ value }: Value, isThere: boolean): number {
    if (typeof value === 'string') {
      if (value.length > mostUnits)
        throw new Error(`it makes a text of ${value.length} characters, more than ${mostUnits}`)
      return isThere ? 0 : value.length
    }
    if (isThere) return 0
    if (Array.isArray(value)) return entryCost * value.length
    return value instanceof Map ? entryCost * value.size : 0
  }
}

/** Whether a node reads what is there. A slice, which is spelled as a member, makes a copy. */
const isRead = (node: Node): boolean =>
  node !== undefined && reading.has(node.type) && node.property?.type !== 'SliceExpression'

/** What every template can call or name, if it was not given something else of that name. */
const globals = {
  false: false,
  true: true,
  none: null,
  False: false,
  True: true,
  None: null,
  raise_exception(message: unknown) {
    throw new Error(String(message))
  },
  range,
  strftime_now: (format: unknown) => formatTime(new Date(), String(format)),
}

/**
 * The text that a template makes of some values, with white space around blocks taken as transformers takes it. Throws an Error with
 * the reason in words, also for a template that makes too much or does too much.
 */
export function renderTemplate(template: string, values: Readonly<Record<string, unknown>>): string {
  const program = parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true }))
  const scope: Scope = new Environment()
  for (const [name, value] of Object.entries({ ...globals, ...values })) scope.set(name, value)
  return String(new BoundedInterpreter(scope).run(program).value)
}

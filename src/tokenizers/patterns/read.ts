/** A pattern in Oniguruma's Ruby syntax → its tree. The parser is a library's; what it leaves open is settled here. */
import {
  type AlternativeElementNode,
  type AlternativeNode,
  type BackreferenceNode,
  type CapturingGroupNode,
  type CharacterClassNode,
  type CharacterNode,
  type CharacterSetNode,
  type DirectiveNode,
  type GroupNode,
  type OnigurumaAst,
  parse,
  type QuantifierNode,
  type SubroutineNode,
} from 'oniguruma-parser/parser'
import { OnigUnicodePropertyMap } from 'oniguruma-parser/unicode'
import { equals, fold, sequences, unfold } from './case-folding.ts'
import { CharacterSet, closed, membershipOfClass, membershipOfSet } from './character-set.ts'
import { choice, empty, type Place, sequence, type Tree } from './tree.ts'

/** Options in force at a place of the pattern. */
type Options = { anyCase: boolean; dotAll: boolean; behind: boolean }

const characters = (text: string): number[] => [...text].map((c) => c.codePointAt(0)!)

/** Calls followed, those inside a called group once for each call to it. */
const mostCalls = 1000

class Reader {
  readonly #sets = new Map<string, CharacterSet>()
  /** Capturing groups with the options in force where they stand: a call to one uses these. */
  readonly #groups: { node: CapturingGroupNode; options: Options }[] = []
  readonly #references: BackreferenceNode[] = []
  readonly #referenced = new Set<number>()
  /** Groups being read: a call to one of them is a recursion. */
  readonly #open = new Set<CapturingGroupNode>()
  readonly #ast: OnigurumaAst
  #calls = 0

  constructor(ast: OnigurumaAst) {
    this.#ast = ast
  }

  read(): Tree {
    const { type: _, ...flags } = this.#ast.flags
    const options = withFlags({ anyCase: false, dotAll: false, behind: false }, { flags: { enable: given(flags) } })
    this.#collect(this.#ast.body, options)
    for (const node of this.#references) for (const group of this.#groupsOf(node)) this.#referenced.add(group)
    return this.#alternatives(this.#ast.body, options)
  }

  /** Notes every capturing group and back-reference. */
  #collect(alternatives: readonly AlternativeNode[], outer: Options): void {
    let options = outer
    const visit = (node: AlternativeElementNode): void => {
      if (node.type === 'Directive' && node.kind === 'flags') options = withFlags(options, node)
      if (node.type === 'CapturingGroup') this.#groups.push({ node, options })
      if (node.type === 'Backreference') this.#references.push(node)
      if (node.type === 'Quantifier') visit(node.body)
      else if ('body' in node && node.type !== 'CharacterClass')
        this.#collect(node.body as AlternativeNode[], node.type === 'Group' ? withFlags(options, node) : options)
    }
    for (const alternative of alternatives) alternative.body.forEach(visit)
  }

  /** The numbers of the groups that a back-reference means: a name may stand for several. */
  #groupsOf({ ref }: BackreferenceNode): number[] {
    return this.#groups.filter(({ node }) => node.number === ref || node.name === ref).map(({ node }) => node.number)
  }

  /** Options set inside an alternative hold to the end of the group: `a(?i)b|c` is `a(?i:b|c)`, as in Ruby. */
  #alternatives(alternatives: readonly AlternativeNode[], options: Options): Tree {
    const items: Tree[] = []
    for (const [i, { body }] of alternatives.entries()) {
      const at = body.findIndex((node) => node.type === 'Directive' && node.kind === 'flags')
      if (at < 0) {
        items.push(this.#sequence(body, options))
        continue
      }
      const rest: AlternativeNode = { type: 'Alternative', body: body.slice(at + 1) }
      const inner = this.#alternatives(
        [rest, ...alternatives.slice(i + 1)],
        withFlags(options, body[at] as DirectiveNode),
      )
      items.push(sequence([this.#sequence(body.slice(0, at), options), inner]))
      break
    }
    return choice(items)
  }

  #sequence(nodes: readonly AlternativeElementNode[], options: Options): Tree {
    const flat = nodes.flatMap(transparent)
    const items: Tree[] = []
    for (let i = 0; i < flat.length; i++) {
      const node = flat[i]!
      if (node.type !== 'Character') {
        items.push(this.#element(node, options))
        continue
      }
      const literal = [node.value]
      while (flat[i + 1]?.type === 'Character') literal.push((flat[++i] as CharacterNode).value)
      items.push(...this.#literal(literal, options))
    }
    return sequence(items)
  }

  #element(node: AlternativeElementNode, options: Options): Tree {
    switch (node.type) {
      case 'Character':
        return sequence(this.#literal([node.value], options))
      case 'CharacterSet':
        return this.#characterSet(node, options)
      case 'CharacterClass':
        return this.#characterClass(node, options)
      case 'Quantifier':
        return this.#quantifier(node, options)
      case 'Group': {
        const body = this.#alternatives(node.body, withFlags(options, node))
        if (!node.atomic) return body
        if (options.behind) throw new Error('an atomic group inside (?<=…) is not supported')
        return { kind: 'atomic', body }
      }
      case 'CapturingGroup':
        return this.#capture(node, options)
      case 'LookaroundAssertion': {
        const behind = node.kind === 'lookbehind'
        const body = this.#alternatives(node.body, { ...options, behind })
        return { kind: 'look', behind, negate: node.negate, body }
      }
      case 'Assertion':
        return { kind: 'place', place: node.kind as Place, negate: node.negate ?? false }
      case 'Backreference': {
        if (options.behind) throw new Error('a back-reference inside (?<=…) is not supported')
        return { kind: 'reference', groups: this.#groupsOf(node), anyCase: options.anyCase }
      }
      case 'Subroutine':
        return this.#call(node)
      case 'Directive':
        return { kind: 'keep' }
      case 'NamedCallout':
        if (node.kind === 'fail') return choice([])
        throw new Error(`the callout (*${node.kind.toUpperCase()}) is not supported`)
      case 'AbsenceFunction':
        throw new Error('the absent operator (?~…) is not supported')
    }
  }

  #capture(node: CapturingGroupNode, options: Options): Tree {
    this.#open.add(node)
    const body = this.#alternatives(node.body, options)
    this.#open.delete(node)
    return this.#referenced.has(node.number) ? { kind: 'capture', group: node.number, body } : body
  }

  /** A call, `\g<name>`, is the group once more. */
  #call({ ref }: SubroutineNode): Tree {
    if (++this.#calls > mostCalls) throw new Error(`its calls (\\g<…>) multiply to more than ${mostCalls}`)
    const called = this.#groups.find(({ node }) => node.number === ref || node.name === ref)
    if (called === undefined || this.#open.has(called.node))
      throw new Error(`\\g<${ref}> makes the pattern contain itself, which is not supported`)
    return this.#capture(called.node, called.options)
  }

  #quantifier(node: QuantifierNode, options: Options): Tree {
    const body = this.#element(node.body, options)
    // Written the wrong way round, {3,1}, the parser has it possessive with the bounds in order, as Oniguruma does.
    const { min: least, max, kind: mode } = node
    const most = max ?? Infinity
    if (most === 0) return empty
    if (mode === 'possessive' && options.behind && body.kind !== 'set')
      throw new Error('a possessive group inside (?<=…) is not supported')
    return { kind: 'repeat', body, least, most, mode }
  }

  #set(key: string, make: () => CharacterSet): Tree {
    let set = this.#sets.get(key)
    if (set === undefined) this.#sets.set(key, (set = make()))
    return { kind: 'set', set }
  }

  /** The set of these characters. */
  #oneOf(codePoints: readonly number[]): Tree {
    const only = codePoints.length === 1 ? codePoints[0] : undefined
    return this.#set(codePoints.join(), () => new CharacterSet((c) => codePoints.includes(c), only))
  }

  #characterSet(node: CharacterSetNode, { dotAll }: Options): Tree {
    if (node.kind === 'text_segment') return { kind: 'cluster' }
    if (node.kind === 'newline' && !node.negate) {
      const lineBreak: Tree = choice([sequence([this.#oneOf([0x0d]), this.#oneOf([0x0a])]), this.#oneOf(lineBreaks)])
      return { kind: 'atomic', body: lineBreak }
    }
    return this.#set(`${JSON.stringify(node)}${dotAll}`, () => new CharacterSet(membershipOfSet(node, dotAll, false)))
  }

  #characterClass(node: CharacterClassNode, { anyCase }: Options): Tree {
    const key = JSON.stringify(node)
    if (!anyCase) return this.#set(key, () => new CharacterSet(membershipOfClass(node)))
    const plain = membershipOfClass({ ...node, negate: false })
    const member = closed(plain)
    const set = this.#set(`${key}i`, () => new CharacterSet(node.negate ? (c) => !member(c) : member))
    if (node.negate) return set
    const items = [set]
    for (const [c, text] of sequences()) if (plain(c)) items.push(this.#anyCase(text))
    return choice(items)
  }

  /** A sequence of characters, each in any case. */
  #anyCase(text: readonly number[]): Tree {
    return sequence(text.map((c) => this.#oneOf([c, ...equals(c)])))
  }

  /**
   * Characters in a row. Where case is ignored, one may equal several and several one, of up to three; in a lookbehind Oniguruma
   * lets only one equal one.
   */
  #literal(literal: readonly number[], options: Options): Tree[] {
    if (!options.anyCase) return literal.map((c) => this.#oneOf([c]))
    const items: Tree[] = []
    for (let i = 0; i < literal.length; ) {
      const length = options.behind ? 1 : ([3, 2].find((n) => unfoldRun(literal, i, n).length > 0) ?? 1)
      const folded = literal
        .slice(i, i + length)
        .map(fold)
        .join('')
      const several = characters(folded)
      if (several.length === 1 || options.behind) items.push(this.#anyCase([literal[i]!]))
      else items.push(choice([this.#oneOf(unfold(folded)), this.#anyCase(several)]))
      i += length
    }
    return items
  }
}

/** The characters that equal `length` characters of a literal together. */
function unfoldRun(literal: readonly number[], from: number, length: number): readonly number[] {
  const run = literal.slice(from, from + length)
  const folded = run.map(fold)
  const single = folded.every((text, i) => characters(text).length === 1 || characters(text)[0] === run[i])
  return run.length === length && single ? unfold(folded.join('')) : []
}

/** What `\R` matches besides CR LF. */
const lineBreaks = [0x0a, 0x0b, 0x0c, 0x0d, 0x85, 0x2028, 0x2029]

/** A plain group around one alternative changes nothing: its elements. */
function transparent(node: AlternativeElementNode): AlternativeElementNode[] {
  const plain = node.type === 'Group' && !node.atomic && !node.flags && node.body.length === 1
  if (!plain) return [node]
  const { body } = node.body[0]!
  return body.some((inner) => inner.type === 'Directive') ? [node] : body.flatMap(transparent)
}

/** The options that are set. */
const given = (flags: object): NonNullable<GroupNode['flags']>['enable'] =>
  Object.fromEntries(Object.entries(flags).filter(([, on]) => on))

const knownFlags = ['ignoreCase', 'dotAll', 'extended']

function withFlags(options: Options, node: Pick<GroupNode | DirectiveNode, 'flags'>): Options {
  const { enable = {}, disable = {} } = node.flags ?? {}
  for (const name of [...Object.keys(enable), ...Object.keys(disable)])
    if (!knownFlags.includes(name)) throw new Error(`the option ${name} is not supported`)
  const after = (before: boolean, name: 'ignoreCase' | 'dotAll') => !disable[name] && (enable[name] ?? before)
  return { ...options, anyCase: after(options.anyCase, 'ignoreCase'), dotAll: after(options.dotAll, 'dotAll') }
}

/** Errors: an `Error` whose message says what is wrong or not supported. */
export const readTree = (source: string): Tree =>
  new Reader(parse(source, { unicodePropertyMap: OnigUnicodePropertyMap })).read()

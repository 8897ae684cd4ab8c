/**
 * Grammars as text, in the notation of llama.cpp's GBNF:
 *
 *     root  ::= "yes" | "no" (" because " word+)?   # what the whole text is
 *     word  ::= [a-z]{2,12} [^a-z\n]
 *
 * A rule is a name, `::=` and alternatives, separated by `|`, of items that follow one another: literals in double quotes, classes in
 * brackets, `.` for any character, names of rules, and groups in parentheses, each with `*`, `+`, `?`, `{n}`, `{n,}` or `{n,m}` behind it
 * if it is repeated. Escapes in literals and classes are \n, \r, \t, \\, \", \[, \], \-, \^, \xHH, \uHHHH and \UHHHHHHHH. `#` begins a
 * comment. Lines may be broken anywhere between items; a rule ends where the next begins.
 */
import { usageError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'
import { anyPoint, codePoints, complement } from './code-points.ts'
import { choice, type Expression, type Grammar, literal, repeat, rule, sequence, set } from './grammar.ts'

/** How deep groups may nest. */
const mostDepth = 200
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

/** The grammar of a text. Throws BAD_GRAMMAR with line and column; the rules must be compiled to be known to be sound. */
export function parseGbnf(text: string): Grammar {
  let at = 0
  const rules = new Map<string, Expression>()
  /** Where each rule is first asked for. */
  const asked = new Map<string, number>()

  const fail = (message: string, place = at): never => {
    const before = text.slice(0, place)
    const line = before.split('\n').length
    throw usageError(
      'BAD_GRAMMAR',
      `The grammar, line ${line}, column ${place - before.lastIndexOf('\n')}: ${message}.`,
    )
  }
  const found = () => (at < text.length ? show(String.fromCodePoint(text.codePointAt(at)!)) : 'the end')
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    return pattern.exec(text)
  }
  const skip = () => {
    at += match(/(?:\s|#[^\n]*)*/y)![0].length
  }
  const header = () => match(/([A-Za-z_][\w-]*)(?:\s|#[^\n]*)*::=/y)

  /** One character of a literal or class, escaped or not. */
  const character = (where: string): number => {
    if (at >= text.length || text[at] === '\n') fail(`the ${where} does not end`)
    const hex = match(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y)
    if (hex) {
      const point = Number.parseInt(hex[1] ?? hex[2] ?? hex[3]!, 16)
      if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) fail(`${hex[0]} is no character of Unicode`)
      at += hex[0].length
      return point
    }
    if (text[at] === '\\') {
      const c = text[at + 1] ?? ''
      if (!/[nrt\\"[\]^-]/.test(c) || c === '') fail(`the escape ${show(`\\${c}`)} is not known`)
      at += 2
      return (escapes[c] ?? c).codePointAt(0)!
    }
    const point = text.codePointAt(at)!
    if (point >= 0xd800 && point <= 0xdfff) fail('half a surrogate pair is no character')
    at += point > 0xffff ? 2 : 1
    return point
  }

  const quoted = (): Expression => {
    at++
    let value = ''
    while (text[at] !== '"') value += String.fromCodePoint(character('literal'))
    at++
    return literal(value)
  }

  const charClass = (): Expression => {
    const from = at++
    const negated = text[at] === '^'
    if (negated) at++
    const ranges: [number, number][] = []
    while (text[at] !== ']') {
      const low = character('class')
      if (text[at] !== '-' || text[at + 1] === ']') {
        ranges.push([low, low])
        continue
      }
      at++
      const high = character('class')
      if (high < low) fail('the range of the class is upside down', from)
      ranges.push([low, high])
    }
    at++
    if (ranges.length === 0 && !negated) fail('the class is empty, so no text fits', from)
    const points = codePoints(ranges)
    return set(negated ? complement(points) : points)
  }

  const item = (depth: number): Expression => {
    const c = text[at]
    if (c === '"') return quoted()
    if (c === '[') return charClass()
    if (c === '.') {
      at++
      return set(anyPoint)
    }
    if (c === '(') {
      if (depth === mostDepth) fail(`groups nest more than ${mostDepth} deep`)
      at++
      const inner = alternatives(depth + 1)
      if (text[at] !== ')') fail(`expected ")", found ${found()}`)
      at++
      return inner
    }
    const name = match(/[A-Za-z_][\w-]*/y)?.[0]
    if (name === undefined)
      return fail(
        c === '<' || c === '!'
          ? 'tokens in a grammar (<…>) are not supported; spell them'
          : `expected an item, found ${found()}`,
      )
    if (!asked.has(name)) asked.set(name, at)
    at += name.length
    return rule(name)
  }

  const repeated = (inner: Expression): Expression => {
    skip()
    const sign = match(/[*+?]/y)?.[0]
    const bounds = match(/\{\s*(\d+)\s*(,\s*(\d*)\s*)?\}/y)
    if (sign) at++
    else if (bounds) {
      const [whole, low, comma, high] = bounds
      const max = comma === undefined ? Number(low) : high ? Number(high) : Number.POSITIVE_INFINITY
      if (max < Number(low)) fail(`${whole} asks for at least ${low} and at most ${high}`)
      at += whole.length
      return repeated(repeat(inner, Number(low), max))
    } else if (text[at] === '{') fail('expected {n}, {n,} or {n,m}')
    else return inner
    return repeated(repeat(inner, sign === '+' ? 1 : 0, sign === '?' ? 1 : Number.POSITIVE_INFINITY))
  }

  const alternatives = (depth: number): Expression => {
    const options: Expression[] = []
    do {
      if (text[at] === '|') at++
      const items: Expression[] = []
      for (skip(); at < text.length && text[at] !== '|' && text[at] !== ')' && (depth > 0 || !header()); skip())
        items.push(repeated(item(depth)))
      options.push(sequence(...items))
    } while (text[at] === '|')
    return choice(...options)
  }

  for (skip(); at < text.length; skip()) {
    const head = header()
    if (!head) return fail(`expected a rule such as root ::= "yes" | "no", found ${found()}`)
    const name = head[1]!
    if (rules.has(name)) fail(`there is a rule ${name} already`)
    at += head[0].length
    rules.set(name, alternatives(0))
    if (text[at] === ')') fail('found ")" without "("')
  }
  for (const [name, place] of asked) if (!rules.has(name)) fail(`there is no rule ${name}`, place)
  if (!rules.has('root')) fail('there is no rule root, which is what a whole text is', 0)
  return { root: 'root', rules }
}

/**
 * Regular expressions of JavaScript as trees. What is not regular at all, or needs a look around, is refused with its place. That the
 * rest is well-formed, and which characters a class holds, JavaScript itself is asked.
 */
import { usageError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'
import { type CodePoints, complement, pointsOf } from './code-points.ts'
import { pointsOfClass } from './regex-classes.ts'

export type RegexNode =
  | { readonly kind: 'set'; readonly points: CodePoints }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'sequence' | 'choice'; readonly items: readonly RegexNode[] }
  | {
      readonly kind: 'repeat'
      readonly item: RegexNode
      readonly min: number
      readonly max: number
      readonly at: number
    }

/** How deep groups may nest. */
const mostDepth = 200

/** Names for errors. */
const refusedGroups: readonly (readonly [RegExp, string])[] = [
  [/\(\?=/y, 'look-ahead (?=…)'],
  [/\(\?!/y, 'look-ahead (?!…)'],
  [/\(\?<=/y, 'look-behind (?<=…)'],
  [/\(\?<!/y, 'look-behind (?<!…)'],
  [/\(\?[a-z-]+:/y, 'a group with flags of its own (?i:…)'],
]

const fail = (source: string, at: number, what: string): never => {
  throw usageError(
    'BAD_REGEX',
    `The regular expression ${show(source)} has ${what} at position ${at}, which cannot be used to constrain text.\nExpected literals, classes, groups, alternatives, repetitions, and ^ and $.`,
  )
}

/** An expression whose meaning is that of its flags: text → what JavaScript makes of it, in Unicode mode where it can be read so. */
export function readRegex(pattern: string | RegExp): RegExp {
  if (pattern instanceof RegExp) return pattern
  try {
    return new RegExp(pattern, 'u')
  } catch (error) {
    try {
      return new RegExp(pattern)
    } catch {
      throw usageError('BAD_REGEX', `The regular expression ${show(pattern)} cannot be read: ${reason(error)}.`)
    }
  }
}
const reason = (error: unknown) => (error as Error).message.replace(/^.*: (?=[^:]+$)/s, '')

const refusedFlags: Record<string, string> = {
  m: 'm (^ and $ at every line)',
  v: 'v (sets of strings)',
}

/** The tree of an expression. Throws BAD_REGEX. */
export function parseRegex({ source, flags }: RegExp): RegexNode {
  for (const flag of flags)
    if (refusedFlags[flag])
      throw usageError(
        'BAD_REGEX',
        `The regular expression ${show(source)} has the flag ${refusedFlags[flag]}, which cannot be used to constrain text.`,
      )
  const unicode = flags.includes('u')
  const ignoreCase = flags.includes('i')
  const groupNames = /\(\?<[^=!]/.test(source)
  let at = 0

  const classOf = (text: string): RegexNode => ({ kind: 'set', points: pointsOfClass(text, unicode, ignoreCase) })
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(source)
    if (match) at += match[0].length
    return match
  }

  const choice = (depth: number): RegexNode => {
    const items = [sequence(depth)]
    while (source[at] === '|') {
      at++
      items.push(sequence(depth))
    }
    return items.length === 1 ? items[0]! : { kind: 'choice', items }
  }

  const sequence = (depth: number): RegexNode => {
    const items: RegexNode[] = []
    while (at < source.length && source[at] !== '|' && source[at] !== ')') {
      const from = at
      items.push(quantified(atom(depth), from))
    }
    return items.length === 1 ? items[0]! : { kind: 'sequence', items }
  }

  const quantified = (item: RegexNode, from: number): RegexNode => {
    const match = take(/(?:([*+?])|\{(\d+)(,(\d*))?\})\??/y)
    if (!match) return item
    const [, sign, low, comma, high] = match
    const min = sign ? (sign === '+' ? 1 : 0) : Number(low)
    const max = sign ? (sign === '?' ? 1 : Infinity) : comma === undefined ? min : high ? Number(high) : Infinity
    return { kind: 'repeat', item, min, max, at: from }
  }

  const atom = (depth: number): RegexNode => {
    const c = source[at]!
    if (c === '(') return group(depth)
    if (c === '[') return charClass()
    if (c === '\\') return escaped()
    if (c === '^' || c === '$') {
      at++
      return { kind: c === '^' ? 'start' : 'end' }
    }
    if (c === '.') {
      at++
      return { kind: 'set', points: complement(flags.includes('s') ? [] : pointsOf('\n\r\u2028\u2029')) }
    }
    const point = source.codePointAt(at)!
    // Outside of Unicode mode a repetition would be of the second half only.
    if (point > 0xffff && !unicode && /[*+?{]/.test(source[at + 2] ?? ''))
      fail(source, at, 'a repeated character above U+FFFF without the flag u')
    const text = String.fromCodePoint(point)
    at += text.length
    if (!ignoreCase || (point > 0xffff && !unicode)) return { kind: 'set', points: pointsOf(text) }
    return classOf(/[\\\]^-]/.test(text) ? `[\\${text}]` : `[${text}]`)
  }

  const group = (depth: number): RegexNode => {
    for (const [pattern, name] of refusedGroups) {
      pattern.lastIndex = at
      if (pattern.test(source)) fail(source, at, name)
    }
    if (depth === mostDepth) fail(source, at, `a group nested more than ${mostDepth} deep`)
    take(/\((?:\?:|\?<[^>]*>)?/y)
    const inner = choice(depth + 1)
    at++
    return inner
  }

  const charClass = (): RegexNode => {
    const from = at
    const text = take(/\[(?:\\.|[^\]\\])*\]/sy)![0]
    if (!unicode && /[\ud800-\udfff]/.test(text))
      fail(source, from, 'a class with a character above U+FFFF without the flag u')
    return classOf(text)
  }

  const escaped = (): RegexNode => {
    const from = at
    const next = source[at + 1]!
    if (next === 'b' || next === 'B') fail(source, from, `the word boundary \\${next}`)
    if (next === 'k' && (unicode || groupNames)) fail(source, from, 'the back-reference \\k')
    if (/[1-9]/.test(next)) fail(source, from, `the back-reference \\${next}`)
    const pair = unicode ? null : take(/\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}/y)
    if (pair) {
      if (/[*+?{]/.test(source[at] ?? '')) fail(source, from, 'a repeated character above U+FFFF without the flag u')
      return { kind: 'set', points: pointsOf(JSON.parse(`"${pair[0]}"`)) }
    }
    const unicodeOnly =
      /\\(?:u\{[0-9a-fA-F]+\}|[pP]\{[^}]*\}|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})/y
    const match =
      (unicode && take(unicodeOnly)) || take(/\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[a-zA-Z]|0[0-7]{0,2}|.)/sy)!
    // Outside of Unicode mode, \c that is no control character stands for its backslash.
    if (!unicode && match[0] === '\\c') {
      at--
      return { kind: 'set', points: pointsOf('\\') }
    }
    return classOf(`[${match[0]}]`)
  }

  return choice(0)
}

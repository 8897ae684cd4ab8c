/**
 * Patterns of tokenizer.json, which are written for Oniguruma, as scanners: a hand-written one where there is one, else a
 * JavaScript regular expression with the same meaning. What cannot be expressed is refused, never approximated.
 */
import type { Field } from '../field.ts'
import { type Scanner, scanners } from './scanners.ts'

/** Word characters as Unicode defines them (UTS 18, annex C), inside brackets. */
const wordCharacters = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}'

/** Escapes whose meaning differs between the two dialects. In JavaScript `\s` has U+FEFF and lacks U+0085; `\w` and `\d` are ASCII. */
const escapes: Record<string, { outside: string; inside?: string }> = {
  s: { outside: '\\p{White_Space}', inside: '\\p{White_Space}' },
  S: { outside: '\\P{White_Space}', inside: '\\P{White_Space}' },
  d: { outside: '\\p{Nd}', inside: '\\p{Nd}' },
  D: { outside: '\\P{Nd}', inside: '\\P{Nd}' },
  w: { outside: `[${wordCharacters}]`, inside: wordCharacters },
  W: { outside: `[^${wordCharacters}]` },
  h: { outside: '[0-9a-fA-F]', inside: '0-9a-fA-F' },
  A: { outside: '(?<![\\s\\S])' },
  z: { outside: '(?![\\s\\S])' },
}

/** Punctuation that `u` mode lets a backslash stand before. */
const syntaxCharacters = '^$\\.*+?()[]{}|/-'

/** Escapes that mean the same in both. */
const sharedEscapes = 'pPnrtfvux'

/** Oniguruma (Ruby syntax) → the source of a JavaScript expression with the flag `u`, or undefined where it has no equal. */
export function translatePattern(source: string): string | undefined {
  let out = ''
  let inside = false
  for (let i = 0; i < source.length; i++) {
    const c = source[i]!
    if (c === '\\') {
      const next = source[++i]
      if (next === undefined) return undefined
      const special = escapes[next]
      if (special) {
        const text = inside ? special.inside : special.outside
        if (text === undefined) return undefined
        out += text
      } else if (sharedEscapes.includes(next)) {
        // The braces of `\p{L}` are no quantifier.
        const braces = /^\{[^}]*\}/.exec(source.slice(i + 1))?.[0] ?? ''
        out += c + next + braces
        i += braces.length
      } else if (/[0-9A-Za-z]/.test(next)) return undefined
      else out += syntaxCharacters.includes(next) && (next !== '-' || inside) ? c + next : next
    } else if (inside) {
      // Nested classes and intersections.
      if (c === '[' || (c === '&' && source[i + 1] === '&')) return undefined
      if (c === ']') inside = false
      out += c
    } else if (c === '[') {
      inside = true
      out += c
      if (source[i + 1] === '^') out += source[++i]
      if (source[i + 1] === ']') return undefined
    } else if (c === '(' && source[i + 1] === '?' && !/^(?::|=|!|<=|<!|<[A-Za-z_])/.test(source.slice(i + 2))) {
      return undefined // Options, atomic groups, comments, conditions.
    } else if (/[*+?}]/.test(c) && source[i + 1] === '+') {
      return undefined // Possessive quantifiers.
    } else if (c === '.') out += '[^\\n]'
    else if (c === '^') out += '(?<![^\\n])'
    else if (c === '$') out += '(?![^\\n])'
    else out += c
  }
  return out
}

/**
 * Whether an unbounded repetition stands inside another, as in `(a+)+`: the classic cause of time exponential in the length of
 * the text. No published tokenizer needs it.
 */
export function hasNestedRepetition(source: string): boolean {
  const open: boolean[] = [false]
  for (let i = 0; i < source.length; i++) {
    const c = source[i]!
    if (c === '\\') i++
    else if (c === '[') {
      // A class: skip to its end.
      for (i++; i < source.length && source[i] !== ']'; i++) if (source[i] === '\\') i++
    } else if (c === '(') open.push(false)
    else if (c === ')') {
      const repeats = open.pop() ?? false
      const repeated = /^(?:[*+]|\{\d*,\})/.test(source.slice(i + 1))
      if (repeats && repeated) return true
      if (repeats) open[open.length - 1] = true
    } else if (c === '*' || c === '+' || /^\{\d*,\}/.test(source.slice(i, i + 24))) open[open.length - 1] = true
  }
  return false
}

/** A scanner over a regular expression with the flags `g` and `u`. */
const scanWith =
  (expression: RegExp): Scanner =>
  (text, from, to, bounds) => {
    const part = from === 0 && to === text.length ? text : text.slice(from, to)
    expression.lastIndex = 0
    for (let match = expression.exec(part); match; match = expression.exec(part)) {
      const { length } = match[0]
      bounds.pushPair(from + match.index, from + match.index + length)
      if (length === 0) expression.lastIndex += part.codePointAt(match.index)! > 0xffff ? 2 : 1
    }
  }

/** A scanner, and whether its matches leave out nothing of any text. */
export type Pattern = { scan: Scanner; coversAll: boolean }

/** `{ "Regex": … }` or `{ "String": … }` → a scanner. Errors: `TOKENIZER_REGEX`. */
export function readPattern(field: Field): Pattern {
  const literal = field.get('String')
  if (!literal.missing) {
    const text = literal.string()
    if (text === '') literal.fail('a string that is not empty')
    return { scan: scanWith(new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu')), coversAll: false }
  }
  const regex = field.get('Regex')
  const source = regex.string()
  const known = scanners.get(source)
  if (known) return { scan: known, coversAll: true }
  if (hasNestedRepetition(source))
    regex.fail('a pattern without a repetition inside a repetition, which can take exponential time', 'TOKENIZER_REGEX')
  const translated = translatePattern(source)
  if (translated === undefined)
    return regex.fail('a pattern without options, possessive or atomic groups, or nested classes', 'TOKENIZER_REGEX')
  try {
    return { scan: scanWith(new RegExp(translated, 'gu')), coversAll: false }
  } catch (error) {
    return regex.fail(`a regular expression; ${(error as Error).message.replace(/^.*: /s, '')}`, 'TOKENIZER_REGEX')
  }
}

/** Sets of characters as Oniguruma's classes, properties and escapes define them, with the answer for each UTF-16 code unit kept. */
import type { CharacterClassElementNode, CharacterClassNode, CharacterSetNode } from 'oniguruma-parser/parser'
import { CharacterTable } from '../text/character-table.ts'
import { equals } from './case-folding.ts'

/** Whether a code point belongs to a set. */
type Membership = (codePoint: number) => boolean

/** Entries of `CharacterSet.units`. */
export const OUT = 0
export const IN = 1

/** A set of characters. */
export class CharacterSet {
  /** The character, where the set has one. */
  readonly only: number | undefined
  readonly #member: Membership
  #table: CharacterTable | undefined
  constructor(member: Membership, only?: number) {
    this.#member = member
    this.only = only
  }

  /** Made for sets that are asked: most of a long pattern are of one character. */
  get #members(): CharacterTable {
    return (this.#table ??= new CharacterTable((codePoint) => (this.#member(codePoint) ? IN : OUT)))
  }

  /** By code unit: `OUT`, `IN`, or something else, in which case `has` must be asked about the whole character. */
  get units(): Uint8Array {
    return this.#members.units
  }

  has(codePoint: number): boolean {
    return this.only === undefined ? this.#members.of(codePoint) === IN : codePoint === this.only
  }
}

const native = (source: string): Membership => {
  const expression = new RegExp(source, 'u')
  return (codePoint) => expression.test(String.fromCodePoint(codePoint))
}

/**
 * POSIX brackets over Unicode, and the escapes that are short for one (Oniguruma, doc/RE). In JavaScript `\s` has U+FEFF and lacks
 * U+0085, and `\w` and `\d` are ASCII.
 */
const posix: Readonly<Record<string, string>> = {
  alnum: '[\\p{Alphabetic}\\p{Nd}]',
  alpha: '\\p{Alphabetic}',
  ascii: '[\\0-\\x7f]',
  blank: '[\\p{Zs}\\t]',
  cntrl: '\\p{Cc}',
  digit: '\\p{Nd}',
  graph: '[^\\p{White_Space}\\p{Cc}\\p{Cn}\\p{Cs}]',
  lower: '\\p{Lowercase}',
  print: '[^\\p{Cc}\\p{Cn}\\p{Cs}\\u2028\\u2029]',
  punct: '[\\p{P}\\p{S}]',
  space: '\\p{White_Space}',
  upper: '\\p{Uppercase}',
  xdigit: '[0-9a-fA-F]',
  word: '[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}]',
}

const posixOfEscape: Readonly<Record<string, string>> = { digit: 'digit', hex: 'xdigit', space: 'space', word: 'word' }

/** `\w`, `\b` and `\p{Word}` outside brackets: Oniguruma's table for Latin-1 adds superscripts and fractions there. */
const bareWord = '[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\xb2\\xb3\\xb9\\xbc-\\xbe]'

/** The characters between which `\b` sees a border. */
export const wordCharacters = new CharacterSet(native(bareWord))

/** A property by the name that the parser settled on. Errors: what about it cannot be had. */
function property(name: string, inBrackets: boolean): Membership {
  const key = name.toLowerCase()
  if (key === 'word' && !inBrackets) return native(bareWord)
  // `\p{Punct}` is the general category; the bracket has symbols too.
  if (Object.hasOwn(posix, key) && key !== 'punct') return native(posix[key]!)
  for (const source of [name, `Script=${name}`]) {
    try {
      return native(`\\p{${source}}`)
    } catch {
      // The next spelling, then the error below.
    }
  }
  throw new Error(
    name.startsWith('In_')
      ? `the block \\p{${name}} is not known here: write its range, as in [\\u0400-\\u04FF]`
      : `the property \\p{${name}} is not known to this JavaScript engine`,
  )
}

const negated = (member: Membership, negate: boolean | undefined): Membership => (negate ? (c) => !member(c) : member)

/** One character of what an escape, a property or a POSIX bracket stands for. */
export function membershipOfSet(node: CharacterSetNode, dotAll: boolean, inBrackets: boolean): Membership {
  switch (node.kind) {
    case 'any':
      return () => true
    case 'dot':
      return dotAll ? () => true : (c) => c !== 0x0a
    case 'newline':
      // `\N`, which is negated; `\R` is no set, since it may match two characters.
      return (c) => c !== 0x0a
    case 'posix':
      return negated(native(posix[node.value]!), node.negate)
    case 'property':
      return negated(property(node.value, inBrackets), node.negate)
    default: {
      const bracket = posixOfEscape[node.kind]
      if (bracket === undefined) throw new Error(`${node.kind} is not a set of characters`)
      const member = bracket === 'word' && !inBrackets ? native(bareWord) : native(posix[bracket]!)
      return negated(member, node.negate)
    }
  }
}

function membershipOfElement(node: CharacterClassElementNode): Membership {
  switch (node.type) {
    case 'Character':
      return (c) => c === node.value
    case 'CharacterClassRange':
      return (c) => c >= node.min.value && c <= node.max.value
    case 'CharacterClass':
      return membershipOfClass(node)
    case 'CharacterSet':
      return membershipOfSet(node, false, true)
  }
}

/** A bracketed class with what is nested in it. */
export function membershipOfClass(node: CharacterClassNode): Membership {
  const parts = node.body.map(membershipOfElement)
  const together: Membership =
    node.kind === 'intersection'
      ? (c) => parts.every((part) => part(c))
      : (c) => {
          for (const part of parts) if (part(c)) return true
          return false
        }
  return negated(together, node.negate)
}

/** The set with every character that differs from one of its own only in case. */
export const closed =
  (member: Membership): Membership =>
  (c) =>
    member(c) || equals(c).some(member)

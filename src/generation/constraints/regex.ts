/** Regular expressions of JavaScript as grammars. */

import { usageError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'
import { anyPoint } from './code-points.ts'
import { nullable } from './compile.ts'
import { choice, type Expression, empty, never, repeat, sequence, set } from './grammar.ts'
import { parseRegex, type RegexNode, readRegex } from './regex-syntax.ts'

/**
 * The texts of a part of an expression by what they need around them, in two bits: 1 that nothing stands before (`^`), 2 that nothing
 * comes behind (`$`).
 */
type Anchored = readonly [Expression, Expression, Expression, Expression]

const needs = [0, 1, 2, 3] as const
const free = (expression: Expression): Anchored => [expression, never, never, never]

const both = (a: Anchored, b: Anchored): Anchored =>
  needs.map((need) => choice(a[need], b[need])) as unknown as Anchored

/** One after the other: before `^`, and behind `$`, only what is empty. */
function after(a: Anchored, b: Anchored): Anchored {
  const found: Expression[][] = [[], [], [], []]
  for (const x of needs)
    for (const y of needs) {
      if (a[x] === never || b[y] === never) continue
      const first = x & 2 ? emptyOf(b[y]) && a[x] : a[x]
      if (!first) continue
      if (y & 1 && !emptyOf(a[x])) continue
      // Of what must be empty nothing is left to read.
      const left = y & 1 ? empty : a[x]
      const right = x & 2 ? empty : b[y]
      found[x | y]!.push(sequence(left, right))
    }
  return found.map((items) => choice(...items)) as unknown as Anchored
}
const emptyOf = (expression: Expression): boolean => expression !== never && nullable(expression)

function anchored(node: RegexNode, source: string): Anchored {
  switch (node.kind) {
    case 'set':
      return free(set(node.points))
    case 'start':
      return [never, empty, never, never]
    case 'end':
      return [never, never, empty, never]
    case 'choice':
      return node.items.map((item) => anchored(item, source)).reduce(both)
    case 'sequence': {
      const items = node.items.map((item) => anchored(item, source))
      // Almost always: nothing to keep apart.
      if (items.every((item) => item.slice(1).every((part) => part === never)))
        return free(sequence(...items.map(([item]) => item)))
      return items.reduce(after, free(empty))
    }
    case 'repeat': {
      const item = anchored(node.item, source)
      if (item.slice(1).every((part) => part === never)) return free(repeat(item[0], node.min, node.max))
      if (node.max === 0) return free(empty)
      if (node.max === 1) return node.min === 0 ? both(free(empty), item) : item
      throw usageError(
        'BAD_REGEX',
        `The regular expression ${show(source)} repeats ^ or $ at position ${node.at}, which cannot be used to constrain text.\nPut them at its ends.`,
      )
    }
  }
}

/** Texts all of which an expression matches: `^(?:…)$`. Errors: BAD_REGEX. */
export function regexExpression(pattern: string | RegExp): Expression {
  const regex = readRegex(pattern)
  return choice(...anchored(parseRegex(regex), regex.source))
}

/** Texts in which an expression matches somewhere, as a `pattern` of JSON Schema does. Errors: BAD_REGEX. */
export function searchExpression(pattern: string): Expression {
  const regex = readRegex(pattern)
  const parts = anchored(parseRegex(regex), regex.source)
  const anything = repeat(set(anyPoint), 0)
  return choice(...needs.map((need) => sequence(need & 1 ? empty : anything, parts[need], need & 2 ? empty : anything)))
}

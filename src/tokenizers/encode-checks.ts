/** Whether what `encode` is given makes sense: an option that is misspelled would change nothing, and nobody would know. */
import { usageError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { nearest } from '../base/nearest.ts'
import { entryOf } from './field.ts'

type Rule = { readonly expected: string; holds(value: unknown): boolean }

const flag: Rule = { expected: 'true or false', holds: (value) => typeof value === 'boolean' }
const text: Rule = { expected: 'a text', holds: (value) => typeof value === 'string' }
const count: Rule = {
  expected: 'an integer from 0',
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
}
const oneOf = (...names: readonly unknown[]): Rule => ({
  expected: `one of ${names.map(show).join(', ')}`,
  holds: (value) => names.includes(value),
})
const isRecord = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)

const direction = oneOf('right', 'left')
const truncation: Readonly<Record<string, Rule>> = {
  maxLength: count,
  stride: count,
  strategy: oneOf('longest_first', 'only_first', 'only_second'),
  direction,
}
const padding: Readonly<Record<string, Rule>> = {
  length: { expected: 'an integer from 0, or "longest"', holds: (value) => value === 'longest' || count.holds(value) },
  multipleOf: count,
  direction,
  id: count,
  typeId: count,
  token: text,
}
const options: Readonly<Record<string, Rule>> = {
  pair: text,
  special: oneOf('error', 'parse', 'text'),
  addSpecialTokens: flag,
  truncation: {
    expected: 'a length, settings with a maxLength, or false',
    holds: (value) => value === false || count.holds(value) || isRecord(value),
  },
  padding: { expected: 'settings, true or false', holds: (value) => typeof value === 'boolean' || isRecord(value) },
  sampling: { expected: 'settings with a seed', holds: isRecord },
}

function check(given: object, rules: Readonly<Record<string, Rule>>, code: string, where: string): void {
  for (const name of Object.keys(given)) {
    const value = (given as Record<string, unknown>)[name]
    if (value === undefined) continue
    const rule = entryOf(rules, name)
    if (!rule) {
      const meant = nearest(name, Object.keys(rules))
      throw usageError(
        code,
        `There is no ${where}${name}${meant ? `; did you mean ${meant}` : ''}.\nExpected only ${Object.keys(rules).join(', ')}.`,
      )
    }
    if (!rule.holds(value)) throw usageError(code, `${where}${name} is ${show(value)}.\nExpected ${rule.expected}.`)
  }
}

/** Errors: `BAD_TEXT`. */
export function checkText(text: unknown): void {
  if (typeof text !== 'string') throw usageError('BAD_TEXT', `The text to encode is ${show(text)}.\nExpected a string.`)
}

/** Errors: `BAD_TEXT`, `BAD_OPTION`, `BAD_TRUNCATION`, `BAD_PADDING`. */
export function checkOptions(given: object): void {
  const { pair, truncation: cut, padding: fill } = given as Record<string, unknown>
  if (pair !== undefined) checkText(pair)
  check(given, options, 'BAD_OPTION', '')
  if (typeof cut === 'object') check(cut!, truncation, 'BAD_TRUNCATION', 'truncation.')
  if (typeof fill === 'object') check(fill!, padding, 'BAD_PADDING', 'padding.')
}

/** Whether what `encode` is given makes sense: an option that is misspelled would change nothing, and nobody would know. */
import { usageError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import { nearest } from '../base/nearest.ts'
import { entryOf, largestId } from './field.ts'
import type { EncodeOptions } from './tokenizer.ts'

type Rule = { readonly expected: string; holds(value: unknown): boolean }

const flag: Rule = { expected: 'true or false', holds: (value) => typeof value === 'boolean' }
const text: Rule = { expected: 'a text', holds: (value) => typeof value === 'string' }
const count: Rule = {
  expected: 'an integer from 0',
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
}
/** What columns of 32-bit integers hold. */
const id: Rule = {
  expected: `an integer from 0 to ${largestId}`,
  holds: (value) => count.holds(value) && (value as number) <= largestId,
}
const oneOf = (...names: readonly unknown[]): Rule => ({
  expected: `one of ${names.map(show).join(', ')}`,
  holds: (value) => names.includes(value),
})
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

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
  id,
  typeId: id,
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

const special = { special: options.special! }
const decoding = { skipSpecialTokens: flag }

function check(given: unknown, rules: Readonly<Record<string, Rule>>, code: string, where: string): void {
  if (!isRecord(given))
    throw usageError(code, `The options are ${show(given)}.\nExpected settings: ${Object.keys(rules).join(', ')}.`)
  for (const name of Object.keys(given)) {
    const value = given[name]
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
export function checkOptions(given: EncodeOptions): void {
  if (isRecord(given) && given.pair !== undefined) checkText(given.pair)
  check(given, options, 'BAD_OPTION', '')
  const { truncation: cut, padding: fill } = given
  if (typeof cut === 'object') check(cut, truncation, 'BAD_TRUNCATION', 'truncation.')
  if (typeof fill === 'object') check(fill, padding, 'BAD_PADDING', 'padding.')
}

/** Several texts or pairs and their options. Errors: those of `checkOptions`. */
export function checkBatch(texts: unknown, given: EncodeOptions): void {
  if (!Array.isArray(texts))
    throw usageError('BAD_TEXT', `The texts to encode are ${show(texts)}.\nExpected a list of strings or of pairs.`)
  for (const each of texts)
    if (Array.isArray(each) && each.length !== 2)
      throw usageError('BAD_TEXT', `A pair of texts has ${each.length} parts.\nExpected two strings.`)
  checkOptions(given)
  if (given.pair !== undefined)
    throw usageError(
      'BAD_OPTION',
      'A batch has no pair for all of its texts.\nGive lists of two texts: [[text, pair], …].',
    )
}

/** A text and how its special tokens are taken. Errors: `BAD_TEXT`, `BAD_OPTION`. */
export function checkSpecial(text: unknown, given: object): void {
  checkText(text)
  check(given, special, 'BAD_OPTION', '')
}

/** Errors: `BAD_OPTION`. */
export const checkDecoding = (given: object): void => check(given, decoding, 'BAD_OPTION', '')

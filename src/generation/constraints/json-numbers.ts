/**
 * Numbers within bounds as expressions over their digits. They have at most 15 significant digits, so that what is written and what a
 * reader of JSON makes of it are on the same side of every bound; integers go to ±(2^53 − 1).
 */
import { codePoints } from './code-points.ts'
import {
  choice,
  type Expression,
  empty,
  literal,
  type MachineState,
  never,
  optional,
  repeat,
  sequence,
  set,
} from './grammar.ts'
import { combine } from './regular.ts'

export type NumberRange = {
  readonly integer: boolean
  /** Every number is at least this, or above it. */
  readonly low?: { readonly value: number; readonly exclusive: boolean } | undefined
  readonly high?: { readonly value: number; readonly exclusive: boolean } | undefined
  /** Whole numbers of which every number is a multiple. */
  readonly multiplesOf: readonly number[]
}

const digits = (low: number, high: number): Expression =>
  low > high ? never : set(codePoints([[48 + low, 48 + high]]))
const digit = digits(0, 9)

/** Significant digits that every float64 holds. */
const exact = 15
const freeInteger = choice(literal('0'), sequence(optional(literal('-')), digits(1, 9), repeat(digit, 0, exact - 1)))
const freeNumber = sequence(
  optional(literal('-')),
  choice(literal('0'), sequence(digits(1, 9), repeat(digit, 0, exact - 1))),
  optional(sequence(literal('.'), repeat(digit, 1, exact))),
  optional(
    sequence(
      set(
        codePoints([
          [69, 69],
          [101, 101],
        ]),
      ),
      optional(
        set(
          codePoints([
            [43, 43],
            [45, 45],
          ]),
        ),
      ),
      repeat(digit, 1, 2),
    ),
  ),
)

/** The decimal digits of a magnitude before and behind the point, shortest. */
function decimal(value: number): { whole: string; fraction: string } {
  const [mantissa, exponent] = Math.abs(value).toExponential().split('e') as [string, string]
  const all = mantissa.replace('.', '')
  const point = 1 + Number(exponent)
  const whole = point <= 0 ? '0' : all.slice(0, point).padEnd(point, '0')
  const fraction = point <= 0 ? '0'.repeat(-point) + all : all.slice(point)
  return { whole, fraction: fraction.replace(/0+$/, '') }
}

/** Digit strings of the length of `bound` that are above (or below) it. */
function beyond(bound: string, above: boolean): Expression {
  return choice(
    ...[...bound].map((c, i) =>
      sequence(
        literal(bound.slice(0, i)),
        above ? digits(Number(c) + 1, 9) : digits(0, Number(c) - 1),
        repeat(digit, bound.length - 1 - i, bound.length - 1 - i),
      ),
    ),
  )
}

/** Whole numbers without sign above (or below) one. */
function wholesBeyond(bound: string, above: boolean): Expression {
  const longer = sequence(digits(1, 9), repeat(digit, bound.length))
  const shorter =
    bound.length === 1 ? never : choice(literal('0'), sequence(digits(1, 9), repeat(digit, 0, bound.length - 2)))
  return choice(beyond(bound, above), above ? longer : shorter)
}

/** What may follow the point for a fraction above (or below) one, or equal to it; `fraction` has no zeros at its end. */
function fractionsBeyond(fraction: string, above: boolean, orEqual: boolean): Expression {
  const point = literal('.')
  const ways: Expression[] = []
  for (let i = 0; i < fraction.length; i++) {
    const before = fraction.slice(0, i)
    const c = Number(fraction[i])
    ways.push(sequence(point, literal(before), above ? digits(c + 1, 9) : digits(0, c - 1), repeat(digit, 0)))
    // A fraction that stops is one that goes on with zeros.
    if (!above) ways.push(i === 0 ? empty : sequence(point, literal(before)))
  }
  const zeros = repeat(literal('0'), 0)
  const same =
    fraction === '' ? optional(sequence(point, repeat(literal('0'), 1))) : sequence(point, literal(fraction), zeros)
  if (orEqual) ways.push(same)
  if (above) ways.push(sequence(point, literal(fraction), zeros, digits(1, 9), repeat(digit, 0)))
  return choice(...ways)
}

/** Magnitudes above (or below) one, or equal to it. */
function magnitudes(value: number, above: boolean, orEqual: boolean): Expression {
  const { whole, fraction } = decimal(value)
  return choice(
    sequence(wholesBeyond(whole, above), optional(sequence(literal('.'), repeat(digit, 1)))),
    sequence(literal(whole), fractionsBeyond(fraction, above, orEqual)),
  )
}

/** Digit strings that are multiples of a number, and a fraction behind them if it is zero. */
function multiples(of: number): Expression {
  const states: MachineState[] = Array.from({ length: of }, (_, rest) => ({ accepting: rest === 0, edges: [] }))
  for (const [rest, state] of states.entries())
    for (let d = 0; d < 10; d++) state.edges.push({ low: 48 + d, high: 48 + d, to: states[(rest * 10 + d) % of]! })
  return { kind: 'machine', start: states[0]! }
}

/** JSON numbers within a range. */
export function numberExpression({ integer, low, high, multiplesOf }: NumberRange): Expression {
  if (!low && !high && multiplesOf.length === 0) return integer ? freeInteger : freeNumber
  const whole = integer || multiplesOf.length > 0
  const bounds = [low, high].filter((bound) => bound !== undefined).map(({ value }) => decimal(value))
  const longest = Math.max(1, ...bounds.map((bound) => bound.whole.length))
  const places = whole
    ? 0
    : Math.min(Math.max(6, ...bounds.map(({ fraction }) => fraction.length + 2)), Math.max(0, exact - longest))
  const syntax = sequence(
    choice(literal('0'), sequence(digits(1, 9), repeat(digit, 0, (whole ? 16 : exact - places) - 1))),
    places > 0 ? optional(sequence(literal('.'), repeat(digit, 1, places))) : empty,
  )
  const common = [
    syntax,
    ...(whole ? [magnitudes(Number.MAX_SAFE_INTEGER, false, true)] : []),
    ...multiplesOf.map(multiples),
  ]
  const positive: Expression[] = []
  const negative: Expression[] = [magnitudes(0, true, false)]
  if (low && (low.value > 0 || (low.value === 0 && low.exclusive)))
    positive.push(magnitudes(low.value, true, !low.exclusive))
  if (high && high.value >= 0) positive.push(magnitudes(high.value, false, !high.exclusive))
  if (high && high.value < 0) {
    positive.push(never)
    negative.push(magnitudes(high.value, true, !high.exclusive))
  }
  if (low) negative.push(low.value < 0 ? magnitudes(low.value, false, !low.exclusive) : never)
  return choice(combine([...common, ...positive]), sequence(literal('-'), combine([...common, ...negative])))
}

/** Whether a number is within a range. */
export const inRange = (value: number, { integer, low, high, multiplesOf }: NumberRange): boolean =>
  (!integer || Number.isInteger(value)) &&
  (!low || (low.exclusive ? value > low.value : value >= low.value)) &&
  (!high || (high.exclusive ? value < high.value : value <= high.value)) &&
  multiplesOf.every((of) => value % of === 0)

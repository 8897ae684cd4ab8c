/** Fitting encodings to a length: truncation of one text or a pair, and padding. */
import { usageError } from '../base/errors.ts'
import type { Encoding } from './encoding.ts'
import { type Field, type Json, largestId } from './field.ts'

export type Truncation = {
  /** The most tokens an encoding may have, special tokens included. */
  maxLength: number
  /** How many tokens an overflowing part shares with the one before. */
  stride?: number
  /** Of a pair: shorten the longer one first, or only one of the two. */
  strategy?: 'longest_first' | 'only_first' | 'only_second'
  /** The side that tokens are taken from. */
  direction?: 'right' | 'left'
}

export type Padding = {
  /** A fixed length, or that of the longest encoding of the batch. */
  length?: number | 'longest'
  /** Round the length up to a multiple of this. */
  multipleOf?: number
  direction?: 'right' | 'left'
  id: number
  typeId?: number
  token: string
}

/** [start, end) of the stretches that the tokens of a text are cut into; the first is the one kept. */
export type Stretches = readonly (readonly [number, number])[]

function stretches(count: number, maxLength: number, stride: number, direction: 'right' | 'left'): Stretches {
  if (count <= maxLength) return [[0, count]]
  if (maxLength === 0)
    return [
      [0, 0],
      [0, count],
    ]
  if (stride >= maxLength)
    throw usageError(
      'BAD_TRUNCATION',
      `The truncation stride is ${stride}, with ${maxLength} tokens of a text in each part.\nExpected a stride below that.`,
    )
  const step = maxLength - stride
  const cut: [number, number][] = []
  if (direction === 'right')
    for (let from = 0; ; from += step) {
      cut.push([from, Math.min(from + maxLength, count)])
      if (from + maxLength >= count) return cut
    }
  for (let to = count; ; to -= step) {
    cut.push([Math.max(0, to - maxLength), to])
    if (to <= maxLength) return cut
  }
}

/** How many tokens of a pair stay when the longer one gives way first. */
function longestFirst(first: number, second: number, most: number): [number, number] {
  const [short, long] = first <= second ? [first, second] : [second, first]
  const room = short > most ? short : Math.max(short, most - short)
  const kept: [number, number] =
    short + room > most ? [Math.floor(most / 2), most - Math.floor(most / 2)] : [short, Math.min(long, room)]
  return first <= second ? kept : [kept[1], kept[0]]
}

/** How many tokens of each text stay. Errors: `BAD_TRUNCATION`. */
function keptOf(
  counts: readonly number[],
  most: number,
  { maxLength, strategy = 'longest_first' }: Truncation,
): readonly number[] {
  const [first = 0, second] = counts
  if (most === 0) return counts.map(() => 0)
  if (strategy === 'longest_first') return second === undefined ? [most] : longestFirst(first, second, most)
  const target = strategy === 'only_first' ? 0 : 1
  const total = first + (second ?? 0)
  const left = (counts[target] ?? 0) - (total - most)
  if (left <= 0)
    throw usageError(
      'BAD_TRUNCATION',
      `Truncating ${target === 0 ? 'only the first' : 'only the second'} text cannot bring ${total + maxLength - most} tokens down to ${maxLength}.\nRaise maxLength or choose the strategy 'longest_first'.`,
    )
  return target === 0 ? [left, ...counts.slice(1)] : [first, left]
}

/**
 * The number of tokens of one text, or of two → the stretches each is cut into; undefined if none needs to be. `added` special
 * tokens will join them. Errors: `BAD_TRUNCATION`.
 */
export function truncate(
  counts: readonly number[],
  truncation: Truncation,
  added: number,
): readonly Stretches[] | undefined {
  const { maxLength, stride = 0, direction = 'right' } = truncation
  for (const [name, value] of Object.entries({ length: maxLength, stride }))
    if (!Number.isInteger(value) || value < 0)
      throw usageError('BAD_TRUNCATION', `The truncation ${name} is ${value}.\nExpected an integer, 0 or more.`)
  if (maxLength < added)
    throw usageError(
      'BAD_TRUNCATION',
      `The truncation length is ${maxLength}, but ${added === 1 ? '1 special token is' : `${added} special tokens are`} added.\nExpected at least ${added}, or addSpecialTokens: false.`,
    )
  const most = maxLength - added
  if (counts.reduce((sum, count) => sum + count, 0) <= most) return undefined
  const kept = keptOf(counts, most, truncation)
  return counts.map((count, i) => stretches(count, kept[i]!, stride, direction))
}

/** More tokens than any model reads at a time, and few enough for the memory. */
const longestPadded = 2 ** 24

/** Brings encodings to the length that `padding` asks for; longer ones stay. */
export function pad(encodings: readonly Encoding[], padding: Padding | undefined): readonly Encoding[] {
  if (!padding) return encodings
  const { length = 'longest', direction = 'right', id, typeId = 0, token } = padding
  const longest = () => encodings.reduce((most, encoding) => Math.max(most, encoding.length), 0)
  // 0 is no multiple to round up to, as in Hugging Face's files.
  const multipleOf = padding.multipleOf || 1
  const target = Math.ceil((length === 'longest' ? longest() : length) / multipleOf) * multipleOf
  if (target > longestPadded)
    throw usageError('BAD_PADDING', `Padding asks for ${target} tokens.\nExpected at most ${longestPadded}.`)
  const filling = { length: target, before: direction === 'left', id, token, typeId }
  return encodings.map((encoding) => encoding.filled(filling))
}

const strategies = { LongestFirst: 'longest_first', OnlyFirst: 'only_first', OnlySecond: 'only_second' } as const
const directions = { Right: 'right', Left: 'left' } as const

const nameOf = (table: Record<string, string>, value: string): string =>
  Object.keys(table).find((name) => table[name] === value)!

/** The `truncation` of a tokenizer.json. */
export function readTruncation(field: Field): Truncation | undefined {
  if (field.missing) return undefined
  const maxLength = field.get('max_length').integer(0, largestId)
  const stride = field.get('stride').integer(0, largestId, 0)
  if (stride > 0 && stride >= maxLength) field.get('stride').fail(`less than max_length (${maxLength})`)
  return {
    maxLength,
    stride,
    strategy: strategies[field.get('strategy').oneOf(['LongestFirst', 'OnlyFirst', 'OnlySecond'], 'LongestFirst')],
    direction: directions[field.get('direction').oneOf(['Right', 'Left'], 'Right')],
  }
}

export const truncationJson = ({ maxLength, stride = 0, strategy, direction }: Truncation): Json => ({
  direction: nameOf(directions, direction ?? 'right'),
  max_length: maxLength,
  strategy: nameOf(strategies, strategy ?? 'longest_first'),
  stride,
})

/** The `padding` of a tokenizer.json. */
export function readPadding(field: Field): Padding | undefined {
  if (field.missing) return undefined
  const strategy = field.get('strategy')
  const multiple = field.get('pad_to_multiple_of')
  return {
    length: strategy.value === 'BatchLongest' ? 'longest' : strategy.get('Fixed').integer(0, largestId),
    multipleOf: multiple.integer(0, largestId, 0) || undefined,
    direction: directions[field.get('direction').oneOf(['Right', 'Left'])],
    id: field.get('pad_id').integer(0, largestId),
    typeId: field.get('pad_type_id').integer(0, largestId),
    token: field.get('pad_token').string(),
  }
}

export const paddingJson = ({ length = 'longest', multipleOf, direction, id, typeId = 0, token }: Padding): Json => ({
  strategy: length === 'longest' ? 'BatchLongest' : { Fixed: length },
  direction: nameOf(directions, direction ?? 'right'),
  pad_to_multiple_of: multipleOf ?? null,
  pad_id: id,
  pad_type_id: typeId,
  pad_token: token,
})

/** What several schemas together say of a value that is no array or object: its types, its numbers and strings, and values that are listed. */
import { show } from '../../base/json.ts'
import { choice, type Expression, literals, never, repeat } from './grammar.ts'
import { formats } from './json-formats.ts'
import { inRange, type NumberRange, numberExpression } from './json-numbers.ts'
import { anyCharacter, anyString, stringOf } from './json-text.ts'
import { regexExpression, searchExpression } from './regex.ts'
import { combine, matches } from './regular.ts'
import { type Place, refuse } from './schema-places.ts'

/** The objects among some schemas. */
export type Leaves = readonly (Place & { readonly schema: Readonly<Record<string, unknown>> })[]

/** The values of a keyword. */
export const given = <T>(leaves: Leaves, keyword: string): T[] =>
  leaves.flatMap(({ schema }) => (schema[keyword] === undefined ? [] : [schema[keyword] as T]))

/** The largest of a keyword's values that must be reached, and the smallest that must not be passed. */
export const least = (leaves: Leaves, keyword: string): number => Math.max(0, ...given<number>(leaves, keyword))
export const most = (leaves: Leaves, keyword: string): number =>
  Math.min(Number.POSITIVE_INFINITY, ...given<number>(leaves, keyword))

const everyType = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object']

/** The types that all schemas allow; `number` stands for integers too. */
export function typesOf(leaves: Leaves): ReadonlySet<string> {
  let types = new Set(everyType)
  for (const { schema } of leaves) {
    if (schema.type === undefined) continue
    const own = new Set([schema.type].flat() as string[])
    if (own.has('number')) own.add('integer')
    if (schema.nullable === true) own.add('null')
    types = new Set([...types].filter((type) => own.has(type)))
  }
  if (types.has('number')) types.delete('integer')
  return types
}

export function rangeOf(leaves: Leaves, integer: boolean): NumberRange {
  const bounds = (keyword: string, exclusive: boolean) =>
    given<number>(leaves, keyword).map((value) => ({ value, exclusive }))
  const lows = [...bounds('minimum', false), ...bounds('exclusiveMinimum', true)]
  const highs = [...bounds('maximum', false), ...bounds('exclusiveMaximum', true)]
  // Of equal bounds the exclusive one says more.
  lows.sort((a, b) => b.value - a.value || Number(b.exclusive) - Number(a.exclusive))
  highs.sort((a, b) => a.value - b.value || Number(b.exclusive) - Number(a.exclusive))
  return { integer, low: lows[0], high: highs[0], multiplesOf: given<number>(leaves, 'multipleOf') }
}

/** What the content of a string must be, but for its length; several say so at once. */
export function contents(leaves: Leaves): Expression[] {
  return leaves.flatMap(({ schema: { pattern, format }, pointer }) => [
    ...(pattern === undefined ? [] : [atPlace(pointer, 'pattern', () => searchExpression(pattern as string))]),
    ...(format === undefined ? [] : [formatOf(format as string, pointer)]),
  ])
}

/** What the content of a string must be, or undefined for any. */
export function contentOf(leaves: Leaves): Expression | undefined {
  const parts = contents(leaves)
  const [min, max] = [least(leaves, 'minLength'), most(leaves, 'maxLength')]
  if (min > 0 || max < Number.POSITIVE_INFINITY) parts.push(repeat(anyCharacter, min, max))
  if (min > max) return never
  return parts.length === 0 ? undefined : combine(parts)
}

/** Errors of regular expressions, with the place of the schema. */
function atPlace<T>(pointer: string, keyword: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    return refuse(pointer, `${keyword}: ${(error as Error).message}`)
  }
}

function formatOf(name: string, pointer: string): Expression {
  if (!Object.hasOwn(formats, name))
    refuse(pointer, `the format ${show(name)} is not supported.\nExpected one of ${Object.keys(formats).join(', ')}.`)
  return regexExpression(formats[name]!)
}

export function stringExpression(leaves: Leaves): Expression {
  const [min, max] = [least(leaves, 'minLength'), most(leaves, 'maxLength')]
  if (min > max) return never
  const key = JSON.stringify([given(leaves, 'pattern'), given(leaves, 'format'), min, max])
  let found = strings.get(key)
  if (!found) {
    found = contents(leaves).length === 0 ? anyString(min, max) : stringOf(contentOf(leaves)!)
    if (strings.size >= mostStrings) strings.clear()
    strings.set(key, found)
  }
  return found
}

/** Strings by their patterns, formats and lengths: the same ones occur again and again, and their machines take a while. */
const strings = new Map<string, Expression>()
const mostStrings = 100

/** Values without parts of one type. */
export const scalarExpressions: Readonly<Record<string, (leaves: Leaves) => Expression>> = {
  null: () => literals(['null']),
  boolean: () => literals(['true', 'false']),
  integer: (leaves) => numberExpression(rangeOf(leaves, true)),
  number: (leaves) => numberExpression(rangeOf(leaves, false)),
  string: stringExpression,
}

const typeOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value === 'number' ? 'number' : typeof value

/** Keywords that leave listed arrays and objects as they are. */
const plain = new Set([
  'enum',
  'const',
  'type',
  'nullable',
  'title',
  'description',
  'default',
  'examples',
  '$comment',
  '$defs',
  'definitions',
  '$ref',
  'allOf',
  'anyOf',
  'oneOf',
  '$schema',
  '$id',
])

/** The values that all lists hold and all schemas allow, or undefined where none lists any. */
export function listed(leaves: Leaves): Expression | undefined {
  const lists = [
    ...given<unknown[]>(leaves, 'enum'),
    ...leaves.flatMap(({ schema }) => ('const' in schema ? [[schema.const]] : [])),
  ]
  if (lists.length === 0) return undefined
  const [first, ...others] = lists.map((list) => new Map(list.map((value) => [canonical(value), value])))
  const types = typesOf(leaves)
  const content = contentOf(leaves)
  const fits = (value: unknown): boolean => {
    const type = typeOf(value)
    const integer = Number.isInteger(value)
    if (!types.has(type) && !(integer && types.has('integer'))) return false
    if (typeof value === 'string') return content === undefined || matches(content, value)
    if (typeof value === 'number') return inRange(value, rangeOf(leaves, false))
    if (typeof value !== 'object' || value === null) return true
    for (const { schema, pointer } of leaves)
      for (const name of Object.keys(schema))
        if (!plain.has(name)) refuse(pointer, `${name} beside listed arrays or objects is not supported. Leave it out.`)
    return true
  }
  const values = [...first!].filter(([key, value]) => others.every((other) => other.has(key)) && fits(value))
  return choice(literals(values.map(([, value]) => JSON.stringify(value))))
}

/** A value as text, the same for equal values. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical)}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`)}}`
}

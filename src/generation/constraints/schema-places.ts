/** JSON Schemas as they lie in a document: which keywords they have, where references lead, and which alternatives they are made of. */
import { usageError } from '../../base/errors.ts'
import { show } from '../../base/json.ts'

export type Schema = boolean | Readonly<Record<string, unknown>>

/** A schema at its JSON pointer. */
export type Place = {
  readonly schema: Schema
  readonly pointer: string
  /**
   * Of a value that must satisfy several schemas, those to check only narrow it down: the names of their properties are not offered. They
   * serve to find out whether what one alternative gives could satisfy another.
   */
  readonly check: boolean
}

/** Different for different places, and never empty. */
export const keyOf = ({ pointer, check }: Place): string => `${check ? '?' : '#'}${pointer}`

/** What says nothing about a value. */
const annotations = new Set(
  '$schema $id id $comment $defs definitions $anchor title description default example examples deprecated readOnly writeOnly contentEncoding contentMediaType contentSchema'.split(
    ' ',
  ),
)
const isSize = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value)
const isString = (value: unknown) => typeof value === 'string'
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isSchema = (value: unknown): value is Schema => typeof value === 'boolean' || isObject(value)
const isList = (value: unknown): value is unknown[] => Array.isArray(value) && value.length > 0
const listOf = (holds: (item: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(holds)
const types = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object']
const isType = (value: unknown) => types.includes(value as string)
const schemas = (value: unknown) => isObject(value) && Object.values(value).every(isSchema)

/** What is supported, with what it must be. */
const keywords: Readonly<Record<string, readonly [expected: string, holds: (value: unknown) => boolean]>> = {
  $ref: ['a reference within the schema', isString],
  type: [`one or several of ${types.join(', ')}`, (value) => isType(value) || (isList(value) && value.every(isType))],
  nullable: ['true or false', (value) => typeof value === 'boolean'],
  enum: ['a list of values', Array.isArray],
  const: ['a value', () => true],
  allOf: ['a list of schemas', (value) => isList(value) && value.every(isSchema)],
  anyOf: ['a list of schemas', (value) => isList(value) && value.every(isSchema)],
  oneOf: ['a list of schemas', (value) => isList(value) && value.every(isSchema)],
  properties: ['an object of schemas', schemas],
  patternProperties: ['an object of schemas', schemas],
  additionalProperties: ['a schema', isSchema],
  propertyNames: ['a schema', isSchema],
  required: ['a list of names', listOf(isString)],
  minProperties: ['a whole number of 0 or more', isSize],
  maxProperties: ['a whole number of 0 or more', isSize],
  prefixItems: ['a list of schemas', listOf(isSchema)],
  items: ['a schema, or a list of schemas', (value) => isSchema(value) || listOf(isSchema)(value)],
  additionalItems: ['a schema', isSchema],
  minItems: ['a whole number of 0 or more', isSize],
  maxItems: ['a whole number of 0 or more', isSize],
  minLength: ['a whole number of 0 or more', isSize],
  maxLength: ['a whole number of 0 or more', isSize],
  pattern: ['a regular expression', isString],
  format: ['the name of a format', isString],
  minimum: ['a number', isNumber],
  maximum: ['a number', isNumber],
  exclusiveMinimum: ['a number', isNumber],
  exclusiveMaximum: ['a number', isNumber],
  multipleOf: ['a whole number from 1 to 1000', (value) => isSize(value) && value !== 0 && (value as number) <= 1000],
  uniqueItems: ['false, or to be left out: it cannot be kept', (value) => value === false],
}

/** Throws BAD_SCHEMA for the schema at a pointer. */
export const refuse = (pointer: string, problem: string): never => {
  throw usageError('BAD_SCHEMA', `The JSON Schema, at ${pointer === '' ? 'its root' : pointer}: ${problem}`)
}

/** A name as a step of a JSON pointer (RFC 6901). */
export const step = (name: string | number): string => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`

export const below = ({ pointer, check }: Place, schema: unknown, ...names: (string | number)[]): Place => ({
  schema: schema as Schema,
  pointer: pointer + names.map(step).join(''),
  check,
})

/** Most ways in which a value may satisfy a schema, and most schemas that one value must satisfy. */
const mostAlternatives = 2000

/** A document with its references. */
export class SchemaDocument {
  readonly #root: Schema
  readonly #checked = new Set<Schema>()

  constructor(root: unknown) {
    if (!isSchema(root)) refuse('', `a schema is an object, true or false, found ${show(root)}.`)
    this.#root = root as Schema
  }

  get root(): Place {
    return { schema: this.#root, pointer: '', check: false }
  }

  /** Throws BAD_SCHEMA for a keyword that is not supported or whose value is none. */
  #check({ schema, pointer }: Place): void {
    if (typeof schema === 'boolean' || this.#checked.has(schema)) return
    if (!isObject(schema)) refuse(pointer, `a schema is an object, true or false, found ${show(schema)}.`)
    for (const [name, value] of Object.entries(schema)) {
      if (annotations.has(name) || name.startsWith('x-')) continue
      const keyword = Object.hasOwn(keywords, name) ? keywords[name] : undefined
      if (!keyword) {
        refuse(
          pointer,
          `the keyword ${show(name)} is not supported.\nLeave it out, or say it with ${Object.keys(keywords).slice(0, 10).join(', ')}, ….`,
        )
        continue
      }
      const [expected, holds] = keyword
      if (!holds(value)) refuse(pointer, `${name} is ${show(value)}, expected ${expected}.`)
    }
    this.#checked.add(schema)
  }

  /** Where a reference leads. */
  #target(place: Place, reference: string): Place {
    const own = typeof this.#root === 'object' ? this.#root.$id : undefined
    const local = isString(own) && reference.startsWith(`${own}#`) ? reference.slice((own as string).length) : reference
    const missing = () =>
      refuse(place.pointer, `$ref is ${show(reference)}, which is not in the schema. Expected such as "#/$defs/name".`)
    if (reference === own) return { ...this.root, check: place.check }
    if (!local.startsWith('#')) return missing()
    const fragment = decodeURIComponent(local.slice(1))
    if (fragment !== '' && !fragment.startsWith('/')) return this.#anchor(fragment, place) ?? missing()
    const names = fragment
      .split('/')
      .slice(1)
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    let value: unknown = this.#root
    for (const name of names) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return missing()
      value = (value as Record<string, unknown>)[name]
    }
    if (!isSchema(value)) return missing()
    return { schema: value, pointer: names.map(step).join(''), check: place.check }
  }

  /** The schema with an `$anchor`. */
  #anchor(name: string, { check }: Place): Place | undefined {
    const pending: [unknown, string][] = [[this.#root, '']]
    for (let item = pending.pop(); item; item = pending.pop()) {
      const [value, pointer] = item
      if (typeof value !== 'object' || value === null) continue
      if (isObject(value) && value.$anchor === name) return { schema: value, pointer, check }
      for (const [key, inner] of Object.entries(value)) pending.push([inner, pointer + step(key)])
    }
    return undefined
  }

  /**
   * The ways to satisfy some schemas at once: for each the schemas that all hold, in which `$ref`, `allOf`, `anyOf` and `oneOf` are settled.
   * `oneOf` is called with the branches of each.
   */
  alternatives(places: readonly Place[], oneOf: (branches: readonly Place[]) => void): Place[][] {
    const found: Place[][] = []
    /** What is still to be settled, with the schemas on the way to it: one that leads to itself alone can never hold. */
    type Task = { readonly options: readonly Place[]; readonly path: ReadonlySet<string> }
    const settle = (tasks: readonly Task[], leaves: ReadonlyMap<string, Place>): void => {
      const rest = [...tasks]
      const settled = new Map(leaves)
      for (let task = rest.pop(); task; task = rest.pop()) {
        if (task.options.length > 1) {
          for (const option of task.options) settle([...rest, { ...task, options: [option] }], settled)
          return
        }
        const place = task.options[0]!
        const { schema } = place
        this.#check(place)
        const key = keyOf(place)
        if (schema === false || task.path.has(key)) return
        if (schema === true || settled.has(key)) continue
        settled.set(key, place)
        const path = new Set([...task.path, key])
        const add = (...options: Place[]) => rest.push({ options, path })
        if (schema.$ref !== undefined) add(this.#target(place, schema.$ref as string))
        const all = ((schema.allOf ?? []) as Schema[]).map((inner, i) => below(place, inner, 'allOf', i))
        // The last is settled first; properties are to keep the order of the schema.
        for (const inner of all.reverse()) add(inner)
        for (const name of ['anyOf', 'oneOf']) {
          const branches = ((schema[name] ?? []) as Schema[]).map((inner, i) => below(place, inner, name, i))
          if (name === 'oneOf' && branches.length > 1 && !place.check) oneOf(branches)
          if (branches.length) add(...branches)
        }
      }
      if (found.length >= mostAlternatives)
        refuse(places[0]?.pointer ?? '', `there are more than ${mostAlternatives} ways to satisfy it. Make it simpler.`)
      found.push([...settled.values()])
    }
    settle(
      places.map((place) => ({ options: [place], path: new Set() })),
      new Map(),
    )
    return found
  }
}

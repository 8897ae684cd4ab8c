/**
 * JSON Schemas (drafts 7 to 2020-12) as grammars of JSON texts. Every text of the grammar satisfies the schema; not every value that does
 * has a text: properties come in the order in which they are declared, and where properties are declared others are written only if
 * `additionalProperties` allows them in so many words. What is not supported is refused, never passed over.
 */

import { productiveRules } from './compile.ts'
import {
  choice,
  type Expression,
  empty,
  type Grammar,
  literal,
  literals,
  never,
  repeat,
  rule,
  sequence,
} from './grammar.ts'
import { anyCharacter, anyString, space, stringOf } from './json-text.ts'
import { searchExpression } from './regex.ts'
import { combine, matches } from './regular.ts'
import { below, keyOf, type Place, refuse, SchemaDocument } from './schema-places.ts'
import { contentOf, given, type Leaves, least, listed, most, scalarExpressions, typesOf } from './schema-values.ts'

const root = 'text'
const gap = 'space'
/** Most different combinations of schemas. */
const mostRules = 20_000
/** Most patterns of properties in one object. */
const mostPatterns = 4

/** The grammar of the JSON texts of a schema; `true` is any JSON. Throws BAD_SCHEMA with the JSON pointer of what it cannot do. */
export function jsonSchemaGrammar(schema: unknown): Grammar {
  return new Translation(schema).grammar()
}

class Translation {
  readonly #document: SchemaDocument
  readonly #rules = new Map<string, Expression>([[gap, space]])
  readonly #names = new Map<string, string>()
  readonly #pending: { readonly name: string; readonly places: readonly Place[] }[] = []
  /** Rules of what satisfies two branches of a `oneOf`: there must be nothing. */
  readonly #overlaps = new Map<string, readonly [Place, Place]>()

  constructor(schema: unknown) {
    this.#document = new SchemaDocument(schema)
  }

  grammar(): Grammar {
    this.#rules.set(root, sequence(rule(gap), this.#value([this.#document.root])))
    for (let item = this.#pending.pop(); item; item = this.#pending.pop())
      this.#rules.set(item.name, this.#either(item.places))
    const possible = productiveRules(this.#rules)
    for (const [name, [one, other]] of this.#overlaps)
      if (possible.has(name))
        refuse(
          one.pointer,
          `a value may satisfy this branch of oneOf and ${other.pointer} as well.\nTell them apart by a required property with different values of const, or use anyOf.`,
        )
    return { root, rules: this.#rules }
  }

  /** The values that satisfy some schemas at once. */
  #value(places: readonly Place[]): Expression {
    const telling = places.filter(({ schema }) => schema !== true)
    if (telling.some(({ schema }) => schema === false)) return never
    const key = [...new Set(telling.map(keyOf))].sort().join(' ')
    let name = this.#names.get(key)
    if (!name) {
      name = `value ${this.#names.size}`
      if (this.#names.size >= mostRules)
        refuse('', `it combines its parts in more than ${mostRules} ways. Make it simpler.`)
      this.#names.set(key, name)
      this.#pending.push({ name, places: telling })
    }
    return rule(name)
  }

  #either(places: readonly Place[]): Expression {
    const alternatives = this.#document.alternatives(places, (branches) => this.#keepApart(branches))
    return choice(...alternatives.map((leaves) => this.#all(leaves as unknown as Leaves)))
  }

  /** What one branch gives must not satisfy another. */
  #keepApart(branches: readonly Place[]): void {
    for (const one of branches)
      for (const other of branches) {
        if (one === other) continue
        const both = this.#value([one, { ...other, check: true }])
        if (both.kind === 'rule') this.#overlaps.set(both.name, [one, other])
      }
  }

  #all(leaves: Leaves): Expression {
    const values = listed(leaves)
    if (values) return values
    return choice(
      ...[...typesOf(leaves)].map((type) =>
        type === 'array'
          ? this.#array(leaves)
          : type === 'object'
            ? this.#object(leaves)
            : scalarExpressions[type]!(leaves),
      ),
    )
  }

  #array(leaves: Leaves): Expression {
    const lists = leaves.map((leaf) => {
      const { prefixItems, items, additionalItems } = leaf.schema
      const name = prefixItems !== undefined ? 'prefixItems' : 'items'
      const prefix = (prefixItems ?? (Array.isArray(items) ? items : [])) as readonly unknown[]
      const rest = Array.isArray(items) ? additionalItems : items
      return { leaf, name, prefix, rest, restName: Array.isArray(items) ? 'additionalItems' : 'items' }
    })
    const item = (i: number): Expression =>
      this.#value(
        lists.flatMap(({ leaf, name, prefix, rest, restName }) => {
          if (i < prefix.length) return [below(leaf, prefix[i], name, i)]
          return rest === undefined ? [] : [below(leaf, rest, restName)]
        }),
      )
    const [min, max] = [least(leaves, 'minItems'), most(leaves, 'maxItems')]
    if (min > max) return never
    const fixed = Math.max(1, ...lists.map(({ prefix }) => prefix.length))
    const comma = sequence(literal(','), rule(gap))
    let rest = max > fixed ? repeat(sequence(comma, item(fixed)), Math.max(0, min - fixed), max - fixed) : empty
    for (let i = Math.min(fixed, max) - 1; i >= 0; i--) {
      const here = sequence(...(i > 0 ? [comma] : []), item(i), rest)
      rest = i < min ? here : choice(empty, here)
    }
    return sequence(literal('['), rule(gap), rest, rule(gap), literal(']'))
  }

  #object(leaves: Leaves): Expression {
    const patterns = new Map(
      leaves
        .flatMap(({ schema }) => Object.keys(schema.patternProperties ?? {}))
        .map((text) => [text, searchExpression(text)]),
    )
    if (patterns.size > mostPatterns)
      refuse(leaves[0]!.pointer, `an object may have at most ${mostPatterns} patternProperties.`)
    const offering = leaves.filter(({ check }) => !check)
    const open =
      offering.some(({ schema }) => schema.additionalProperties !== undefined) ||
      !offering.some(({ schema }) => schema.properties !== undefined || schema.patternProperties !== undefined)
    const required = new Set(given<string[]>(leaves, 'required').flat())
    const names = new Set([
      ...given<object>(open ? leaves : offering, 'properties').flatMap(Object.keys),
      ...given<string[]>(open ? leaves : offering, 'required').flat(),
    ])
    for (const name of required)
      if (!names.has(name) && ![...patterns.keys()].some((pattern) => new RegExp(pattern, 'u').test(name))) return never
      else names.add(name)
    const nameLeaves = leaves.filter(({ schema }) => schema.propertyNames !== undefined)
    const namings = this.#document.alternatives(
      nameLeaves.map((leaf) => below(leaf, leaf.schema.propertyNames, 'propertyNames')),
      ([first]) => refuse(first!.pointer, 'oneOf for names is not supported. Use anyOf.'),
    )
    const allowed =
      nameLeaves.length === 0 ? undefined : choice(...namings.map((all) => nameContent(all as unknown as Leaves)))
    const members = [...names].map((name) => {
      const matching = [...patterns].filter(([, expression]) => matches(expression, name)).map(([text]) => text)
      const value = allowed && !matches(allowed, name) ? never : this.#property(leaves, name, matching)
      return { required: required.has(name), text: member(literal(JSON.stringify(name)), value) }
    })
    const others = this.#others(leaves, { patterns, names: [...names], allowed, open })
    return sequence(literal('{'), rule(gap), this.#members(members, others, leaves), rule(gap), literal('}'))
  }

  /** The value of a property, `name` undefined for one that is not declared, whose name matches some patterns. */
  #property(leaves: Leaves, name: string | undefined, matching: readonly string[]): Expression {
    const places = leaves.flatMap((leaf) => {
      const {
        properties = {},
        patternProperties = {},
        additionalProperties,
      } = leaf.schema as Record<string, Record<string, unknown> | undefined>
      const own = [
        ...(name !== undefined && Object.hasOwn(properties, name)
          ? [below(leaf, properties[name], 'properties', name)]
          : []),
        ...matching
          .filter((pattern) => Object.hasOwn(patternProperties, pattern))
          .map((pattern) => below(leaf, patternProperties[pattern], 'patternProperties', pattern)),
      ]
      if (own.length || additionalProperties === undefined) return own
      return [below(leaf, additionalProperties, 'additionalProperties')]
    })
    return this.#value(places)
  }

  /** A member whose name is not declared. */
  #others(
    leaves: Leaves,
    {
      patterns,
      names,
      allowed,
      open,
    }: {
      patterns: ReadonlyMap<string, Expression>
      names: readonly string[]
      allowed: Expression | undefined
      open: boolean
    },
  ): Expression {
    const offered = new Set(
      leaves.filter(({ check }) => !check).flatMap(({ schema }) => Object.keys(schema.patternProperties ?? {})),
    )
    const texts = [...patterns.keys()]
    const ways: Expression[] = []
    for (let some = 0; some < 2 ** texts.length; some++) {
      const matching = texts.filter((_, i) => some & (1 << i))
      if (!open && !matching.some((text) => offered.has(text))) continue
      const within = [...matching.map((text) => patterns.get(text)!), ...(allowed ? [allowed] : [])]
      const without = texts.filter((text) => !matching.includes(text)).map((text) => patterns.get(text)!)
      if (names.length) without.push(literals(names))
      const value = this.#property(leaves, undefined, matching)
      if (value === never) continue
      const name =
        within.length + without.length === 0
          ? anyString()
          : stringOf(combine([repeat(anyCharacter, 0), ...within], without))
      ways.push(member(name, value))
    }
    return choice(...ways)
  }

  /** Declared members in their order, those that are not required maybe, then others. */
  #members(
    members: readonly { readonly required: boolean; readonly text: Expression }[],
    others: Expression,
    leaves: Leaves,
  ): Expression {
    const [min, max] = [least(leaves, 'minProperties'), most(leaves, 'maxProperties')]
    // Others may come twice under one name: only one of them is sure to count.
    const sure = leaves.some(({ check }) => check) ? Number.POSITIVE_INFINITY : 1
    if (min > members.length + sure && others !== never)
      refuse(
        leaves.find(({ schema }) => schema.minProperties === min)!.pointer,
        `minProperties is ${min}, but only ${members.length} properties are declared. Declare more, or leave it out.`,
      )
    const counted = min > 0 || max < Number.POSITIVE_INFINITY
    const comma = sequence(literal(','), rule(gap))
    const after = (count: number) => (expression: Expression) =>
      count === 0 ? expression : sequence(comma, expression)
    const known = new Map<string, Expression>()
    /** The members from the i-th on, after so many (0 or some, unless they must be counted). */
    const from = (i: number, count: number): Expression => {
      if (i === members.length) {
        const missing = Math.max(0, min - count)
        if (missing > sure || count > max) return never
        if (others === never) return missing > 0 ? never : empty
        const more = max - count
        const some =
          more > 0
            ? sequence(after(count)(others), repeat(sequence(comma, others), Math.max(0, missing - 1), more - 1))
            : never
        return missing > 0 ? some : choice(empty, some)
      }
      const key = `${i} ${counted ? count : Math.min(count, 1)}`
      let place = known.get(key)
      if (!place) {
        const name = `members ${this.#rules.size}`
        known.set(key, (place = rule(name)))
        this.#rules.set(name, never)
        const { required, text } = members[i]!
        const taken = count < max ? sequence(after(count)(text), from(i + 1, count + 1)) : never
        this.#rules.set(name, required ? taken : choice(taken, from(i + 1, count)))
      }
      return place
    }
    return from(0, 0)
  }
}

const member = (name: Expression, value: Expression): Expression => sequence(name, literal(':'), rule(gap), value)

/** What names may be. */
function nameContent(leaves: Leaves): Expression {
  if (!typesOf(leaves).has('string')) return never
  const lists = [...given<unknown[]>(leaves, 'enum'), ...given<unknown>(leaves, 'const').map((value) => [value])]
  const content = contentOf(leaves) ?? repeat(anyCharacter, 0)
  if (lists.length === 0) return content
  return combine([content, ...lists.map((list) => literals(list.filter((value) => typeof value === 'string')))])
}

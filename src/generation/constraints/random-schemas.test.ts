/** Random schemas: what their grammars write satisfies them, and values without declared properties that satisfy them can be written. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { PellucidError } from '../../base/errors.ts'
import { randomUniform } from '../../base/random.ts'
import { jsonSchemaGrammar } from './json-schema.ts'
import { Matcher } from './matcher.ts'

const number = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.integer({ min: -300, max: 300 }).map((x) => x / 100),
)
const size = fc.integer({ min: 0, max: 3 })
const name = fc.constantFrom('a', 'b', 'ab', 'é"')

const { schema } = fc.letrec<{ schema: object | boolean; some: (object | boolean)[] }>((tie) => ({
  some: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }),
  schema: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'schema' },
    fc.record(
      {
        type: fc.constantFrom('integer', 'number', ['number', 'string'], ['integer', 'null']),
        minimum: number,
        maximum: number,
        exclusiveMinimum: number,
        multipleOf: fc.integer({ min: 1, max: 6 }),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record(
      {
        type: fc.constant('string'),
        minLength: size,
        maxLength: size,
        pattern: fc.constantFrom('^a', 'b$', '[0-9]', '^(x|"y)+$'),
        format: fc.constantFrom('date', 'ipv4'),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record({
      enum: fc.uniqueArray(fc.constantFrom(1, 2.5, 'a', 'b', null, true, 'é"'), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({ const: fc.constantFrom(0, 'a', null) }),
    fc.boolean(),
    fc.record(
      {
        type: fc.constant('object'),
        properties: fc.dictionary(name, tie('schema'), { maxKeys: 3 }),
        required: fc.uniqueArray(name, { maxLength: 2 }),
        additionalProperties: tie('schema'),
        patternProperties: fc.dictionary(fc.constantFrom('^a', 'b'), tie('schema'), { maxKeys: 2 }),
        maxProperties: size,
        minProperties: fc.integer({ min: 0, max: 1 }),
        propertyNames: fc.constantFrom({ maxLength: 2 }, { enum: ['a', 'c'] }),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record(
      {
        type: fc.constantFrom('array', ['array', 'boolean']),
        items: tie('schema'),
        prefixItems: tie('some'),
        minItems: size,
        maxItems: size,
      },
      { requiredKeys: ['type'] },
    ),
    fc.record({ allOf: tie('some') }),
    fc.record({ anyOf: tie('some') }),
    fc.record({ oneOf: tie('some') }),
  ),
}))

/** Values in which nothing is declared, so that a schema that allows them has a text for each. */
const values = [0, 1, 3, -5, 0.5, -0.25, 12, '', 'a', 'ab', 'x', 'é"', '1.2.3.4', null, true, [], [1], [null, 0], [[]]]

const closers = new Set([...'"}]'].map((c) => c.charCodeAt(0)))

/** A text of a grammar, drawn byte by byte; undefined if it does not come to an end soon. */
function draw(matcher: Matcher, seed: number): string | undefined {
  const longest = 300
  const numbers = randomUniform({ seed, purpose: 'sampling', step: 0, site: 0 }, 3 * longest)
  const bytes: number[] = []
  let state = matcher.start()!
  for (let i = 0; i < longest; i++) {
    const [end, close, which] = numbers.subarray(3 * i) as unknown as [number, number, number]
    if (state.accepting && (state.heads.length === 0 || end < 0.3))
      return new TextDecoder().decode(Uint8Array.from(bytes))
    const all = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => matcher.advance(state, byte))
    expect(all, 'there is a way on').not.toEqual([])
    const ascii = all.filter((byte) => byte < 128)
    const closing = close < 0.4 ? ascii.filter((byte) => closers.has(byte)) : []
    const ways = closing.length ? closing : ascii.length ? ascii : all
    bytes.push(ways[Math.floor(which * ways.length)]!)
    state = matcher.advance(state, bytes.at(-1)!)!
  }
  return undefined
}

it('are kept by what is written for them', () => {
  const ajv = new Ajv2020({ strict: false })
  formats.default(ajv)
  let finished = 0
  fc.assert(
    fc.property(schema, (given) => {
      let matcher: Matcher
      try {
        matcher = new Matcher(jsonSchemaGrammar(given))
      } catch (error) {
        // Branches of oneOf may overlap; nothing else is refused.
        expect((error as PellucidError).message).toContain('this branch of oneOf')
        return
      }
      const validate = ajv.compile(given)
      for (const value of values)
        expect(matcher.matches(JSON.stringify(value)), JSON.stringify(value)).toBe(validate(value))
      for (let seed = 0; seed < 6 && !matcher.empty; seed++) {
        const text = draw(matcher, seed)
        if (text === undefined) continue
        expect(validate(JSON.parse(text)), `${text}: ${ajv.errorsText(validate.errors)}`).toBe(true)
        finished++
      }
    }),
    { numRuns: 400, seed: 1 },
  )
  expect(finished).toBeGreaterThan(1000)
})

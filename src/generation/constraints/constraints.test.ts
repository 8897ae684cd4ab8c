/** Forms read, refused and matched, and generation held to them; what random models write is in samples.test.ts. */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { chooseRuntime } from '../../runtime/choose.ts'
import { bytelevelBpe, byteTokenizer, trainCharacters, vocabularyOf } from '../../tokenizers/index.ts'
import { Generator } from '../generator.ts'
import type { GenerateOptions } from '../options.ts'
import type { LogitsProcessor } from '../processors/processor.ts'
import { randomCheckpoint } from '../random-checkpoint.suite.ts'
import { constraintOf } from './constraint.ts'
import { parseGbnf } from './gbnf.ts'
import { jsonSchemaGrammar } from './json-schema.ts'
import { Matcher } from './matcher.ts'
import { regexExpression } from './regex.ts'
import { combine, matches } from './regular.ts'

const matcherOf = (regex: string | RegExp) =>
  new Matcher({ root: 'text', rules: new Map([['text', regexExpression(regex)]]) })
const gbnf = (text: string) => new Matcher(parseGbnf(text))
const json = (schema: unknown) => new Matcher(jsonSchemaGrammar(schema))

/** Sources of small regular expressions over a few characters. */
const { source } = fc.letrec<{ source: string; atom: string; part: string; sequence: string }>((tie) => ({
  atom: fc.oneof(
    fc.constantFrom('a', 'b', 'é', '😀', '.', '[ab]', '[^a]', '\\w', '\\W', '\\d', '\\s', '[a-c\\d]', '\\p{L}', ''),
    tie('source').map((inner) => `(${inner})`),
    tie('source').map((inner) => `(?:${inner})`),
  ),
  part: fc
    .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{0,2}', '{1,}', '*?', '??'))
    .map(([atom, quantifier]) => (atom === '' ? '' : atom + quantifier)),
  sequence: fc
    .tuple(
      fc.constantFrom(...Array(9).fill(''), '^'),
      fc.array(tie('part'), { maxLength: 3 }),
      fc.constantFrom(...Array(9).fill(''), '$'),
    )
    .map(([start, parts, end]) => start + parts.join('') + end),
  source: fc
    .array(tie('sequence'), { minLength: 1, maxLength: 2, depthIdentifier: 'source' })
    .map((ways) => ways.join('|')),
}))
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', '1', ' ', '\n', 'é', '😀', 'K'), maxLength: 6 })

describe('regular expressions', () => {
  it('match as JavaScript’s do', () => {
    let tried = 0
    fc.assert(
      fc.property(
        source,
        fc.constantFrom('u', 'iu', 'su'),
        fc.array(text, { minLength: 8, maxLength: 8 }),
        (pattern, flags, texts) => {
          const regex = new RegExp(pattern, flags)
          let matcher: Matcher
          try {
            matcher = matcherOf(regex)
          } catch (error) {
            // Anchors inside a repetition are refused, and nothing else.
            expect((error as Error).message).toMatch(/repeats \^ or \$/)
            return
          }
          const whole = new RegExp(`^(?:${pattern})$`, flags)
          for (const one of texts) expect(matcher.matches(one), `${regex} ${JSON.stringify(one)}`).toBe(whole.test(one))
          tried++
        },
      ),
      { numRuns: 600, seed: 1 },
    )
    expect(tried).toBeGreaterThan(250)
  })

  it.each([
    ['(?=a)b', 'look-ahead (?=…) at position 0'],
    ['a(?!b)', 'look-ahead (?!…) at position 1'],
    ['(?<=a)b', 'look-behind (?<=…) at position 0'],
    ['(?<!a)b', 'look-behind (?<!…) at position 0'],
    ['x\\bfoo', 'the word boundary \\b at position 1'],
    ['(a)\\1', 'the back-reference \\1 at position 3'],
    ['(?<n>a)\\k<n>', 'the back-reference \\k at position 7'],
    ['x(^a)*', 'repeats ^ or $ at position 1'],
    ['[', 'cannot be read: Unterminated character class'],
    [/a/m, 'the flag m'],
  ])('refuse %s by name and place', (regex, problem) => {
    expect(() => matcherOf(regex)).toThrow(expect.objectContaining({ code: 'BAD_REGEX' }))
    expect(() => matcherOf(regex)).toThrow(problem)
  })

  it('with nested repetitions of nothing come to an end', () => {
    for (const regex of ['(a?){1000000}', '((a*)*)*b?', '(?:a|b?|)*{0}'.slice(0, 10), '(a{0,99999}){0,3}'])
      expect(matcherOf(regex).matches('aaa')).toBe(true)
    expect(() => matcherOf('((a?b?){200}(c?d?){200}){200}').matches('abcd'.repeat(9))).toThrow(
      expect.objectContaining({ code: 'AMBIGUOUS_GRAMMAR' }),
    )
  })

  it('have texts in common, or less those of others', () => {
    const words = combine([regexExpression('[a-z]{2,4}'), regexExpression('.*e.*')], [regexExpression('he|.*x')])
    for (const [word, fits] of [
      ['the', true],
      ['he', false],
      ['hex', false],
      ['e', false],
      ['ab', false],
    ] as const)
      expect(matches(words, word), word).toBe(fits)
  })
})

describe('grammars', () => {
  it.each([
    ['root ::= "a" root "b" | ""', ['', 'ab', 'aabb'], ['a', 'abb', 'ba']],
    ['root ::= ("x" | [0-9]{2}){2,3} # end', ['xx', '12x', '12x34'], ['x', '1x', 'xxxx']],
    [
      '# first\nroot ::= a\n  "!"\n| b\na ::= [^\\]\\-a-c\\n]+\nb ::= . "\\x41\\u00e9\\U0001F600"',
      ['zé!', '?Aé😀'],
      ['a!', ']!', 'A'],
    ],
    ['root ::= "\\"" [a\\]^-]* "\\""', ['""', '"a]^-"'], ['"b"', '"']],
    ['root-1 ::= "x"\nroot ::= root-1{0,2} "é"?', ['', 'xx', 'xé'], ['xxx', 'é é']],
    ['root ::= "a" (dead | "b")\ndead ::= "x" dead', ['ab'], ['ax', 'a']],
  ])('%j', (grammar, inside, outside) => {
    const matcher = gbnf(grammar)
    for (const one of inside) expect(matcher.matches(one), one).toBe(true)
    for (const one of outside) expect(matcher.matches(one), one).toBe(false)
  })

  it.each([
    ['root ::= root "a" | "b"', 'LEFT_RECURSION', 'root → root'],
    ['root ::= x "a"\nx ::= ""| y\ny ::= "b"? root', 'LEFT_RECURSION', 'root → x → y → root'],
    ['root ::= [a-', 'BAD_GRAMMAR', 'line 1, column 13: the class does not end'],
    ['root ::= "a"\nb ::= foo', 'BAD_GRAMMAR', 'line 2, column 7: there is no rule foo'],
    ['foo ::= "a"', 'BAD_GRAMMAR', 'there is no rule root'],
    ['root ::= "a"\nroot ::= "b"', 'BAD_GRAMMAR', 'line 2, column 1: there is a rule root already'],
    ['root ::= ("a"', 'BAD_GRAMMAR', 'line 1, column 14: expected ")", found the end'],
    ['root ::= "a")', 'BAD_GRAMMAR', 'found ")" without "("'],
    ['root ::= "a\n"', 'BAD_GRAMMAR', 'line 1, column 12: the literal does not end'],
    ['root ::= "\\q"', 'BAD_GRAMMAR', 'the escape "\\\\q" is not known'],
    ['root ::= "a"{3,2}', 'BAD_GRAMMAR', 'at least 3 and at most 2'],
    ['root ::= [z-a]', 'BAD_GRAMMAR', 'upside down'],
    ['root ::= <think>', 'BAD_GRAMMAR', 'tokens in a grammar'],
    ['', 'BAD_GRAMMAR', 'there is no rule root'],
    [`root ::= ${'('.repeat(999)}`, 'BAD_GRAMMAR', 'nest more than 200 deep'],
  ])('%j is refused', (grammar, code, problem) => {
    expect(() => gbnf(grammar)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(problem) }))
  })

  it('of which no text can be finished allow none', () => {
    expect(gbnf('root ::= "a" root').empty).toBe(true)
  })

  it('with more meanings than can be followed are refused', () => {
    const doubling = 'root ::= "a" root "x" | "a" root "y" | "b"'
    expect(() => gbnf(doubling).matches('a'.repeat(20))).toThrow(expect.objectContaining({ code: 'AMBIGUOUS_GRAMMAR' }))
  })
})

describe('schemas', () => {
  it.each<[unknown, string[], string[]]>([
    [
      true,
      ['{"a":[1,{}, "\\u00e9\\ud83d\\ude00"]}', '\n  null', '-1.5e+3'],
      ['{"a"}', '01', '"\\ud83d"', '[1,]', 'null '],
    ],
    [
      { type: 'integer', minimum: -12, exclusiveMaximum: 105 },
      ['-12', '0', '104', '99'],
      ['-13', '105', '1.0', '-0', '007', '1000'],
    ],
    [
      { type: 'number', exclusiveMinimum: -0.5, maximum: 2.25 },
      ['-0.49', '0', '2.25', '2.250', '1'],
      ['-0.5', '-0.50', '2.251', '3', '-1'],
    ],
    [{ type: 'number', minimum: 1e-7, maximum: 1e-6 }, ['0.0000001', '0.00000099'], ['0', '0.00000009', '0.0000011']],
    [{ type: 'integer', multipleOf: 7, maximum: 20 }, ['14', '-21', '0'], ['15', '21', '1']],
    [{ enum: ['a', 1, null], type: ['string', 'null'] }, ['"a"', 'null'], ['1', '"b"']],
    [{ type: 'string', minLength: 2, maxLength: 2 }, ['"é😀"', '"\\n\\u0041"'], ['"a"', '"abc"']],
    [{ type: 'string', pattern: '"|\\\\', maxLength: 3 }, ['"a\\"b"', '"\\\\"'], ['"ab"', '"""']],
    [{ properties: { a: false }, type: 'object' }, ['{}', '{ }'], ['{"a":1}', '{"b":1}']],
    [{ type: 'object', required: ['a'] }, ['{"a":1,"b":2}'], ['{}', '{"b":2}']],
    [
      { type: 'array', items: [{ const: 1 }], additionalItems: { const: 2 } },
      ['[]', '[1]', '[1,2, 2]'],
      ['[2]', '[1,1]'],
    ],
    [
      { $ref: '#name', $defs: { x: { $anchor: 'name', $ref: '#/$defs/a~1b' }, 'a/b': { const: 'é' } } },
      ['"é"'],
      ['"e"'],
    ],
    [
      {
        oneOf: [
          { type: 'object', properties: { a: {} }, required: ['a'] },
          { type: 'object', properties: { b: {} }, required: ['b'] },
        ],
      },
      ['{"a":1}', '{"b":1}'],
      ['{"a":1,"b":1}', '{}'],
    ],
    [
      {
        type: 'object',
        properties: { a: {} },
        patternProperties: { '^b': { const: 1 } },
        additionalProperties: { const: 2 },
      },
      ['{"a":3,"bc":1,"c":2}'],
      ['{"bc":2}', '{"c":1}'],
    ],
    [{ type: 'integer', nullable: true }, ['null', '3'], ['"3"']],
    ...['2024-02-29', '2000-02-29', '2023-12-31'].map((day): [unknown, string[], string[]] => [
      { format: 'date', type: 'string' },
      [`"${day}"`],
      ['"2023-02-29"', '"1900-02-29"', '"2023-04-31"'],
    ]),
    [
      { type: 'string', format: 'ipv6' },
      ['"::"', '"::1"', '"1::"', '"1:2:3:4:5:6:7:8"', '"1::3:4:5:6:7:8"', '"1:2:3:4:5:6:7::"'],
      ['"1:2:3:4:5:6:7"', '":::"', '"1::2::3"', '"1:2:3:4:5:6:7:8:9"'],
    ],
  ])('%j', (schema, inside, outside) => {
    const matcher = json(schema)
    for (const one of inside) expect(matcher.matches(one), one).toBe(true)
    for (const one of outside) expect(matcher.matches(one), one).toBe(false)
  })

  it.each([
    [{ properties: { 'a/b': { not: {} } } }, 'at /properties/a~1b: the keyword "not" is not supported'],
    [
      { oneOf: [{ type: 'integer' }, { type: 'number' }] },
      'at /oneOf/0: a value may satisfy this branch of oneOf and /oneOf/1 as well',
    ],
    [{ type: 'strng' }, 'at its root: type is "strng", expected one or several of'],
    [{ $ref: '#/x' }, '$ref is "#/x", which is not in the schema'],
    [{ $ref: 'https://example.org/x' }, 'which is not in the schema'],
    [{ items: { format: 'zip' } }, 'at /items: the format "zip" is not supported'],
    [{ items: { pattern: '(?=a)' } }, 'at /items: pattern: The regular expression "(?=a)" has look-ahead'],
    [{ multipleOf: 0.1 }, 'multipleOf is 0.1, expected a whole number from 1 to 1000'],
    [{ uniqueItems: true }, 'uniqueItems is true, expected false'],
    [{ type: 'object', minProperties: 3, properties: { a: {} }, additionalProperties: true }, 'minProperties is 3'],
    [{ minLenght: 3 }, 'the keyword "minLenght" is not supported'],
    [7, 'a schema is an object, true or false, found 7'],
  ])('%j is refused with its place', (schema, problem) => {
    expect(() => json(schema)).toThrow(expect.objectContaining({ code: 'BAD_SCHEMA' }))
    expect(() => json(schema)).toThrow(problem)
  })

  it.each([
    false,
    { anyOf: [{ $ref: '#' }] },
    { allOf: [{ const: 1 }, { const: 2 }] },
    { type: 'integer', minimum: 3, maximum: 2 },
  ])('%j allows no text', (schema) => expect(json(schema).empty).toBe(true))
})

describe('held to a form, generation', () => {
  const tokenizer = trainCharacters(['abcdefg{}[]":, 0123456789-.etruflsnxé'])
  const size = { vocabulary: tokenizer.vocabSize, context: 64 }
  const end = tokenizer.idOf('</s>')!
  let generator: Generator
  beforeAll(async () => {
    generator = new Generator(randomCheckpoint(size), await chooseRuntime('native'), { tokenizer })
    return () => generator.dispose()
  })
  const texts = async (options: GenerateOptions) => (await generator.complete('ab', options)).sequences

  it('ends where nothing may follow, by the end token or, without any, by itself', async () => {
    const [ended] = await texts({ regex: '[a-c]{4}' })
    expect(ended).toMatchObject({ finish: 'eos', text: expect.stringMatching(/^[a-c]{4}$/) })
    expect(ended!.ids.at(-1)).toBe(end)
    const [stopped] = await texts({ regex: '[a-c]{4}', stopTokens: [] })
    expect(stopped).toMatchObject({ finish: 'stop', text: ended!.text })
    expect(stopped!.ids).toHaveLength(stopped!.promptLength + 4)
  })

  it('begins nothing that the vocabulary cannot finish', async () => {
    const options = { regex: '(?:a|b)(?:Z+|[xZ])|c{3}Q|(?:ab|aQ)', returned: 30 }
    const found = new Set((await texts(options)).map(({ text }) => text))
    expect(found.size).toBeGreaterThan(1)
    for (const text of found) expect(['ax', 'bx', 'ab']).toContain(text)
  })

  it('that is cut off is unfinished', async () => {
    const [cut] = await texts({ regex: 'a{9}', maxNewTokens: 5 })
    expect(cut).toMatchObject({ finish: 'length', text: 'aaaaa' })
  })

  it('streams what it completes', async () => {
    const options = { grammar: 'root ::= "[" [0-9]{1,3} ("," root)* "]"', maxNewTokens: 40, seed: 3 }
    let streamed = ''
    for await (const { text } of generator.stream('ab', options)) streamed += text
    expect(streamed).toBe((await texts(options))[0]!.text)
    expect(streamed).toMatch(/^\[\d{1,3}[\],]/)
  })

  it.each([{ stopTokens: [] }, {}])('searches with beams, %j', async (ends) => {
    const options = { regex: '(?:ab|cd){2}[efg]', beams: 3, returned: 3, ...ends }
    const found = await texts(options)
    expect(found).toHaveLength(3)
    for (const { text, finish } of found) {
      expect(text).toMatch(/^(?:ab|cd){2}[efg]$/)
      expect(finish).toBe('stopTokens' in ends ? 'stop' : 'eos')
    }
    expect(new Set(found.map(({ text }) => text)).size).toBe(3)
  })

  it('gives the same with guessed tokens', async () => {
    const options = { jsonSchema: { type: 'array', items: { enum: [1, 22, 'abc'] } }, maxNewTokens: 40, temperature: 0 }
    expect((await texts({ ...options, promptLookup: 4 }))[0]!.ids).toEqual((await texts(options))[0]!.ids)
  })

  it('refuses forms that nothing fits, several, and texts that the vocabulary cannot spell', async () => {
    await expect(texts({ jsonSchema: false })).rejects.toMatchObject({ code: 'NO_TEXT_FITS' })
    await expect(texts({ jsonSchema: true, regex: 'a' })).rejects.toThrow('regex and jsonSchema each say')
    await expect(texts({ regex: 'aZ' })).rejects.toMatchObject({ code: 'NO_TOKEN_FITS' })
    const bare = new Generator(randomCheckpoint(size), await chooseRuntime('native'))
    await expect(bare.complete([7], { regex: 'a' })).rejects.toMatchObject({ code: 'NO_TOKENIZER' })
  })

  it('says that another processor forces what is not allowed', async () => {
    const force: LogitsProcessor = (logits) => logits.fill(0)
    const { process } = constraintOf({ regex: 'a' }, tokenizer, [end], tokenizer.vocabSize)!
    const logits = new Float32Array(tokenizer.vocabSize)
    force(logits, { ids: [], promptLength: 0 })
    expect(() => process(logits, { ids: [tokenizer.idOf('b')!], promptLength: 0 })).toThrow(
      expect.objectContaining({ code: 'CONSTRAINT_BROKEN' }),
    )
  })
})

describe('which tokens may come', () => {
  it('is an error where a vocabulary of words has none', () => {
    const tokenizer = bytelevelBpe({ vocabulary: vocabularyOf(['a', 'bcd']), merges: [] })
    const { process } = constraintOf({ regex: 'abce' }, tokenizer, [], 2)!
    const logits = new Float32Array(2)
    process(logits, { ids: [], promptLength: 0 })
    expect([...logits]).toEqual([0, Number.NEGATIVE_INFINITY])
    expect(() => process(logits, { ids: [0], promptLength: 0 })).toThrow(
      expect.objectContaining({
        code: 'NO_TOKEN_FITS',
        message: expect.stringContaining('after "a".\nThe constraint asks for b'),
      }),
    )
  })

  /** The tokens left by a constraint after some. */
  function left(regex: string, ids: readonly number[]) {
    const tokenizer = byteTokenizer()
    const { process } = constraintOf({ regex }, tokenizer, [1], tokenizer.vocabSize)!
    const logits = new Float32Array(tokenizer.vocabSize)
    process(logits, { ids, promptLength: 0 })
    return [...logits.keys()].filter((id) => logits[id] === 0)
  }

  it('is told byte by byte', () => {
    expect(left('é|è|x', [])).toEqual([0x78 + 3, 0xc3 + 3])
    expect(left('é|è|x', [0xc3 + 3])).toEqual([0xa8 + 3, 0xa9 + 3])
    expect(left('é|è|x', [0xc3 + 3, 0xa8 + 3])).toEqual([1])
    expect(left('a*', [])).toEqual([1, 0x61 + 3])
  })

  it('is known of sequences that were taken back and go on differently', () => {
    const tokenizer = byteTokenizer()
    const { process } = constraintOf({ regex: 'abc|axd' }, tokenizer, [1], tokenizer.vocabSize)!
    const ids: number[] = []
    const next = (text: string) => {
      ids.splice(0, ids.length, ...[...text].map((c) => c.charCodeAt(0) + 3))
      const logits = new Float32Array(tokenizer.vocabSize)
      process(logits, { ids, promptLength: 0 })
      return [...logits.keys()].filter((id) => logits[id] === 0).map((id) => String.fromCharCode(id - 3))
    }
    expect(next('a')).toEqual(['b', 'x'])
    expect(next('ab')).toEqual(['c'])
    expect(next('ax')).toEqual(['d'])
  })
})

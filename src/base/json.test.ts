import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonError, parseJson, show } from './json.ts'

const problem = (text: string): JsonError => {
  try {
    parseJson(text)
  } catch (error) {
    if (error instanceof JsonError) return error
    throw error
  }
  throw new Error(`accepted ${text}`)
}

describe('parseJson', () => {
  test('reads whatever JSON.stringify writes, as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 2, '\t'), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent)
        expect(parseJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  test('agrees with JSON.parse on which mutilated texts are JSON', () => {
    const alphabet = fc.constantFrom(...'{}[]",:\\/0123456789.eE+-truefalsn \n\t\u0001u')
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 12 }), (text) => {
        let expected: unknown
        try {
          expected = JSON.parse(text)
        } catch {
          expect(() => parseJson(text)).toThrow(JsonError)
          return
        }
        try {
          expect(parseJson(text)).toEqual(expected)
        } catch (error) {
          // The differences are meant: duplicate keys, half pairs, and numbers beyond float64.
          if (!(error instanceof JsonError)) throw error
          expect(error.message).toMatch(/duplicate key|surrogate|out of range/)
        }
      }),
      { numRuns: 3000 },
    )
  })

  test.each([
    ['', 1, 1, 'found the end'],
    ['{', 1, 2, 'expected a key in quotes, found the end'],
    ['{"a":1,\n  "b" 2}', 2, 7, `expected ':' after the key "b", found "2"`],
    ['[1,2,]', 1, 6, 'expected a value, found "]"'],
    ['{"a":1}}', 1, 8, 'expected the end, found "}"'],
    ['{"a":01}', 1, 7, `expected ',' or '}'`],
    ['["a\nb"]', 1, 4, 'without its closing quote'],
    ['["\\x"]', 1, 3, 'unknown escape'],
    ['["\\ud800"]', 1, 2, 'half of a surrogate pair'],
    ['[1e400]', 1, 2, 'out of range'],
    ['[NaN]', 1, 2, 'expected a value, found "N"'],
    ['\ufeff{}', 1, 1, 'byte order mark'],
    ['{"a":1,\n"a":1}', 2, 1, 'duplicate key "a"'],
    ['{"__proto__":1,"__proto__":1}', 1, 16, 'duplicate key "__proto__"'],
  ])('refuses %j at %i:%i', (text, line, column, message) => {
    const error = problem(text)
    expect(error.message).toContain(message)
    expect([error.line, error.column]).toEqual([line, column])
  })

  test('nesting beyond 128 is refused, however deep', () => {
    expect(parseJson('['.repeat(128) + ']'.repeat(128))).toBeInstanceOf(Array)
    expect(problem('['.repeat(129) + ']'.repeat(129)).message).toContain('nested more than 128 deep')
    expect(problem('{"a":'.repeat(100_000)).message).toContain('nested more than 128 deep')
  })

  test('a key __proto__ is an ordinary key and changes no prototype', () => {
    const value = parseJson('{"__proto__":{"polluted":1},"constructor":2}') as object
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect('polluted' in value).toBe(false)
  })

  test('a caller can see how numbers are written', () => {
    expect(parseJson('[2, 2.0, -0, 2e0]', { number: (source) => source })).toEqual(['2', '2.0', '-0', '2e0'])
  })

  test('a caller can limit the length of arrays and objects', () => {
    expect(parseJson('[[1,2],[3]]', { maxItems: 2 })).toEqual([[1, 2], [3]])
    expect(() => parseJson('[1,2,3]', { maxItems: 2 })).toThrow('a list of more than 2 items')
    expect(parseJson('{"a":1,"b":2}', { maxMembers: 2 })).toEqual({ a: 1, b: 2 })
    expect(() => parseJson('{"a":{"b":1,"c":1}}', { maxMembers: 1 })).toThrow('an object of more than 1 members')
    expect(() => parseJson('{"a":1,"b":2}', { maxMembers: 1, member: () => {} })).not.toThrow()
  })

  test('what a terminal would obey is shown as an escape', () => {
    expect(show('\x1b[2J\x9b31m\u202e\ufeff')).toBe('"\\u001b[2J\\u009b31m\\u202e\\ufeff"')
    expect(show(Array(1e6).fill(1)).length).toBe(58)
    expect([NaN, -Infinity, 10n, [10n], undefined, Symbol('x'), () => 1].map(show)).toEqual([
      'NaN',
      '-Infinity',
      '10',
      '[10]',
      'undefined',
      'Symbol(x)',
      'a function',
    ])
  })

  test('a caller can take the members of the outermost object as they come', () => {
    const seen: unknown[] = []
    const member = (key: string, value: unknown) => void seen.push([key, value])
    expect(parseJson('{"a":{"b":[1]},"c":2}', { member })).toEqual({})
    expect(seen).toEqual([
      ['a', { b: [1] }],
      ['c', 2],
    ])
    expect(() => parseJson('{"a":1,"a":2}', { member })).toThrow('duplicate key "a"')
  })

  test('a caller can have a table of many members as a Map', () => {
    const map = ['model', 'vocab']
    const vocab = new Map([
      ['b', 0],
      ['1', 1],
    ])
    expect(parseJson('{"vocab":{},"model":{"vocab":{"b":0,"1":1},"x":{"vocab":{}}}}', { map })).toEqual({
      vocab: {},
      model: { vocab, x: { vocab: {} } },
    })
    expect(parseJson('{"model":[{"vocab":{"a":0}}]}', { map })).toEqual({ model: [{ vocab: { a: 0 } }] })
    expect(parseJson('{"model":{"vocab":[{}]}}', { map })).toEqual({ model: { vocab: [{}] } })
    expect(() => parseJson('{"model":{"vocab":{"a":0,"a":1}}}', { map })).toThrow('duplicate key "a"')
    expect(() => parseJson('{"model":{"vocab":{"a":0,"b":1}}}', { map, maxMembers: 1 })).toThrow('more than 1 members')
    for (const bad of ['{"model":{"vocab":{"a" 0}}}', '{"model":{"vocab":{"a":0 "b":1}}}', '{"model":{"vocab":{a:0}}}'])
      expect(() => parseJson(bad, { map })).toThrow(JsonError)
    expect(show(vocab)).toBe('{"1":1,"b":0}')
  })

  test('show is one short line for any value', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const text = show(value)
        expect(text.length).toBeLessThanOrEqual(60)
        expect(text).not.toContain('\n')
      }),
    )
  })
})

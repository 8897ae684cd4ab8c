/** Patterns against what Oniguruma finds, how long they take on the worst of texts, and which are refused. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Field } from '../field.ts'
import { IntegerList } from '../text/integer-list.ts'
import { codePointOffsets } from '../text/unicode.ts'
import { readPattern, scannerOf } from './index.ts'
import { tiktokenPatterns } from './published.ts'
import type { Scanner } from './scanners.ts'

type Recorded = [pattern: string, cases: [text: string, matches: number[], cuts: number[]][]][]
const recorded: Recorded = JSON.parse(
  readFileSync(new URL('../../../test/oracles/data/tokenizers/patterns.json', import.meta.url), 'utf8'),
)

const read = (Regex: string) => readPattern(new Field('t.json', { Regex }, 'pre_tokenizer.pattern'))

function matchesOf(scan: Scanner, text: string, from = 0, to = text.length): [number, number][] {
  const bounds = new IntegerList()
  scan(text, from, to, bounds)
  return Array.from({ length: bounds.length / 2 }, (_, i) => [bounds.data[2 * i]!, bounds.data[2 * i + 1]!])
}

const found = (pattern: string, text: string) => matchesOf(read(pattern).scan, text).map(([a, b]) => text.slice(a, b))

describe('patterns find what Oniguruma finds', () => {
  const impatient: [string, number | undefined][] = [
    ['as a rule', undefined],
    ['noting failures from the start', 0],
  ]
  it.each(impatient)('%s', (_, patience) => {
    let refused = 0
    for (const [pattern, cases] of recorded) {
      let scan: Scanner
      try {
        scan = scannerOf(pattern, () => expect.fail(pattern), patience)
      } catch (error) {
        expect((error as Error).message, pattern).toMatch(/repetition inside a repetition/)
        refused++
        continue
      }
      for (const [text, wanted, cuts] of cases) {
        // From units back to code points: an offset inside a character would be no code point.
        const points = codePointOffsets(text)
        const matches = matchesOf(scan, text).map(([a, b]) => [points(a), points(b)] as const)
        const full = matches.filter(([a, b]) => b > a).flat()
        expect(full, `${pattern} in ${JSON.stringify(text)}`).toEqual(wanted)
        const inside = ([a, b]: readonly [number, number]) =>
          a === b && a > 0 && a < points(text.length) && !full.includes(a)
        expect(
          matches.filter(inside).map(([a]) => a),
          `${pattern} in ${JSON.stringify(text)}`,
        ).toEqual(cuts)
      }
    }
    expect(refused).toBeLessThan(recorded.length / 10)
  })

  it('within a part of a text as if there were no more', () => {
    const { scan } = read('(?<=a)b|^c|d$|\\bé|(?!x)y')
    expect(matchesOf(scan, 'abcdéyx', 1, 6)).toEqual([[5, 6]])
    expect(matchesOf(scan, 'abcdéyx', 2, 4)).toEqual([
      [2, 3],
      [3, 4],
    ])
  })

  it('in Unicode, not in the way of JavaScript', () => {
    expect(found('\\s+', 'a\u0085b \ufeffc')).toEqual(['\u0085', ' '])
    expect(found('\\w+', 'né_٣ \u200dक़²')).toEqual(['né_٣', 'क़²'])
    expect(found('[\\w]+', 'a²')).toEqual(['a'])
    expect(found('(?i:straße)', 'STRASSE Strasse strAẞe')).toEqual(['STRASSE', 'Strasse', 'strAẞe'])
    expect(found('\\X', '👩\u200d👧e\u0301')).toEqual(['👩\u200d👧', 'e\u0301'])
    // Oniguruma's clusters part conjuncts of Indic scripts, those of Unicode 15.1 do not.
    expect(found('\\X', 'नमस्ते')).toEqual(['न', 'म', 'स्', 'ते'])
  })

  it('for a literal', () => {
    const { scan } = readPattern(new Field('t.json', { String: 'a.b' }))
    expect(matchesOf(scan, 'a.b axb a.b', 0, 7)).toEqual([[0, 3]])
    const [empty, expression] = ['String', 'Regex'].map((kind) => readPattern(new Field('t.json', { [kind]: '' })).scan)
    expect(matchesOf(empty!, 'ab', 0, 2)).toEqual(matchesOf(expression!, 'ab', 0, 2))
    expect(matchesOf(empty!, 'ab', 0, 2).length).toBeGreaterThan(1)
  })
})

describe('tiktoken', () => {
  it('splits the end of a text as its own spelling does', () => {
    expect(found(tiktokenPatterns.cl100k_base!, "a1234\n  I'LL \n")).toEqual([
      'a',
      '123',
      '4',
      '\n',
      ' ',
      ' I',
      "'LL",
      ' \n',
    ])
    expect(found(tiktokenPatterns.cl100k_base!, 'a\n  ')).toEqual(['a', '\n  '])
    expect(found(tiktokenPatterns.o200k_base!, "HelloWORLDs don't a/b//\n")).toEqual([
      'Hello',
      'WORLDs',
      " don't",
      ' a',
      '/b',
      '//\n',
    ])
    expect(found(tiktokenPatterns.gpt2!, "it's  12")).toEqual(['it', "'s", ' ', ' 12'])
  })
})

/** Patterns on which backtracking alone takes quadratic or exponential time, with a piece of the text to repeat. */
const expensive: [string, string][] = [
  ['a+b', 'a'],
  ['(?:a|a)*b', 'a'],
  ['a*a*a*a*b', 'a'],
  ['(?:[ab]+a)+c', 'ab'],
  ['a++b', 'a'],
  ['(?>(?:ab)*)c', 'ab'],
  ['(?!.*b)c|a(?=a*$)b', 'a'],
  ['(?=(?>a+)b)x|(?>(?=a+)a+)y', 'a'],
  ['(?<=xa*)b|a(?<!xa+)b', 'a'],
  ['a(?:.*b)?', 'a'],
  ["(?:\\p{L}+')+x", "ab'"],
  ['(?:a?)*b', 'a'],
  ['(?:a?){5}b', 'a'],
  ['(?:\\w+\\s)*\\.', 'ab '],
  ['.*?.*?x', '😀'],
  ['\\s+$|\\s+x', ' '],
  ['\\Ga+b', 'a'],
  [tiktokenPatterns.o200k_base!, ' '],
]

describe('time', () => {
  it.each(expensive)('of %s is linear in the text', (pattern, piece) => {
    const { scan } = read(pattern)
    /** Milliseconds of processor time. */
    const time = (length: number) => {
      const text = `${piece.repeat(length / piece.length)}-`
      const start = process.cpuUsage()
      scan(text, 0, text.length, new IntegerList())
      const { user, system } = process.cpuUsage(start)
      return (user + system) / 1000
    }
    time(10_000)
    // Quadratic time would be 16 times as long, and many seconds; below 20 ms the machine's other work would count.
    const least = (length: number) => Math.min(time(length), time(length))
    expect(least(40_000) / Math.max(least(10_000), 20)).toBeLessThan(10)
  })

  it('is bounded where failures cannot be noted', () => {
    const start = performance.now()
    expect(() => found('(\\w+)+?\\1{3}x', '')).toThrow(/repetition inside a repetition/)
    expect(() => found('(\\w*)(\\w*)(\\w*)\\1\\2\\3x', 'a'.repeat(5000))).toThrow(
      expect.objectContaining({
        code: 'TOKENIZER_REGEX',
        message: expect.stringMatching(/^t\.json: .* too long .*\n.*back-references/s),
      }),
    )
    expect(performance.now() - start).toBeLessThan(10_000)
    expect(found('(\\w+)-\\1', 'abc-bc abc-abc')).toEqual(['bc-bc', 'abc-abc'])
  })
})

/** Each group calls the one before twice: the last would hold 2^25 of the first. */
const calls = `(?<g0>a)${Array.from({ length: 25 }, (_, i) => `(?<g${i + 1}>\\g<g${i}>\\g<g${i}>)`).join('')}`

describe('refusals', () => {
  it.each(
    [
      ['(a', 'Unclosed group'],
      ['[z-a]', 'out of order'],
      ['\\', 'Incomplete escape'],
      ['\\p{Foo}', 'Foo'],
      ['(?s:a)', 'group option'],
      ['(?W)\\w', 'group option'],
      ['(?~ab)', 'absent operator'],
      ['(a)?(?(1)b)', 'conditional'],
      ['(?<x>a\\g<x>?b)', 'contain itself'],
      ['\\p{In_Cyrillic}', 'write its range'],
      ['(?<=(?>a|ab))c', 'atomic group inside'],
      ['(?:(?:\\d{999}x){999}y){999}', 'too large'],
      ['('.repeat(100_000), 'nests too deeply'],
      [calls, 'multiply'],
      ['(a+)+$', 'repetition inside a repetition'],
      ['(?:a*)*', 'repetition inside a repetition'],
      ['((a|b+)c?){2,}', 'repetition inside a repetition'],
      ['(\\w+\\s?)+', 'repetition inside a repetition'],
    ].map(([pattern, reason]) => ({ name: pattern!.slice(0, 40), pattern: pattern!, reason: reason! })),
  )('$name: $reason', ({ pattern, reason }) => {
    expect(() => read(pattern)).toThrow(
      expect.objectContaining({ code: 'TOKENIZER_REGEX', kind: 'file', message: expect.stringContaining(reason) }),
    )
    expect(() => read(pattern)).toThrow(/^t\.json: pre_tokenizer\.pattern\.Regex is /)
  })

  it.each(["(?:\\p{L}+')+", '(?:\\d{3})*', '[(a+)]+', '\\(a+\\)+', '(?:a++)+', '(?:a+b)*', '\\p{N}{1,3}+'])(
    'not of %s',
    (pattern) => {
      expect(read(pattern).coversAll).toBe(false)
    },
  )
})

/** Hand-written scanners against the regular expressions they stand for, and patterns that are refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Field } from '../field.ts'
import { IntegerList } from '../text/integer-list.ts'
import { hasNestedRepetition, readPattern, translatePattern } from './index.ts'
import {
  characterPattern,
  gpt2Pattern,
  llama3Pattern,
  type Scanner,
  scanCharacters,
  scanGpt2,
  scanLlama3,
} from './scanners.ts'

/** JavaScript on Node 20 has no `(?i:…)`: the same, spelled out. U+017F is an s to a comparison that ignores case. */
const withoutOptions = (pattern: string) =>
  pattern.replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?:[sS\u017f]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])")

const cases: [string, string, Scanner][] = [
  ['GPT-2', gpt2Pattern, scanGpt2],
  ['Llama 3', withoutOptions(llama3Pattern), scanLlama3],
  ['characters', characterPattern, scanCharacters],
]

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...` \n\r\t'sStTrReEvVlLdmM1٣½x.,!\u017f\u00a0\u3000\u0085\ufeffé中़😀𝟘𐐀`),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 30,
})

const piecesOf = (scan: Scanner, whole: string, from = 0, to = whole.length) => {
  const bounds = new IntegerList()
  scan(whole, from, to, bounds)
  return Array.from({ length: bounds.length / 2 }, (_, i) => whole.slice(bounds.data[2 * i]!, bounds.data[2 * i + 1]!))
}

describe.each(cases)('%s', (_, pattern, scan) => {
  const expression = new RegExp(translatePattern(pattern)!, 'gu')

  it('finds what its expression finds', () => {
    fc.assert(
      fc.property(text, (whole) => {
        expect(piecesOf(scan, whole)).toEqual(whole.match(expression) ?? [])
      }),
      { numRuns: 3000 },
    )
  })

  it('does not look beyond its part of the text', () => {
    fc.assert(
      fc.property(text, text, text, (before, part, after) => {
        const whole = before + part + after
        // Two halves of a character would join at the border.
        fc.pre(whole.isWellFormed())
        expect(piecesOf(scan, whole, before.length, before.length + part.length)).toEqual(part.match(expression) ?? [])
      }),
    )
  })
})

describe('patterns', () => {
  const read = (source: string) => readPattern(new Field('t.json', { Regex: source }, 'pre_tokenizer.pattern'))

  it('mean what they mean in Oniguruma', () => {
    expect(piecesOf(read('\\s+').scan, 'a\u0085b \ufeffc')).toEqual(['\u0085', ' '])
    expect(piecesOf(read('\\w+').scan, 'né_٣ \u200dक़')).toEqual(['né_٣', '\u200dक़'])
    expect(piecesOf(read("[^\\s\\w\\-']").scan, "a-b' c!")).toEqual(['!'])
    expect(piecesOf(read('^.').scan, 'ab\ncd\re')).toEqual(['a', 'c'])
    expect(piecesOf(read('.$').scan, 'ab\ncd')).toEqual(['b', 'd'])
    expect(piecesOf(readPattern(new Field('t.json', { String: 'a.b' })).scan, 'a.b axb')).toEqual(['a.b'])
  })

  it.each(['(a', '[z-a]', '\\', '(?i:a)', '(?>a+)', 'a++', '[a[b]]', '\\Gx', '[\\W]'])('refuses %s', (source) => {
    expect(() => read(source)).toThrow(expect.objectContaining({ code: 'TOKENIZER_REGEX', kind: 'file' }))
  })

  it('refuses those that can take exponential time', () => {
    for (const source of ['(a+)+$', '(?:a*)*', '((a|b+)c?){2,}', '(\\s+x?)+']) {
      expect(hasNestedRepetition(source)).toBe(true)
      expect(() => read(source)).toThrow(/repetition inside a repetition/)
    }
    for (const source of [gpt2Pattern, llama3Pattern, '(?:\\d{3})*', '[(a+)]+', '\\(a+\\)+'])
      expect(hasNestedRepetition(source)).toBe(false)
  })
})

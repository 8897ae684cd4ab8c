import { describe, expect, it } from 'vitest'
import { ASTRAL, flagsAt, NUMERIC, PUNCTUATION, WHITE_SPACE, WORD } from './character-flags.ts'
import { CodePointRanges } from './code-point-ranges.ts'

describe('the flags of characters', () => {
  const flags = (character: string) => flagsAt(`x${character}`, 1)

  it('are those of their kinds', () => {
    expect(flags('a')).toBe(WORD)
    expect(flags('7')).toBe(WORD | NUMERIC)
    expect(flags('½')).toBe(NUMERIC)
    expect(flags('_')).toBe(WORD | PUNCTUATION)
    expect(flags('\u0085')).toBe(WHITE_SPACE)
    expect(flags('\ufeff')).toBe(0)
    expect(flags('\u200d')).toBe(WORD)
    expect(flags('\u0301')).toBe(WORD)
    expect(flags('😀')).toBe(ASTRAL)
    expect(flags('𝒳')).toBe(WORD | ASTRAL)
  })

  it('have all of ASCII that is no letter, digit, space or control among punctuation', () => {
    const ascii = Array.from({ length: 0x80 }, (_, unit) => String.fromCharCode(unit))
    expect(ascii.filter((character) => flags(character) & PUNCTUATION).join('')).toBe(
      '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
    )
  })

  it('have the punctuation of Unicode 7, what has ceased to be such included', () => {
    expect(flags('\u166d') & PUNCTUATION).toBeTruthy()
    expect(flags('\u2e42') & PUNCTUATION).toBeTruthy()
    expect(flags('\u2e43') & PUNCTUATION).toBeFalsy()
  })

  it('are the same when asked again', () => {
    for (const character of ['é', '日', '𐐀', '\u2028']) expect(flags(character)).toBe(flags(character))
  })
})

describe('ranges of code points', () => {
  it('hold their ends and what lies between', () => {
    const ranges = new CodePointRanges('41-43 45 10000-10001')
    const held = [0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0xffff, 0x10000, 0x10001, 0x10002].filter((point) =>
      ranges.has(point),
    )
    expect(held).toEqual([0x41, 0x42, 0x43, 0x45, 0x10000, 0x10001])
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { displayWidth, flat, printable, truncate, Wrapper } from './layout.ts'

describe('displayWidth', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['漢字', 4],
    ['🎉', 2],
    ['\x1b[31mred\x1b[39m', 3],
  ])('%j takes %i columns', (text, width) => expect(displayWidth(text)).toBe(width))
})

test('truncate never exceeds its columns and keeps what fits', () => {
  expect(truncate('hello', 5)).toBe('hello')
  expect(truncate('hello!', 5)).toBe('hell…')
  expect(truncate('漢字漢字', 5)).toBe('漢字…')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, columns) => {
      expect(displayWidth(truncate(text, columns))).toBeLessThanOrEqual(columns)
    }),
  )
})

test('what would move the cursor is left out', () => {
  expect(printable('a\x1b[2Jb\rc\x07d\x9be\tf\ng')).toBe('a[2Jbcde\tf\ng')
  expect(flat(' a\r\n\x1bb\t c ')).toBe('a b c')
})

describe('Wrapper', () => {
  const wrap = (pieces: readonly string[], columns: number) => {
    const wrapper = new Wrapper(() => columns, '  ')
    return `  ${pieces.map((piece) => wrapper.push(piece)).join('')}${wrapper.flush()}`
  }

  test('breaks between words, not inside', () =>
    expect(wrap(['The qu', 'ick br', 'own fox', ' jumps'], 14)).toBe('  The quick\n  brown fox\n  jumps'))

  test('keeps line breaks and breaks words that fit nowhere', () =>
    expect(wrap(['ab\ncd abcdefghijklmnop'], 10)).toBe('  ab\n  cd\n  abcdef\n  ghijklm\n  nop'))

  test('no line is wider than the terminal, no character is lost, however the text is cut into pieces', () =>
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '漢') })),
        fc.integer({ min: 8, max: 30 }),
        (pieces, columns) => {
          const shown = wrap(pieces, columns)
          for (const line of shown.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(columns)
          expect(shown.replace(/\s/g, '')).toBe(pieces.join('').replace(/\s/g, ''))
        },
      ),
    ))
})

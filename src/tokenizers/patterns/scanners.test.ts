/** Hand-written scanners against the patterns they stand for. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IntegerList } from '../text/integer-list.ts'
import { scannerOf } from './index.ts'
import { type Scanner, scanners } from './scanners.ts'

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...` \n\r\t'sStTrReEvVlLdDmMaAzZ1٣½x.,!/\u017f\u00a0\u3000\u0085\ufeffé中ǅʰ\u0301😀𝟘𐐀`),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 30,
})

const piecesOf = (scan: Scanner, whole: string, from = 0, to = whole.length) => {
  const bounds = new IntegerList()
  scan(whole, from, to, bounds)
  return Array.from({ length: bounds.length / 2 }, (_, i) => whole.slice(bounds.data[2 * i]!, bounds.data[2 * i + 1]!))
}

describe.each([...scanners])('%s', (pattern, scan) => {
  const general = scannerOf(pattern, () => expect.fail('this takes no time'))

  it('finds what the pattern finds, which is everything', () => {
    fc.assert(
      fc.property(text, (whole) => {
        const pieces = piecesOf(scan, whole)
        expect(pieces).toEqual(piecesOf(general, whole))
        expect(pieces.join('')).toBe(whole)
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
        const bounded = piecesOf(scan, whole, before.length, before.length + part.length)
        expect(bounded).toEqual(piecesOf(general, part))
        expect(piecesOf(general, whole, before.length, before.length + part.length)).toEqual(bounded)
      }),
    )
  })
})

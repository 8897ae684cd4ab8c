import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeUtf8, invalidUtf8At } from './utf8.ts'

test('well-formed text has no bad byte', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const bytes = new TextEncoder().encode(text)
      expect(invalidUtf8At(bytes)).toBe(-1)
      expect(decodeUtf8(bytes)).toEqual({ text })
    }),
  )
})

test('agrees with the platform on which bytes are UTF-8, near every kind of sequence', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const isUtf8 = (bytes: Uint8Array): boolean => {
    try {
      decoder.decode(bytes)
      return true
    } catch {
      return false
    }
  }
  const continuations = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]
  for (let lead = 0; lead < 256; lead++)
    for (const a of continuations)
      for (const b of continuations)
        for (const c of continuations) {
          const bytes = Uint8Array.of(lead, a, b, c)
          if ((invalidUtf8At(bytes) === -1) !== isUtf8(bytes))
            expect.fail(`disagrees on ${Buffer.from(bytes).toString('hex')}`)
        }
})

test.each([
  ['61ff62', 1],
  ['c3', 0],
  ['61e282', 1],
  ['e282ac61c0af', 4],
  ['eda080', 0],
  ['f4908080', 0],
])('the first bad byte of %s is %i', (hex, at) => {
  expect(decodeUtf8(Uint8Array.from(Buffer.from(hex, 'hex')))).toEqual({ invalidAt: at })
})

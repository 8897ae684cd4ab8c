/** Base64 there and back, as Node's own buffers have it. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromBase64, toBase64 } from './base64.ts'

it('is what Node writes, and comes back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = toBase64(bytes)
      expect(text).toBe(Buffer.from(bytes).toString('base64'))
      expect(fromBase64(text)).toEqual(Uint8Array.from(bytes))
    }),
  )
})

it('takes bytes of any number', () => {
  const bytes = Uint8Array.from({ length: 1_000_000 }, (_, i) => i % 251)
  expect(Buffer.compare(fromBase64(toBase64(bytes))!, bytes)).toBe(0)
})

it.each(['?', 'a', 'YQ==='])('%s is none', (text) => expect(fromBase64(text)).toBeUndefined())

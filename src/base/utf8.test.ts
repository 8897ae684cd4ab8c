import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeText, decodeUtf8, invalidUtf8At } from './utf8.ts'

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

test('lossy: the text that the platform makes of any bytes, and how many characters it had to put in', () => {
  const platform = new TextDecoder('utf-8', { ignoreBOM: true })
  const junk = fc.uint8Array({ maxLength: 12 })
  const whole = fc.string({ unit: fc.constantFrom('a', 'é', '�', '🐑', '﻿') }).map((text) => Buffer.from(text))
  fc.assert(
    fc.property(fc.array(fc.oneof(junk, whole)), (parts) => {
      const bytes = Buffer.concat(parts)
      const lossy = { count: 0 }
      const text = decodeText(bytes, 'text', { lossy })
      expect(text).toBe(platform.decode(bytes))
      expect(lossy.count > 0).toBe(invalidUtf8At(bytes) >= 0)
      const written = Buffer.from(bytes.toString('latin1').replaceAll('\xef\xbf\xbd', ' '), 'latin1')
      expect(lossy.count).toBe(platform.decode(written).split('�').length - 1)
    }),
  )
})

test.each([
  ['a\xffb\xfe', 2],
  ['\xef\xbf\xbd', 0],
  ['\xef\xbf\xbd\xef\xbf', 1],
  ['\xf0\x9f\x90', 1],
  ['\xed\xa0\x80', 3],
])('lossy counts in %j: %i', (latin1, count) => {
  const lossy = { count: 0 }
  decodeText(Buffer.from(latin1, 'latin1'), 'text', { lossy })
  expect(lossy).toEqual({ count })
})

test.each([
  ['caf\xe9', /^notes: not UTF-8 at byte 103 \(0xe9\)\.\nDo this\.$/, 100],
  ['\xff\xfeh\0i\0', /^notes: not UTF-8 at byte 0 \(0xff\); this is UTF-16/, 0],
  ['\x1f\x8b\x08', /byte 1 .*; this is compressed with gzip/, 0],
])('what is wrong with %j', (latin1, message, offset) => {
  const bytes = Buffer.from(latin1, 'latin1')
  expect(() => decodeText(bytes, 'notes', { offset, advice: 'Do this.' })).toThrow(message)
  expect(() => decodeText(bytes, 'notes')).toThrow(expect.objectContaining({ code: 'BAD_UTF8', kind: 'file' }))
})

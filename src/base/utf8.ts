/** Strict UTF-8: bytes → text, refusing what is not UTF-8 with the offset of the first bad byte. */

/**
 * The offset of the first byte that does not belong to well-formed UTF-8, or −1.
 * Well-formed means Unicode 17 table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
export function invalidUtf8At(bytes: Uint8Array): number {
  let i = 0
  while (i < bytes.length) {
    const lead = bytes[i]!
    if (lead < 0x80) {
      i++
      continue
    }
    const length =
      lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0
    if (!length) return i
    // Only the second byte has a range of its own; it rules out overlong forms, surrogates and too large values.
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    const second = bytes[i + 1] ?? 0
    if (second < low || second > high) return i
    for (let k = 2; k < length; k++) if (((bytes[i + k] ?? 0) & 0xc0) !== 0x80) return i
    i += length
  }
  return -1
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Bytes → text, or the offset of the first bad byte. A byte order mark is kept as the character it is. */
export function decodeUtf8(bytes: Uint8Array): { text: string } | { invalidAt: number } {
  try {
    return { text: strict.decode(bytes) }
  } catch (error) {
    const invalidAt = invalidUtf8At(bytes)
    if (invalidAt < 0) throw error
    return { invalidAt }
  }
}

/** Strict UTF-8: bytes → text, refusing what is not UTF-8 with the offset of the first bad byte, or replacing it where that is asked for. */
import { fileError } from './errors.ts'
import { impostorOf } from './impostors.ts'

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
const lenient = new TextDecoder('utf-8', { ignoreBOM: true })

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

/** How many characters U+FFFD stand in a text for bytes that were not UTF-8. */
export type Replacements = { count: number }

export type DecodeOptions = {
  /** Where in the file the bytes begin. */
  readonly offset?: number
  /** Replace what is not UTF-8 by U+FFFD, one for each beginning of a character that is not completed, and count them here. */
  readonly lossy?: Replacements | undefined
  /** What to do about a bad byte. */
  readonly advice?: string
}

/** Bytes of the file `name` → text. Throws BAD_UTF8 with the place of the first bad byte unless `lossy`. */
export function decodeText(
  bytes: Uint8Array,
  name: string,
  { offset = 0, lossy, advice = 'Save it as UTF-8.' }: DecodeOptions = {},
): string {
  const decoded = decodeUtf8(bytes)
  if ('text' in decoded) return decoded.text
  if (lossy) {
    const text = lenient.decode(bytes)
    lossy.count += occurrences(text, '\ufffd') - replacementCharacters(bytes)
    return text
  }
  const { invalidAt } = decoded
  const hex = bytes[invalidAt]!.toString(16).padStart(2, '0')
  const impostor = offset === 0 ? (isUtf16(bytes) ? 'UTF-16 text. Save it as UTF-8.' : impostorOf(bytes)) : undefined
  const what = `${name}: not UTF-8 at byte ${offset + invalidAt} (0x${hex})`
  throw fileError('BAD_UTF8', impostor ? `${what}; this is ${impostor}` : `${what}.\n${advice}`)
}

/** Whether a text begins with the byte order mark of UTF-16, in either order. */
const isUtf16 = ([first, second]: Uint8Array): boolean =>
  (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)

function occurrences(text: string, character: string): number {
  let count = 0
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++
  return count
}

/** How often U+FFFD itself is written in the bytes. Its first byte always begins a character, so no state is needed. */
function replacementCharacters(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(0xef); at >= 0; at = bytes.indexOf(0xef, at + 1))
    if (bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) count++
  return count
}

/** What tokenizers ask of UTF-16: where characters begin, how many there are, how they are ordered, well-formed text. */
/// <reference lib="es2024.string" />

/** Whether a unit is the second half of a character. */
export const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000

/** How many UTF-16 code units the character at `index` takes. */
export const characterLength = (text: string, index: number): number => (text.codePointAt(index)! > 0xffff ? 2 : 1)

/** Where the character begins that ends at `index`. */
export const characterBefore = (text: string, index: number): number =>
  isLowSurrogate(text.charCodeAt(index - 1)) ? index - 2 : index - 1

/** How many bytes of UTF-8 a character takes. */
export const utf8Length = (codePoint: number): number =>
  codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4

/** How many characters a text has. */
export function characterCount(text: string): number {
  let count = 0
  for (let i = 0; i < text.length; count++) i += characterLength(text, i)
  return count
}

/** Lone surrogates, which no encoding can carry, become U+FFFD, as in every UTF-8 encoder. Lengths stay. */
export const wellFormed = (text: string): string => (text.isWellFormed() ? text : text.toWellFormed())

/**
 * Offsets in UTF-16 code units → offsets in Unicode code points (what Python counts), for a text.
 * @returns a function of a unit offset, for any offset that does not cut a character in two.
 */
export function codePointOffsets(text: string): (unitOffset: number) => number {
  const points = new Int32Array(text.length + 1)
  let count = 0
  for (let i = 0; i < text.length; count++) {
    const length = characterLength(text, i)
    points.fill(count, i, i + length)
    i += length
  }
  points[text.length] = count
  return (unitOffset) => points[unitOffset]!
}

/** Orders texts by code point, as their UTF-8 bytes are ordered. (UTF-16 puts U+E000 to U+FFFF after the astral planes.) */
export function codePointOrder(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    // Halves of astral characters count for more than the rest of the plane below.
    const rank = (unit: number) => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit)
    return rank(x) - rank(y)
  }
  return a.length - b.length
}

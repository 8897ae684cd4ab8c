/** What tokenizers ask of Unicode: classes of characters, well-formed text, code point counts. */
/// <reference lib="es2024.string" />

/** Classes of a UTF-16 code unit as split patterns see it: \p{L}, \p{N}, \p{White_Space}, half of an astral character, the rest. */
export const OTHER = 0
export const LETTER = 1
export const NUMBER = 2
export const SPACE = 3
export const SURROGATE = 4
export const UNKNOWN = 255

const letter = /\p{L}/u
const number = /\p{N}/u
const space = /\p{White_Space}/u

const classify = (character: string): number =>
  letter.test(character) ? LETTER : number.test(character) ? NUMBER : space.test(character) ? SPACE : OTHER

/**
 * Class by UTF-16 code unit, or `UNKNOWN` until `unitClass` is asked: putting all 65,536 to the regular expressions at once
 * would cost every start 10 ms. For loops over long texts; elsewhere use `unitClass`.
 */
export const unitClasses = new Uint8Array(0x10000).fill(UNKNOWN)
unitClasses.fill(SURROGATE, 0xd800, 0xe000)
const astralClasses = new Map<number, number>()

/** The class of one UTF-16 code unit. */
export function unitClass(unit: number): number {
  const known = unitClasses[unit]!
  return known === UNKNOWN ? (unitClasses[unit] = classify(String.fromCharCode(unit))) : known
}

/** The class of a whole character. */
export function characterClass(codePoint: number): number {
  if (codePoint < 0x10000) return unitClass(codePoint)
  let known = astralClasses.get(codePoint)
  if (known === undefined) astralClasses.set(codePoint, (known = classify(String.fromCodePoint(codePoint))))
  return known
}

/** Whether a unit is the second half of a character. */
export const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000

/** How many UTF-16 code units the character at `index` takes. */
export const characterLength = (text: string, index: number): number => (text.codePointAt(index)! > 0xffff ? 2 : 1)

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

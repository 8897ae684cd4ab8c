/**
 * SentencePiece's `precompiled_charsmap`: the size in bytes of a double-array trie (Darts-clone), its 32-bit units, and the
 * replacements that its values point to, each ended by a zero byte; all numbers little-endian.
 */
import { fromBase64 } from '../../base/base64.ts'
import { invalidUtf8At } from '../../base/utf8.ts'
import type { Field } from '../field.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Writes a character's UTF-8 into `bytes`. @returns where it ends. */
export function writeUtf8(point: number, bytes: Uint8Array, at: number): number {
  if (point < 0x80) bytes[at++] = point
  else {
    const more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3
    bytes[at++] = ((0xff00 >> (more + 1)) & 0xff) | (point >> (6 * more))
    for (let k = more - 1; k >= 0; k--) bytes[at++] = 0x80 | ((point >> (6 * k)) & 0x3f)
  }
  return at
}

/** The bytes of the character that is being followed. */
const character = new Uint8Array(4)

/** What a unit's place is XORed with, besides a byte, to come to the child for that byte. */
const offset = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6)

export class Charsmap {
  readonly #units: Uint32Array
  readonly #replacements: Uint8Array
  readonly #texts = new Map<number, string>()
  constructor(units: Uint32Array, replacements: Uint8Array) {
    this.#units = units
    this.#replacements = replacements
  }

  /**
   * Follows bytes from the root of the trie.
   * @returns the value of the first, so the shortest, key that the bytes begin with; −1 if there is none but a longer key may
   * begin with all of them; −2 if none does.
   */
  find(bytes: Uint8Array, length: number): number {
    const units = this.#units
    let node = units.length > 0 ? offset(units[0]!) : 0
    for (let i = 0; i < length; i++) {
      const byte = bytes[i]!
      if (byte === 0) return -2
      node ^= byte
      const unit = units[node]
      if (unit === undefined || (unit & 0x800000ff) !== byte) return -2
      node ^= offset(unit)
      if (unit & 0x100) return (units[node] ?? 0) & 0x7fffffff
    }
    return -1
  }

  /** Whether a key begins with a character. */
  begins(point: number): boolean {
    return this.find(character, writeUtf8(point, character, 0)) !== -2
  }

  /** Where the key that `longest` found last ends. */
  end = 0

  /** The value of the longest key that a text begins with at `index`; −1 if there is none. */
  longest(text: string, index: number): number {
    const units = this.#units
    let node = units.length > 0 ? offset(units[0]!) : 0
    let value = -1
    for (let i = index; i < text.length; ) {
      const point = text.codePointAt(i)!
      const length = writeUtf8(point, character, 0)
      i += point > 0xffff ? 2 : 1
      for (let k = 0; k < length; k++) {
        const byte = character[k]!
        if (byte === 0) return value
        node ^= byte
        const unit = units[node]
        if (unit === undefined || (unit & 0x800000ff) !== byte) return value
        node ^= offset(unit)
        if (unit & 0x100) {
          value = (units[node] ?? 0) & 0x7fffffff
          this.end = i
        }
      }
    }
    return value
  }

  /** The replacement that a value points to. */
  text(value: number): string {
    let text = this.#texts.get(value)
    if (text === undefined) {
      const end = this.#replacements.indexOf(0, value)
      text = decoder.decode(this.#replacements.subarray(value, end < 0 ? undefined : end))
      this.#texts.set(value, text)
    }
    return text
  }
}

/** The map in a field, from base64. */
export function readCharsmap(field: Field): Charsmap {
  const bytes = fromBase64(field.string()) ?? field.fail('base64')
  const view = new DataView(bytes.buffer)
  const count = bytes.length < 4 ? 0 : view.getUint32(0, true) >> 2
  const end = 4 + 4 * count
  if (bytes.length < 4 || end > bytes.length)
    field.fail('a character map: the size of a trie in four bytes, the trie, and the replacements')
  const replacements = bytes.subarray(end)
  if (invalidUtf8At(replacements) >= 0) field.fail('a character map whose replacements are UTF-8')
  return new Charsmap(
    Uint32Array.from({ length: count }, (_, i) => view.getUint32(4 + 4 * i, true)),
    replacements,
  )
}

/**
 * Byte-level text: every byte has a visible character, so that any text can be spelled with 256 symbols (GPT-2's code,
 * Radford et al. 2019 §2.2), and back.
 */
import { textOfUnits } from './units.ts'

/** byte → its visible character: printable Latin-1 bytes stand for themselves, the other 68 get U+0100 and up, in order. */
export const byteCharacters: readonly string[] = (() => {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++))
})()

const characterCodes = Uint16Array.from(byteCharacters, (character) => character.charCodeAt(0))
const bytesByCode = new Int16Array(0x144).fill(-1)
characterCodes.forEach((code, byte) => {
  bytesByCode[code] = byte
})

const encoder = new TextEncoder()

/**
 * A piece of text rewritten for the model: unit i of `text` stands for the units [starts[i], ends[i]) of the piece, or, without
 * these, for unit i.
 */
export type Spelled = { text: string; starts?: Int32Array; ends?: Int32Array }

/** How a stage rewrites a piece for the model. It depends on the piece alone, so that results can be remembered by piece. */
export type Spelling = (piece: string) => Spelled

/** The short way for most words: a character each, or undefined if it will not do. */
function spellAscii(piece: string): string | undefined {
  let text = ''
  for (let i = 0; i < piece.length; i++) {
    const unit = piece.charCodeAt(i)
    if (unit > 0x7f) return undefined
    text += byteCharacters[unit]
  }
  return text
}

/** Text → one visible character per UTF-8 byte. The bytes of a character all stand for that whole character. */
export function spellBytes(piece: string): Spelled {
  const ascii = piece.length < 64 ? spellAscii(piece) : undefined
  if (ascii !== undefined) return { text: ascii }
  const bytes = encoder.encode(piece)
  const codes = new Uint16Array(bytes.length)
  const starts = new Int32Array(bytes.length)
  const ends = new Int32Array(bytes.length)
  let unit = 0
  let next = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if ((byte & 0xc0) !== 0x80) {
      unit = next
      next += byte >= 0xf0 ? 2 : 1
    }
    codes[i] = characterCodes[byte]!
    starts[i] = unit
    ends[i] = next
  }
  return { text: textOfUnits(codes), starts, ends }
}

/** The bytes a token stands for: of its visible characters, or of its own text if it holds any other character. */
export function tokenBytes(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length)
  for (let i = 0; i < token.length; i++) {
    const byte = bytesByCode[token.charCodeAt(i)] ?? -1
    if (byte < 0) return encoder.encode(token)
    bytes[i] = byte
  }
  return bytes
}

/** What becomes of bytes that are not UTF-8: one U+FFFD per maximal ill-formed stretch, or nothing. */
export type IllFormed = 'replace' | 'ignore'

type Utf8Stream = {
  push(bytes: Uint8Array): string
  flush(): string
  /** Whether nothing is held back. */
  readonly idle: boolean
  /** Whether no byte since the text began was out of place. */
  readonly sound: boolean
}

/**
 * Bytes as they come → text, holding back the beginning of a character until the rest arrives. `push` returns what is
 * complete; `flush` ends the text.
 */
export function utf8Stream(illFormed: IllFormed): Utf8Stream {
  let point = 0
  let missing = 0
  // Only the byte after the first has a range of its own (Unicode table 3-7).
  let low = 0x80
  let high = 0xbf
  const replacement = illFormed === 'replace' ? '\ufffd' : ''
  let sound = true
  const bad = () => {
    sound = false
    return replacement
  }
  const take = (byte: number): string => {
    if (missing > 0) {
      if (byte >= low && byte <= high) {
        low = 0x80
        high = 0xbf
        point = (point << 6) | (byte & 0x3f)
        return --missing === 0 ? String.fromCodePoint(point) : ''
      }
      missing = 0
      low = 0x80
      high = 0xbf
      return bad() + take(byte) // One level deep: nothing is missing any more.
    }
    if (byte < 0x80) return String.fromCharCode(byte)
    if (byte < 0xc2 || byte > 0xf4) return bad()
    missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
    point = byte & (0x3f >> missing)
    if (byte === 0xe0) low = 0xa0
    if (byte === 0xed) high = 0x9f
    if (byte === 0xf0) low = 0x90
    if (byte === 0xf4) high = 0x8f
    return ''
  }
  return {
    get idle() {
      return missing === 0
    },
    get sound() {
      return sound
    },
    push(bytes) {
      let text = ''
      for (const byte of bytes) text += take(byte)
      return text
    },
    flush() {
      const text = missing > 0 ? replacement : ''
      missing = 0
      low = 0x80
      high = 0xbf
      sound = true
      return text
    },
  }
}

/** Tokens as a terminal can show them: what would be lost or obeyed there becomes a sign. */
import { oneLine } from './quote.ts'

/** Line breaks, tabs and the other control characters as signs of one column; what turns the direction of text as its code. */
export const visible = (text: string): string =>
  oneLine(
    text
      .replace(/\r?\n/g, '⏎')
      .replace(/\t/g, '⇥')
      .replace(/\r/g, '␍')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: Unicode has a picture for each of them
      .replace(/[\x00-\x1f]/g, (character) => String.fromCharCode(0x2400 + character.charCodeAt(0)))
      .replace(/\x7f/g, '␡'),
    Infinity,
  )

/** In quotes, so that spaces at its ends can be seen. */
export const inQuotes = (text: string): string => `"${visible(text)}"`

/** For narrow columns: a space at its start as a dot, which most tokens begin with. */
export const compact = (text: string): string => visible(text).replace(/^ +/, (spaces) => '·'.repeat(spaces.length))

/** 0.4231 → 42.3 %, in six columns. */
export const percent = (share: number): string => `${(100 * share).toFixed(share >= 0.9995 ? 0 : 1)} %`.padStart(6)

/** Text on a terminal: how wide it is, cut and wrapped to fit, and free of what would move the cursor. */

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const narrowest = /^[\p{M}\p{Cf}]$/u
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const escapes = /\x1b\[[\d;?]*[A-Za-z]/g

/** Columns of one character: two for East Asian ones and emoji, none for marks that join what stands before them. */
const widthOf = (character: string): number => (narrowest.test(character) ? 0 : wide.test(character) ? 2 : 1)

/** Columns that a text takes on a terminal; colors take none. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text.replace(escapes, '')) width += widthOf(character)
  return width
}

/** At most `columns` wide, with an ellipsis where something was cut. For texts without colors. */
export function truncate(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let [kept, width] = ['', 0]
  for (const character of text) {
    width += widthOf(character)
    if (width > columns - 1) break
    kept += character
  }
  return `${kept}…`
}

/** Exactly `columns` wide: cut or filled up with spaces, on the left if asked. For texts without colors. */
export function fitted(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const kept = truncate(text, columns)
  const space = ' '.repeat(Math.max(0, columns - displayWidth(kept)))
  return side === 'left' ? kept + space : space + kept
}

/** A model may write any byte: control characters other than line breaks and tabs are left out, so that none reaches the terminal. */
export const printable = (text: string): string => text.replace(/[^\P{Cc}\n\t]/gu, '')

/** In one line. */
export const flat = (text: string): string => printable(text).replace(/\s+/g, ' ').trim()

/** Wraps a text that comes in pieces: lines break between words, and a word is shown when it is complete or the line is full. */
export class Wrapper {
  readonly #columns: () => number
  readonly #indent: string
  #column = 0
  #word = ''

  /** `columns` may change; every line but the first begins with `indent`. The first line starts at column `indent.length`. */
  constructor(columns: () => number, indent: string) {
    this.#columns = columns
    this.#indent = indent
    this.#column = indent.length
  }

  /** What can be shown after this piece. */
  push(piece: string): string {
    let shown = ''
    for (const character of printable(piece)) {
      if (character === '\n') {
        shown += `${this.flush()}\n${this.#indent}`
        this.#column = this.#indent.length
      } else if (/\s/.test(character)) {
        shown += this.flush()
        this.#word = ' '
      } else {
        this.#word += character
        if (displayWidth(this.#word) >= this.#columns() - this.#indent.length - 1) shown += this.flush()
      }
    }
    return shown
  }

  /** The rest. */
  flush(): string {
    const word = this.#word
    this.#word = ''
    const width = displayWidth(word)
    if (this.#column + width < this.#columns()) {
      this.#column += width
      return word
    }
    const rest = word.trimStart()
    this.#column = this.#indent.length + displayWidth(rest)
    return `\n${this.#indent}${rest}`
  }
}

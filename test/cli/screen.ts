/** A terminal's screen: enough of one to see what a live display leaves on it. */
import { displayWidth } from '../../src/cli/layout.ts'

export class Screen {
  readonly #columns: number
  readonly #rows: number
  /** What has scrolled off the top, then the screen. */
  readonly lines: string[] = ['']
  #row = 0
  #column = 0
  cursorShown = true

  constructor(size: { columns: number; rows: number }) {
    this.#columns = size.columns
    this.#rows = size.rows
  }

  /** The first line that is on the screen. */
  get #top(): number {
    return Math.max(0, this.lines.length - this.#rows)
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is told begins with one
    for (const [part] of text.matchAll(/\x1b\[[?\d;]*[A-Za-z]|\n|\r|[^\x1b\n\r]+/g)) this.#apply(part)
  }

  #apply(part: string): void {
    const number = Number(/\d+/.exec(part)?.[0] ?? 1)
    if (part === '\r') this.#column = 0
    else if (part === '\n') this.#down()
    else if (part === '\x1b[K') this.lines[this.#row] = this.#before()
    else if (part === '\x1b[J') {
      this.lines[this.#row] = this.#before()
      for (let row = this.#row + 1; row < this.lines.length; row++) this.lines[row] = ''
    } else if (part === '\x1b[?25l' || part === '\x1b[?25h') this.cursorShown = part.endsWith('h')
    else if (part.endsWith('A') && part.startsWith('\x1b')) this.#row = Math.max(this.#top, this.#row - number)
    else if (part.endsWith('m') && part.startsWith('\x1b')) return
    else if (part.startsWith('\x1b')) throw new Error(`The screen does not know ${JSON.stringify(part)}.`)
    else for (const character of part) this.#put(character)
  }

  #before = () => this.lines[this.#row]!.slice(0, this.#column)

  #down(): void {
    this.#row++
    this.#column = 0
    this.lines[this.#row] ??= ''
  }

  /** All characters are one column wide here: the texts of the tests are. */
  #put(character: string): void {
    if (displayWidth(character) !== 1) throw new Error(`The screen does not know ${JSON.stringify(character)}.`)
    if (this.#column === this.#columns) this.#down()
    const line = this.lines[this.#row]!
    this.lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1)
    this.#column++
  }
}

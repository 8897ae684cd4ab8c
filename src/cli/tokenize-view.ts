/** How a text is cut into tokens, as a terminal can show it: the text in colors, or a table. */
import { decodeUtf8 } from '../base/utf8.ts'
import type { Encoding, Tokenizer } from '../tokenizers/index.ts'
import { characterCount } from '../tokenizers/text/unicode.ts'
import { label, painter, tint } from './color.ts'
import { many } from './format.ts'
import { displayWidth } from './layout.ts'
import { inQuotes, visible } from './token-text.ts'

/** What is shown of a token, or of text that no token stands for. */
export type Shown = { readonly kind: 'text' | 'special' | 'gap'; readonly text: string }

/** Bytes that are no whole character: ⟨F0 9F⟩. */
const inHex = (bytes: Uint8Array): string =>
  `⟨${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(' ')}⟩`

/** A token that has its characters together with others: its own text, or its bytes where it is not even a character. */
function textOfPart(tokenizer: Tokenizer, id: number, token: string): string {
  const bytes = tokenizer.bytesOf(id)
  if (!bytes) return token
  const decoded = decodeUtf8(bytes)
  return 'text' in decoded ? decoded.text : inHex(bytes)
}

/** What is asked of an encoding here. */
type TokenColumns = Pick<Encoding, 'ids' | 'tokens' | 'offsets' | 'sequenceIds' | 'overflowing'>

/** The tokens of one or two texts, and what lies between them in the text; `places[i]` is what shows token i. */
export function shownTokens(tokenizer: Tokenizer, texts: readonly string[], encoding: TokenColumns) {
  const { ids, tokens, offsets, sequenceIds, overflowing } = encoding
  const shown: Shown[] = []
  const places: number[] = []
  const done = texts.map(() => 0)
  const gap = (sequence: number, to: number) => {
    const text = texts[sequence]!.slice(done[sequence], to)
    if (text !== '') shown.push({ kind: 'gap', text })
  }
  ids.forEach((id, i) => {
    const sequence = sequenceIds[i]
    if (sequence === null || sequence === undefined) {
      places.push(shown.push({ kind: 'special', text: tokens[i]! }) - 1)
      return
    }
    const [start, end] = offsets[i]!
    // Of a text that was cut at its beginning, that is no gap.
    if (done[sequence]! > 0 || overflowing.length === 0) gap(sequence, start)
    const shared = start < done[sequence]! || (sequenceIds[i + 1] === sequence && offsets[i + 1]![0] < end)
    const text = shared || end === start ? textOfPart(tokenizer, id, tokens[i]!) : texts[sequence]!.slice(start, end)
    places.push(shown.push({ kind: tokenizer.isSpecial(id) ? 'special' : 'text', text }) - 1)
    done[sequence] = Math.max(done[sequence]!, end)
  })
  if (overflowing.length === 0) for (const [sequence, text] of texts.entries()) gap(sequence, text.length)
  return { shown, places }
}

/** Signs for what cannot be seen, with a line break kept behind its sign; each line is painted for itself. */
const inLines = (text: string, paint: (line: string) => string): string =>
  text
    .split(/(?<=\n)/)
    .map((line) => paint(visible(line)) + (line.endsWith('\n') ? '\n' : ''))
    .join('')

/** Tokens that are drawn at once. */
const drawnAtOnce = 4096

/**
 * The text in changing colors, of one stretch after the other. Without colors there are bars between tokens; white space that no
 * token stands for is left out then, and other such text is put in ‹›.
 */
export class PieceDrawing {
  readonly #color: boolean
  #turn = 0
  #begun = false

  constructor(color: boolean) {
    this.#color = color
  }

  /** Some more pieces. */
  *draw(shown: readonly Shown[]): Generator<string> {
    for (let i = 0; i < shown.length; i += drawnAtOnce) {
      const some = shown.slice(i, i + drawnAtOnce)
      yield this.#color ? this.#colored(some) : this.#barred(some)
    }
  }

  #barred(shown: readonly Shown[]): string {
    const kept = shown.filter(({ kind, text }) => kind !== 'gap' || text.trim() !== '')
    const drawn = kept.map(({ kind, text }) => inLines(kind === 'gap' ? `‹${text}›` : text, (line) => line)).join('│')
    const bar = this.#begun && kept.length > 0 ? '│' : ''
    this.#begun ||= kept.length > 0
    return bar + drawn
  }

  #colored(shown: readonly Shown[]): string {
    const { dim } = painter(true)
    const draw: Record<Shown['kind'], (text: string) => string> = {
      gap: (text) => inLines(text, dim),
      special: (text) => inLines(text, (line) => label(line, true)),
      text: (text) => {
        const color = this.#turn++
        return inLines(text, (line) => tint(color, line, true))
      },
    }
    return shown.map(({ kind, text }) => draw[kind](text)).join('')
  }
}

/** The pieces of a text at once. */
export const drawPieces = (shown: readonly Shown[], color: boolean): string =>
  [...new PieceDrawing(color).draw(shown)].join('')

const heads = ['place', 'id', 'of', 'offsets', 'token'] as const

/**
 * A row for each token: its place, id, offsets, spelling in the vocabulary, and text; of one stretch of a text after the other. Columns
 * have the width that the tokens so far need.
 */
export class TableDrawing {
  readonly #tokenizer: Tokenizer
  readonly #color: boolean
  readonly #widths = heads.map(displayWidth)
  #place = 0
  #turn = 0

  /** With a column for the text that a token is of, where there are two. */
  constructor(tokenizer: Tokenizer, color: boolean, paired: boolean) {
    this.#tokenizer = tokenizer
    this.#color = color
    if (!paired) this.#widths[heads.indexOf('of')] = 0
  }

  /** Some more rows, each with its line break, after the heading where they are the first. `start` is where the texts begin. */
  *draw(texts: readonly string[], encoding: TokenColumns, start = 0): Generator<string> {
    const { shown, places } = shownTokens(this.#tokenizer, texts, encoding)
    const { ids, tokens, offsets, sequenceIds } = encoding
    const row = (i: number): readonly string[] => {
      const sequence = sequenceIds[i] ?? null
      const span = sequence === null ? '' : `${offsets[i]![0] + start}–${offsets[i]![1] + start}`
      const of = sequence === null ? '' : String(sequence + 1)
      return [String(this.#place + i), String(ids[i]), of, span, visible(tokens[i]!)]
    }
    this.#widen(row, tokens)
    if (this.#place === 0) yield `${painter(this.#color).dim(this.#line(heads, 'text'))}\n`
    for (let from = 0; from < ids.length; from += drawnAtOnce) {
      let rows = ''
      for (let i = from; i < Math.min(ids.length, from + drawnAtOnce); i++)
        rows += `${this.#line(row(i), this.#drawn(shown[places[i]!]!))}\n`
      yield rows
    }
    this.#place += ids.length
  }

  /** The numbers are widest at the end, but for the ids; of the spellings each is measured once. */
  #widen(row: (i: number) => readonly string[], tokens: readonly string[]): void {
    const measured = new Set<string>()
    const last = tokens.length - 1
    for (const [i, token] of tokens.entries()) {
      if (i < last - 2 && measured.has(token)) continue
      measured.add(token)
      for (const [column, cell] of row(i).entries())
        if (this.#widths[column]! > 0) this.#widths[column] = Math.max(this.#widths[column]!, displayWidth(cell))
    }
  }

  #drawn({ kind, text }: Shown): string {
    if (kind === 'special') return label(visible(text), this.#color)
    return tint(this.#turn++, this.#color ? visible(text) : inQuotes(text), this.#color)
  }

  #line(cells: readonly string[], last: string): string {
    const fitted = cells.flatMap((cell, column) => {
      const width = this.#widths[column]!
      if (width === 0) return []
      const space = ' '.repeat(Math.max(0, width - displayWidth(cell)))
      return [heads[column] === 'token' ? cell + space : space + cell]
    })
    return `${fitted.join('  ')}  ${last}`.trimEnd()
  }
}

/** What a text, or a stretch of it after the other, is counted as. */
export class TextCounts {
  tokens = 0
  /** Tokens that were put around the text. */
  special = 0
  bytes = 0
  characters = 0
  #lost = { bytes: 0, characters: 0 }
  #overflowing = 0

  add(texts: readonly string[], encoding: Encoding): void {
    for (const text of texts) {
      this.bytes += Buffer.byteLength(text)
      this.characters += characterCount(text)
    }
    this.tokens += encoding.length
    for (const sequence of encoding.sequenceIds) if (sequence === null) this.special++
    this.#overflowing += encoding.overflowing.length
    const lost = lostText(texts, encoding)
    this.#lost.bytes += Buffer.byteLength(lost)
    this.#lost.characters += characterCount(lost)
  }

  /** Bytes and characters a token; undefined where there is none, or where the text was cut. */
  get #rates(): { bytesPerToken: number; charactersPerToken: number } | undefined {
    const own = this.tokens - this.special
    if (own === 0 || this.#overflowing > 0) return undefined
    const rate = (size: 'bytes' | 'characters') => (this[size] - this.#lost[size]) / own
    return { bytesPerToken: rate('bytes'), charactersPerToken: rate('characters') }
  }

  toJSON() {
    const { tokens, special, bytes, characters } = this
    const lost = this.#lost.bytes > 0 && { bytesWithoutToken: this.#lost.bytes }
    const overflowing = this.#overflowing > 0 && { overflowing: this.#overflowing }
    return { tokens, special, bytes, characters, ...lost, ...this.#rates, ...overflowing }
  }

  /**
   * 12 tokens (2 special), 40 bytes, 38 characters; 4.00 bytes and 3.80 characters a token. White space that no token stands for
   * counts as text, for words tell where it was. Other text that none stands for does not: it is lost.
   */
  toString(): string {
    const { tokens, special, bytes, characters } = this
    const lost = this.#lost.bytes > 0 ? ` (${this.#lost.bytes} without a token)` : ''
    const counts = `${many(tokens, 'token')}${special > 0 ? ` (${special} special)` : ''}, ${many(bytes, 'byte')}${lost}, ${many(characters, 'character')}`
    if (this.#overflowing > 0) return `${counts}; cut to this length, ${many(this.#overflowing, 'part')} left over`
    const rates = this.#rates
    if (!rates) return counts
    const { bytesPerToken, charactersPerToken } = rates
    return `${counts}; ${bytesPerToken.toFixed(2)} bytes and ${charactersPerToken.toFixed(2)} characters a token`
  }
}

/** What no token stands for, but for white space; of texts that were cut that cannot be told. */
function lostText(texts: readonly string[], { offsets, sequenceIds, overflowing }: TokenColumns): string {
  if (overflowing.length > 0) return ''
  const done = texts.map(() => 0)
  let lost = ''
  for (const [i, [start, end]] of offsets.entries()) {
    const sequence = sequenceIds[i] ?? null
    if (sequence === null) continue
    if (start > done[sequence]!) lost += texts[sequence]!.slice(done[sequence], start).replace(/\s+/g, '')
    done[sequence] = Math.max(done[sequence]!, end)
  }
  return lost + texts.map((text, i) => text.slice(done[i]).replace(/\s+/g, '')).join('')
}

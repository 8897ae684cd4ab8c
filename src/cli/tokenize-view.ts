/** How a text is cut into tokens, as a terminal can show it: the text in colors, or a table. */
import { decodeUtf8 } from '../base/utf8.ts'
import type { Encoding, Tokenizer } from '../tokenizers/index.ts'
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

/**
 * The text in changing colors. Without colors there are bars between tokens; white space that no token stands for is left out then,
 * and other such text is put in ‹›.
 */
export function drawPieces(shown: readonly Shown[], color: boolean): string {
  if (!color) {
    const kept = shown.filter(({ kind, text }) => kind !== 'gap' || text.trim() !== '')
    return kept.map(({ kind, text }) => inLines(kind === 'gap' ? `‹${text}›` : text, (line) => line)).join('│')
  }
  const { dim } = painter(true)
  let turn = 0
  const draw: Record<Shown['kind'], (text: string) => string> = {
    gap: (text) => inLines(text, dim),
    special: (text) => inLines(text, (line) => label(line, true)),
    text: (text) => {
      const color = turn++
      return inLines(text, (line) => tint(color, line, true))
    },
  }
  return shown.map(({ kind, text }) => draw[kind](text)).join('')
}

/** A row for each token: its place, id, offsets, spelling in the vocabulary, and text. */
export function drawTable(tokenizer: Tokenizer, texts: readonly string[], encoding: Encoding, color: boolean): string {
  const { shown, places } = shownTokens(tokenizer, texts, encoding)
  const { ids, tokens, offsets, sequenceIds } = encoding
  const paint = painter(color)
  const paired = texts.length > 1
  const rows = ids.map((id, i) => {
    const sequence = sequenceIds[i] ?? null
    const span = sequence === null ? '' : `${offsets[i]![0]}–${offsets[i]![1]}`
    return [
      String(i),
      String(id),
      paired ? (sequence === null ? '' : String(sequence + 1)) : '',
      span,
      visible(tokens[i]!),
    ]
  })
  const heads = ['place', 'id', paired ? 'of' : '', 'offsets', 'token', 'text']
  const widths = heads
    .slice(0, -1)
    .map((head, column) => rows.reduce((most, row) => Math.max(most, displayWidth(row[column]!)), displayWidth(head)))
  const line = (cells: readonly string[], last: string) =>
    `${cells
      .flatMap((cell, column) => {
        const width = widths[column]!
        if (width === 0) return []
        const space = ' '.repeat(width - displayWidth(cell))
        return [heads[column] === 'token' ? cell + space : space + cell]
      })
      .join('  ')}  ${last}`.trimEnd()
  let turn = 0
  const body = rows.map((row, i) => {
    const { kind, text } = shown[places[i]!]!
    const drawn = color ? visible(text) : inQuotes(text)
    return line(row, kind === 'special' ? label(visible(text), color) : tint(turn++, drawn, color))
  })
  return [paint.dim(line(heads.slice(0, -1), 'text')), ...body].join('\n')
}

/** How much text is. */
function sizeOf(text: string): { bytes: number; characters: number } {
  let characters = 0
  for (const _ of text) characters++
  return { bytes: new TextEncoder().encode(text).length, characters }
}

/**
 * 12 tokens (2 special), 40 bytes, 38 characters; 4.00 bytes and 3.80 characters a token. White space that no token stands for counts
 * as text, for words tell where it was. Other text that none stands for does not: it is lost.
 */
export function drawCounts(texts: readonly string[], encoding: Encoding, shown: readonly Shown[]): string {
  const content = texts.join('')
  const gaps = shown.flatMap(({ kind, text }) => (kind === 'gap' ? [text.replace(/\s+/g, '')] : [])).join('')
  const [all, lost] = [sizeOf(content), sizeOf(gaps)]
  const own = encoding.sequenceIds.filter((sequence) => sequence !== null).length
  const added = encoding.length - own
  const counts = `${many(encoding.length, 'token')}${added > 0 ? ` (${added} special)` : ''}, ${many(all.bytes, 'byte')}${lost.bytes > 0 ? ` (${lost.bytes} without a token)` : ''}, ${many(all.characters, 'character')}`
  if (encoding.overflowing.length > 0)
    return `${counts}; cut to this length, ${many(encoding.overflowing.length, 'part')} left over`
  if (own === 0) return counts
  const rate = (size: keyof typeof all) => ((all[size] - lost[size]) / own).toFixed(2)
  return `${counts}; ${rate('bytes')} bytes and ${rate('characters')} characters a token`
}

/** Draws a head's attention as a map: a row for each query, a column for each key, darker or lighter by how much of the row's attention the key gets. */
import type { AttentionMap } from '../inspection/index.ts'
import { light, type Paint } from './color.ts'
import { displayWidth, fitted, truncate } from './layout.ts'
import { compact, inQuotes, percent } from './token-text.ts'

/** Columns of a key. */
const cell = 2
/** Columns and rows that a token's text gets. */
const [widestLabel, tallestLabel] = [12, 6]
/** Columns that the strongest key of a row takes where there is room for it. */
const strongest = 22
const shades = [' ', '░', '▒', '▓', '█']

/** Steps of brightness grow with the square root, so that a tenth of the attention can be seen. */
const levelOf = (share: number) => Math.sqrt(Math.min(1, Math.max(0, share)))

function shadeOf(share: number, color: boolean): string {
  const level = levelOf(share)
  if (level < 1 / shades.length) return `${' '.repeat(cell - 1)}·`
  return color ? light(level, ' '.repeat(cell), true) : shades[Math.min(4, Math.floor(level * 5))]!.repeat(cell)
}

/** The last tokens that fit, and what stands for the keys before them. */
function windowOf(tokens: number, columns: number): { first: number; count: number; label: number } {
  const label = 4 + widestLabel
  const room = Math.max(4, Math.floor((columns - label - 2) / cell))
  const count = tokens <= room ? tokens : room - 1
  return { first: tokens - count, count, label }
}

/** Token texts written downwards, one column of `cell` for each; a character of two columns takes the whole cell. */
function headings(texts: readonly string[]): string[] {
  const letters = texts.map((text) => {
    const all = [...compact(text)].filter((character) => displayWidth(character) > 0)
    return all.length > tallestLabel ? [...all.slice(0, tallestLabel - 1), '…'] : all
  })
  const rows = Math.max(...letters.map((column) => column.length))
  return Array.from({ length: rows }, (_, row) =>
    letters.map((column) => fitted(column[row - (rows - column.length)] ?? '', cell, 'right')).join(''),
  )
}

/** `texts` are the tokens' texts. */
export function drawAttention(
  { layer, head, weights }: AttentionMap,
  texts: readonly string[],
  paint: Paint,
  color: boolean,
  columns: number,
): string {
  const keys = weights.shape[1]!
  const { first, count, label } = windowOf(keys, columns)
  const at = (query: number, key: number) => weights.data[query * keys + key] as number
  const shown = texts.slice(first)
  const withStrongest = label + cell * (count + (first ? 1 : 0)) + strongest + 2 <= columns
  const rows = shown.map((text, i) => {
    const query = first + i
    const row = Array.from({ length: keys }, (_, key) => at(query, key))
    const earlier = first
      ? shadeOf(
          row.slice(0, first).reduce((sum, share) => sum + share, 0),
          color,
        )
      : ''
    const cells = row
      .slice(first)
      .map((share, key) => (first + key > query && share === 0 ? '  ' : shadeOf(share, color)))
    const best = row.indexOf(Math.max(...row))
    const link = withStrongest ? `  ${percent(row[best]!)} ${inQuotes(texts[best]!)}` : ''
    const line = `${paint.dim(String(query).padStart(3))} ${fitted(compact(text), widestLabel)}${earlier}${cells.join('')}`
    return line + paint.dim(fitted(link, withStrongest ? strongest : 0).trimEnd())
  })
  const scale = color
    ? [0.04, 0.1, 0.25, 0.5, 0.75, 1].map((share) => light(levelOf(share), ` ${100 * share} % `, true)).join('')
    : `· below 4 %  ${shades
        .slice(1)
        .map((shade, i) => `${shade} from ${4 * (i + 1) ** 2} %`)
        .join('  ')}`
  const note = first
    ? [`  tokens ${first} to ${keys - 1} of ${keys}; « is all before them together; --json has every weight`]
    : []
  return [
    `  ${paint.bold(`attention of layer ${layer}, head ${head}`)}: each row shares its attention among the columns`,
    ...note.map((line) => paint.dim(truncate(line, columns))),
    ...headings([...(first ? ['«'] : []), ...shown.map((text) => text)]).map((line) =>
      paint.dim(`${' '.repeat(label)}${line}`),
    ),
    ...rows,
    '',
    `  ${scale}`,
  ].join('\n')
}

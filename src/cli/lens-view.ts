/** Draws a logit lens: a row for each layer, a column for each position, with the token that the model would answer there. */
import type { LogitLens } from '../inspection/index.ts'
import { light, type Paint } from './color.ts'
import { fitted, truncate } from './layout.ts'
import { compact } from './token-text.ts'

const label = 12
/** Columns of a position: its mark, the token and a whole number of percent. */
const cell = 14
const tokenWidth = cell - 7

/** Positions that fit. */
export const lensPositions = (columns: number): number => Math.max(1, Math.floor((columns - label - 2) / cell))

/** `texts` are the tokens' texts; the positions drawn are those of the lens, the last ones of the text. */
export function drawLens(
  lens: LogitLens,
  texts: readonly string[],
  paint: Paint,
  color: boolean,
  columns: number,
): string {
  const count = Math.min(lens.positions.length, lensPositions(columns))
  const from = lens.positions.length - count
  const rows = lens.layers.map(({ layer, candidates }) => {
    const cells = candidates.slice(from).map(([best], i) => {
      const settled = lens.settled[from + i]!
      const mark = layer < settled ? ' ' : layer === settled ? '◆' : '│'
      const text = `${fitted(compact(best!.text), tokenWidth)}${`${Math.round(100 * best!.probability)}%`.padStart(4)}`
      const body = color ? light(best!.probability * 0.6, text, true) : text
      return `${layer < settled ? mark : paint.green(mark)}${body}  `
    })
    return `  ${fitted(layer < 0 ? 'embeddings' : `layer ${layer}`, label)}${cells.join('')}`.trimEnd()
  })
  const heads = lens.positions.slice(from).map((at) => ` ${fitted(compact(texts[at]!), cell - 1)}`)
  const note = count < texts.length ? [`  the last ${count} of ${texts.length} positions; --json has all`] : []
  return [
    `  ${paint.bold('logit lens')}: what would come next if the model stopped after a layer`,
    ...note.map((line) => paint.dim(truncate(line, columns))),
    paint.dim(truncate(`  ${fitted('after', label)}${heads.join('')}`.trimEnd(), columns)),
    ...rows,
    '',
    `  ${paint.green('◆')} the layer from which the final answer stays on top`,
  ].join('\n')
}

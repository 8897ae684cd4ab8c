/** What views of tokens draw with. */
import { type Paint, painter } from './color.ts'
import { displayWidth } from './layout.ts'
import { visible } from './token-text.ts'

export type Pen = { readonly color: boolean; readonly columns: number; readonly paint: Paint }

export const pen = (color: boolean, columns: number): Pen => ({ color, columns, paint: painter(color) })

/** With spaces as dots, so that they can be told from those between symbols. */
export const dotted = (text: string): string => visible(text).replaceAll(' ', '·')

/** Filled up with spaces; longer texts stay as they are. */
export const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)))

/** A line as it is without colors, as it is drawn, and what is said of it. */
export type Noted = readonly [plain: string, drawn: string, note: string]

/** Lines with their notes in a column beside them; of a line that is wider than `most` the note stands below. */
export function beside(rows: readonly Noted[], { paint }: Pen, most: number): string[] {
  const width = rows.reduce((widest, [plain]) => {
    const own = displayWidth(plain)
    return own > most ? widest : Math.max(widest, own)
  }, 0)
  return rows.flatMap(([plain, drawn, note]) => {
    if (note === '') return [drawn]
    const left = width - displayWidth(plain)
    return left < 0 ? [drawn, paint.dim(`  ${note}`)] : [`${drawn}${' '.repeat(left)}  ${paint.dim(note)}`]
  })
}

/** once, twice, 3 times. */
export const times = (count: number): string => (count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`)

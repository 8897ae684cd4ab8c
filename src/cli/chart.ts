/** Curves for a terminal, drawn in Braille dots: two columns and four rows of dots a character. */

export type Curve = {
  readonly points: readonly (readonly [x: number, y: number])[]
  readonly paint: (text: string) => string
}

/** The dots of a character, by column and row. */
const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const

/** Lines of text with the curves over [0, xMax]; later curves are drawn over earlier ones. */
export function chart(curves: readonly Curve[], width: number, height: number, xMax: number): string[] {
  const ys = curves.flatMap(({ points }) => points.map(([, y]) => y)).filter(Number.isFinite)
  if (ys.length === 0) return Array<string>(height).fill('')
  const [low, high] = [Math.min(...ys), Math.max(...ys)]
  const span = high - low || 1
  const label = Math.max(high.toFixed(2).length, low.toFixed(2).length)
  const columns = Math.max(4, width - label - 2)
  const cells = Array.from({ length: height }, () =>
    Array.from({ length: columns }, () => ({ bits: 0, paint: (t: string) => t })),
  )
  for (const { points, paint } of curves) {
    let before: [number, number] | undefined
    for (const [x, y] of points) {
      if (!Number.isFinite(y)) continue
      const to: [number, number] = [
        Math.min(2 * columns - 1, Math.floor((x / xMax) * 2 * columns)),
        Math.round(((high - y) / span) * (4 * height - 1)),
      ]
      for (const [column, row] of line(before ?? to, to)) {
        const cell = cells[row >> 2]![column >> 1]!
        cell.bits |= dots[column & 1]![row & 3]!
        cell.paint = paint
      }
      before = to
    }
  }
  return cells.map((row, i) => {
    const value = i === 0 ? high.toFixed(2) : i === height - 1 ? low.toFixed(2) : ''
    return `${value.padStart(label)} ┤${row.map(({ bits, paint }) => (bits ? paint(String.fromCodePoint(0x2800 + bits)) : ' ')).join('')}`
  })
}

/** The dots between two dots, both included. */
function* line([x0, y0]: [number, number], [x1, y1]: [number, number]): Generator<[number, number]> {
  const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0))
  for (let i = 0; i <= steps; i++) {
    const share = steps === 0 ? 0 : i / steps
    yield [Math.round(x0 + share * (x1 - x0)), Math.round(y0 + share * (y1 - y0))]
  }
}

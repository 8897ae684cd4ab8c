/** Draws captured values as a table: where each comes from, its shape, and a few numbers about it. */
import { type ArraySummary, summarize } from '../inspection/index.ts'
import type { NdArray } from '../tensor/array.ts'
import type { Paint } from './color.ts'
import { fitted } from './layout.ts'
import { oneLine } from './quote.ts'

/** JSON has no NaN: what cannot be told is null. */
export const summaryJson = (captured: Readonly<Record<string, NdArray>>): Record<string, ArraySummary> =>
  Object.fromEntries(Object.entries(captured).map(([path, array]) => [path, summarize(array)]))

const number = (value: number) => fitted(Number.isNaN(value) ? '–' : value.toPrecision(4), 11, 'right')

export function drawCaptured(captured: Readonly<Record<string, NdArray>>, paint: Paint, columns: number): string {
  const rows = Object.entries(captured).map(([path, array]) => {
    const { shape, mean, deviation, min, max, nonfinite } = summarize(array)
    const bad = nonfinite ? paint.red(`  ${nonfinite} not finite`) : ''
    return { path: oneLine(path, Infinity), shape: `[${shape.join(', ')}]`, numbers: [mean, deviation, min, max], bad }
  })
  const shape = Math.max(5, ...rows.map((row) => row.shape.length))
  const longest = Math.max(4, ...rows.map((row) => row.path.length))
  // Where a path would not fit beside the numbers, they stand below it.
  const beside = 2 + longest + 2 + shape + 44 <= columns
  const indent = beside ? `  ${' '.repeat(longest)}  ` : '    '
  const heads = ['mean', 'deviation', 'min', 'max'].map((head) => head.padStart(11)).join('')
  return [
    paint.dim(`${beside ? `  ${fitted('path', longest)}  ` : indent}${fitted('shape', shape)}${heads}`),
    ...rows.flatMap(({ path, shape: found, numbers, bad }) => {
      const line = `${fitted(found, shape)}${numbers.map(number).join('')}${bad}`
      return beside ? [`  ${fitted(path, longest)}  ${line}`] : [`  ${path}`, `${indent}${line}`]
    }),
  ].join('\n')
}

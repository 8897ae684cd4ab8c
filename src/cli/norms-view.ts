/** Draws norms of the residual stream: bars for the stream after each layer, and for what each part of a layer adds to it. */
import type { Norms, ResidualNorms } from '../inspection/index.ts'
import type { Paint } from './color.ts'
import { fitted } from './layout.ts'

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** The middle value: the first token's norm is often far from all others'. */
function median(values: Norms): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function bar(share: number, width: number): string {
  const steps = Math.round(share * width * 8)
  return '█'.repeat(steps >> 3) + eighths[steps % 8]! || '▏'
}

const amount = (value: number) =>
  (value >= 1000 ? value.toPrecision(4) : value.toFixed(value >= 100 ? 0 : 2)).padStart(6)

export function drawNorms({ start, layers }: ResidualNorms, paint: Paint, columns: number): string {
  const parts = Object.keys(layers[0]?.adds ?? {})
  const label = 12
  const width = Math.max(4, Math.min(24, Math.floor((columns - label - 4) / (parts.length + 1)) - 10))
  const all = [start, ...layers.flatMap(({ adds, end }) => [end, ...Object.values(adds)])].map(median)
  const most = Math.max(...all)
  const column = (value: number, color: (text: string) => string) => {
    const drawn = bar(most > 0 ? value / most : 0, width)
    return `${amount(value)} ${color(drawn)}${' '.repeat(Math.max(0, width - drawn.length))}`
  }
  const colors = [paint.green, paint.magenta, paint.yellow, paint.blue]
  const row = (name: string, end: Norms, adds: Readonly<Record<string, Norms>>) =>
    `  ${fitted(name, label)}${[
      column(median(end), paint.cyan),
      ...parts.flatMap((part, i) => (adds[part] ? [column(median(adds[part]), colors[i % colors.length]!)] : [])),
    ].join('  ')}`.trimEnd()
  const heads = ['stream', ...parts.map((part) => `+ ${part}`)].map((head) => fitted(head, width + 7)).join('  ')
  return [
    `  ${paint.bold('norms of the residual stream')} after each layer; median over ${start.length} token${start.length === 1 ? '' : 's'}`,
    paint.dim(`  ${' '.repeat(label)}${heads}`.trimEnd()),
    row('embeddings', start, {}),
    ...layers.map(({ end, adds }, layer) => row(`layer ${layer}`, end, adds)),
  ].join('\n')
}

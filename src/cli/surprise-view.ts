/** Draws a surprise report: the text with each token colored, and bars for what could come next. */
import type { SurpriseReport } from '../inspection/surprise.ts'
import { heat, type Paint } from './color.ts'
import { displayWidth, printable } from './layout.ts'

/** Bits at which a token is as red as it gets. */
const mostBits = 12
/** Spaces and line breaks made visible where they would be lost. */
const visible = (text: string) => printable(text.replace(/\r?\n/g, '⏎').replace(/\t/g, '⇥').replace(/\r/g, '␍'))
const quoted = (text: string) => JSON.stringify(visible(text))
const ramp = '▁▂▃▄▅▆▇█'

export function drawSurprises(
  { tokens, next, perplexity }: SurpriseReport,
  paint: Paint,
  color: boolean,
  columns: number,
): string {
  const pieces = tokens.map(({ text, bits }) => {
    const share = bits === undefined ? undefined : Math.min(1, bits / mostBits)
    if (share === undefined) return { length: displayWidth(visible(text)), shown: paint.dim(visible(text)) }
    // Without color a small bar after the token says the same.
    const mark = color ? '' : ramp[Math.round(share * (ramp.length - 1))]!
    return { length: displayWidth(visible(text)) + mark.length, shown: heat(share, visible(text), color) + mark }
  })
  const lines: string[] = ['']
  let room = columns - 4
  for (const { length, shown } of pieces) {
    if (length > room) {
      lines.push('')
      room = columns - 4
    }
    lines[lines.length - 1] += shown
    room -= length
  }
  const scale = color
    ? `${heat(0, ' expected ', true)}${heat(0.5, ' unsure ', true)}${heat(1, ' surprising ', true)}`
    : `${ramp} bits of surprise, 0 to ${mostBits}`
  const widest = Math.max(...next.map(({ text }) => displayWidth(quoted(text))))
  const bars = next.map(({ text, probability }) => {
    const name = quoted(text) + ' '.repeat(widest - displayWidth(quoted(text)))
    return `  ${name} ${paint.cyan('█'.repeat(Math.round(probability * 30)) || '▏')} ${(100 * probability).toFixed(1)} %`
  })
  return [
    ...lines.map((line) => `  ${line}`),
    '',
    `  ${scale}${Number.isFinite(perplexity) ? `  perplexity ${perplexity.toFixed(2)}` : ''}`,
    '',
    '  what could come next',
    ...bars,
  ].join('\n')
}

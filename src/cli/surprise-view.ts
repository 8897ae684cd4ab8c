/** Draws a surprise report: the text with each token colored, what was expected in place of each, and what could come next. */
import type { Candidate, SurpriseReport, TokenSurprise } from '../inspection/index.ts'
import { heat, type Paint } from './color.ts'
import { displayWidth, fitted, truncate } from './layout.ts'
import { inQuotes, percent, visible } from './token-text.ts'

/** Bits at which a token is as red as it gets. */
const mostBits = 12
const ramp = '▁▂▃▄▅▆▇█'
const barOf = (share: number) => ramp[Math.round(share * (ramp.length - 1))]!

export function drawSurprises(
  { tokens, next, perplexity }: SurpriseReport,
  paint: Paint,
  color: boolean,
  columns: number,
): string {
  const pieces = tokens.map(({ text, bits }) => {
    const share = bits === undefined ? undefined : Math.min(1, bits / mostBits)
    const piece = truncate(visible(text), columns - 5)
    if (share === undefined) return { length: displayWidth(piece), shown: paint.dim(piece) }
    // Without color a small bar after the token says the same.
    const mark = color ? '' : barOf(share)
    return { length: displayWidth(piece) + mark.length, shown: heat(share, piece, color) + mark }
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
  const widest = Math.min(columns - 44, Math.max(...next.map(({ text }) => displayWidth(inQuotes(text)))))
  const bars = next.map(({ text, probability }) => {
    const bar = paint.cyan('█'.repeat(Math.round(probability * 30)) || '▏')
    return `  ${fitted(inQuotes(text), widest)} ${bar} ${(100 * probability).toFixed(1)} %`
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

/** Rows of the table; of longer texts the most surprising tokens. */
const mostRows = 20

/** As many candidates as fit, each with its probability. */
function listed(alternatives: readonly Candidate[], room: number): string {
  let line = ''
  for (const { text, probability } of alternatives) {
    const item = `${line && '  '}${truncate(inQuotes(text), 16)} ${percent(probability).trim()}`
    if (displayWidth(line + item) > room) break
    line += item
  }
  return line
}

/** A table of the tokens with their probabilities, surprise in bits, and the likeliest ones in their place. */
export function drawTokens({ tokens }: SurpriseReport, paint: Paint, color: boolean, columns: number): string {
  const scored = tokens.flatMap((token, place) => (token.bits === undefined ? [] : [{ ...token, place }]))
  if (scored.length === 0) return ''
  const least = scored.map(({ bits }) => bits!).sort((a, b) => b - a)[mostRows - 1] ?? 0
  const shown = scored.filter(({ bits }) => bits! >= least).slice(0, mostRows)
  const name = Math.min(18, Math.max(5, ...shown.map(({ text }) => displayWidth(inQuotes(text)))))
  const place = String(tokens.length - 1).length
  const room = columns - place - name - 27
  const row = ({ place: at, text, probability, bits, alternatives = [] }: TokenSurprise & { place: number }) => {
    const share = Math.min(1, bits! / mostBits)
    const amount = ` ${bits!.toFixed(1).padStart(4)} `
    return (
      `  ${paint.dim(String(at).padStart(place))}  ${fitted(inQuotes(text), name)}  ${fitted(percent(probability!), 7, 'right')}  ` +
      `${color ? heat(share, amount, true) : amount + barOf(share)}  ${listed(alternatives, room)}`
    ).trimEnd()
  }
  const note =
    shown.length < scored.length ? `, the ${shown.length} most surprising of ${scored.length} (--json has all)` : ''
  const head = `  ${' '.repeat(place)}  ${fitted('token', name)}  ${fitted('given', 7, 'right')}  ${color ? '' : ' '}  bits  expected in its place`
  return [`  each token${note}`, paint.dim(truncate(head, columns)), ...shown.map(row)].join('\n')
}

/** How a model came to the tokens of a piece: merges, matches, or the paths it weighed. */
import type { ExplainedPiece, ModelSteps } from '../tokenizers/index.ts'
import { tint } from './color.ts'
import { displayWidth } from './layout.ts'
import { beside, dotted, type Noted, type Pen, padded, times } from './pen.ts'
import { inQuotes } from './token-text.ts'

type Steps<M extends ModelSteps['model']> = Extract<ModelSteps, { model: M }>

/** Columns that are left for notes beside lines. */
const notes = 40

const signed = (value: number): string => value.toFixed(2).replace('-', '−').padStart(8)

const views: { [M in ModelSteps['model']]: (steps: Steps<M>, piece: ExplainedPiece, pen: Pen) => string[] } = {
  BPE({ symbols, merges, whole }, { rounds }, pen) {
    if (whole) return ['is a token as a whole; such pieces are not merged']
    if (!rounds)
      return [`${symbols.length} symbols and ${merges.length} merges, too many to be drawn; --json has the merges`]
    const first = symbols.map(({ token }) => dotted(token)).join(' ')
    const rows = rounds.map(({ rank, pair, token, count, symbols: after, merged }, turn): Noted => {
      const isNew = new Set(merged)
      const plain = after.map(dotted)
      const drawn = plain.map((symbol, i) => (isNew.has(i) ? tint(turn, symbol, pen.color) : symbol))
      const often = count > 1 ? `, ${times(count)}` : ''
      const note = `${dotted(pair[0])} + ${dotted(pair[1])} → ${dotted(token)}${often}, rank ${rank}`
      return [plain.join(' '), drawn.join(' '), note]
    })
    return beside([[first, first, rounds.length === 0 ? 'nothing merges' : ''], ...rows], pen, pen.columns - notes)
  },

  WordPiece({ matches, unknown }, { spelled }, pen) {
    const rows = matches.map(({ token, start, end }, turn): Noted => {
      const before = dotted(spelled.slice(0, start))
      const found = dotted(spelled.slice(start, end))
      const after = dotted(spelled.slice(end))
      const plain = pen.color ? before + found + after : `${before}[${found}]${after}`
      const drawn = pen.color ? `${pen.paint.dim(before)}${tint(turn, found, true)}${after}` : plain
      return [plain, drawn, `the longest token here is ${dotted(token)}`]
    })
    const lines = beside(rows, pen, pen.columns - notes)
    if (unknown?.reason === 'too long')
      lines.push(`more than ${unknown.limit} characters: the unknown token stands for all of it`)
    if (unknown?.reason === 'no match')
      lines.push(`no token fits before ${inQuotes(spelled.slice(unknown.at))}: the unknown token stands for all of it`)
    return lines
  },

  Unigram({ candidates, score }, _, { paint }) {
    const spans = candidates.map(({ start, end }) => `${start}–${end}`)
    const names = candidates.map(({ token }) => dotted(token))
    const widest = (texts: readonly string[], head: string) =>
      texts.reduce((most, text) => Math.max(most, displayWidth(text)), head.length)
    const [span, name] = [widest(spans, 'units'), widest(names, 'token')]
    const rows = candidates.map(({ chosen, best, unknown, score: own, total }, i) => {
      const mark = chosen ? '●' : best ? '○' : ' '
      const row = `${mark} ${padded(spans[i]!, span)}  ${padded(names[i]!, name)}  ${signed(own)}  ${signed(total)}`
      const line = unknown ? `${row}  in no token` : row
      return chosen ? paint.bold(line) : best ? line : paint.dim(line)
    })
    const head = `  ${padded('units', span)}  ${padded('token', name)}  ${'score'.padStart(8)}  ${'in all'.padStart(8)}`
    const key = `● on the best path,${signed(score).replace(/ +/, ' ')} in all; ○ the best way to its end`
    return [paint.dim(head), ...rows, paint.dim(key)]
  },

  WordLevel: ({ known, id }) => [
    known
      ? 'is a token'
      : id === undefined
        ? 'is no token, and there is none for the unknown'
        : 'is no token: the unknown token stands for it',
  ],
}

/** The steps of a piece, as lines; none where the model cannot tell. */
export function drawSteps(piece: ExplainedPiece, pen: Pen): string[] {
  const { steps } = piece
  if (!steps) return []
  const view = views[steps.model] as (steps: ModelSteps, piece: ExplainedPiece, pen: Pen) => string[]
  return view(steps, piece, pen)
}

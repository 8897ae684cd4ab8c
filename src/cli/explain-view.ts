/** The stages of a tokenizer, one below the other: what each makes of a text, and the model step by step. */
import type { ExplainedPiece, ExplainedStretch, Explanation } from '../tokenizers/index.ts'
import { label, tint } from './color.ts'
import { drawSteps } from './model-steps-view.ts'
import { dotted, type Pen } from './pen.ts'
import { inQuotes, visible } from './token-text.ts'

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`

/** Tokens with their ids; those that the last stage put in, if any, on gray. */
function drawTokens(tokens: readonly { token: string; id: number; added?: boolean }[], { paint, color }: Pen): string {
  if (tokens.length === 0) return paint.dim('no token')
  return tokens
    .map(({ token, id, added }) => `${added ? label(dotted(token), color) : dotted(token)} ${paint.dim(String(id))}`)
    .join('  ')
}

function drawPiece(piece: ExplainedPiece, pen: Pen): string[] {
  const { paint } = pen
  const spelled = piece.spelled === piece.text ? '' : paint.dim(`  spelled ${dotted(piece.spelled)}`)
  return [
    `  ${paint.bold(inQuotes(piece.text))}${spelled}`,
    ...drawSteps(piece, pen).map((line) => `    ${line}`),
    `    ${paint.dim('→')} ${drawTokens(piece.tokens, pen)}`,
  ]
}

/** `told` holds the pieces that were drawn before: one that comes again is drawn once. */
function drawStretch(stretch: ExplainedStretch, told: Set<string>, pen: Pen): string[] {
  const { paint, color } = pen
  if (stretch.kind === 'added token') {
    const what = stretch.special ? 'special token' : 'added token'
    return ['', paint.cyan(what), `  ${label(visible(stretch.text), color)} ${paint.dim(String(stretch.id))}`]
  }
  const { text, normalized, pieces } = stretch
  const fresh = pieces.filter(({ spelled }) => !told.has(spelled) && told.add(spelled))
  const cut = pieces.map((piece, i) => tint(i, visible(piece.text), color)).join(color ? '' : '│')
  return [
    '',
    paint.cyan('normalized'),
    `  ${normalized === text ? paint.dim('unchanged') : inQuotes(normalized)}`,
    '',
    paint.cyan(counted(pieces.length, 'piece')),
    `  ${cut}`,
    ...(fresh.length > 0 ? ['', paint.cyan('model')] : []),
    ...fresh.flatMap((piece) => drawPiece(piece, pen)),
  ]
}

export function drawExplanation({ text, stretches, encoding }: Explanation, pen: Pen): string {
  const { ids, tokens, specialTokensMask } = encoding
  const told = new Set<string>()
  const all = tokens.map((token, i) => ({ token, id: ids[i]!, added: specialTokensMask[i] === 1 }))
  return [
    pen.paint.cyan('text'),
    `  ${inQuotes(text)}`,
    ...stretches.flatMap((stretch) => drawStretch(stretch, told, pen)),
    '',
    pen.paint.cyan(counted(all.length, 'token')),
    `  ${drawTokens(all, pen)}`,
  ].join('\n')
}

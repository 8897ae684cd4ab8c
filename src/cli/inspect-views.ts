/** The views of `pellucid inspect --text`: which there are, what each asks of the model, and how it is shown. */
import { usageError } from '../base/errors.ts'
import {
  attentionMaps,
  type Head,
  idsOf,
  logitLens,
  pieceOf,
  residualNorms,
  surprises,
  tellingHead,
} from '../inspection/index.ts'
import type { Model } from '../model.ts'
import { type NdArray, toNumbers } from '../tensor/array.ts'
import { drawAttention } from './attention-view.ts'
import { drawCaptured, summaryJson } from './capture-view.ts'
import { painter } from './color.ts'
import type { Terminal } from './command.ts'
import { drawLens, lensPositions } from './lens-view.ts'
import { drawNorms } from './norms-view.ts'
import { quoted } from './quote.ts'
import { drawSurprises, drawTokens } from './surprise-view.ts'

/** A head by its numbers, or the one that singles out most. */
export type AskedHead = Head | 'auto'

/** What to show; with none of them the surprises. */
export type Asked = {
  readonly surprises?: boolean
  readonly attention: readonly AskedHead[]
  readonly norms?: boolean
  readonly logitLens?: boolean
}

/** Reads `3.5`: layer 3, head 5. */
export function parseHead(text: string): AskedHead {
  if (text === 'auto') return text
  const [, layer, head] = /^(\d{1,6})\.(\d{1,6})$/.exec(text) ?? []
  if (layer === undefined || head === undefined)
    throw usageError('BAD_VALUE', `--attention is ${quoted(text)}, expected layer.head, such as 0.3, or auto.`)
  return { layer: Number(layer), head: Number(head) }
}

/** The flags of what was asked for, for messages. */
export const askedFlags = ({ surprises: tokens, attention, norms, logitLens: lens }: Asked): string[] => [
  ...(tokens ? ['--surprises'] : []),
  ...(attention.length ? ['--attention'] : []),
  ...(norms ? ['--norms'] : []),
  ...(lens ? ['--logit-lens'] : []),
]

const hint = '  more to see: --attention auto, --norms, --logit-lens, --capture PATTERN'

/** A view's part of the JSON, and its drawing. */
type View = { readonly json: object; readonly drawn: string }
/** What every view is made from. */
type Subject = { readonly model: Model; readonly ids: number[]; readonly texts: string[]; readonly top: number }

async function surpriseView({ model, ids, top }: Subject, { color, columns }: Terminal): Promise<View> {
  const report = await surprises(model, ids, top)
  const paint = painter(color)
  const drawn = [drawSurprises(report, paint, color, columns), drawTokens(report, paint, color, columns)]
  return { json: report, drawn: drawn.filter(Boolean).join('\n\n') }
}

async function attentionView(
  { model, ids, texts }: Subject,
  { color, columns }: Terminal,
  asked: readonly AskedHead[],
): Promise<View> {
  const heads: Head[] = []
  for (const head of asked) heads.push(head === 'auto' ? await tellingHead(model, ids) : head)
  const maps = await attentionMaps(model, ids, heads)
  return {
    json: { attention: maps.map((map) => ({ ...map, weights: rowsOf(map.weights) })) },
    drawn: maps.map((map) => drawAttention(map, texts, painter(color), color, columns)).join('\n\n'),
  }
}

async function normsView({ model, ids }: Subject, { color, columns }: Terminal): Promise<View> {
  const norms = await residualNorms(model, ids)
  return { json: { norms }, drawn: drawNorms(norms, painter(color), columns) }
}

/** A drawing has room for few positions; the numbers are wanted for all. */
async function lensView({ model, ids, texts, top }: Subject, terminal: Terminal, asJson: boolean): Promise<View> {
  const { color, columns } = terminal
  const lens = await logitLens(model, ids, { top, ...(!asJson && { last: lensPositions(columns) }) })
  return { json: { logitLens: lens }, drawn: drawLens(lens, texts, painter(color), color, columns) }
}

/** Rows of a matrix as lists. */
function rowsOf(array: NdArray): number[][] {
  const [rows, columns] = array.shape as [number, number]
  const values = toNumbers(array)
  return Array.from({ length: rows }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns)])
}

/** Shows a text as it was asked for, one view below the other, and what was captured of it. */
export async function showText(
  model: Model,
  text: string,
  asked: Asked & { readonly top: number; readonly captured: Readonly<Record<string, NdArray>> },
  asJson: boolean,
  terminal: Terminal,
): Promise<void> {
  const ids = idsOf(model, text)
  const subject = { model, ids, texts: ids.map((id) => pieceOf(model, id)), top: asked.top }
  const captured = Object.keys(asked.captured).length > 0
  const plain = askedFlags(asked).length === 0 && !captured
  const views: View[] = []
  if (asked.surprises || plain) views.push(await surpriseView(subject, terminal))
  else views.push({ json: { tokens: ids.map((id, i) => ({ id, text: subject.texts[i]! })) }, drawn: '' })
  if (asked.attention.length > 0) views.push(await attentionView(subject, terminal, asked.attention))
  if (asked.norms) views.push(await normsView(subject, terminal))
  if (asked.logitLens) views.push(await lensView(subject, terminal, asJson))
  if (captured) {
    const drawn = asJson ? '' : drawCaptured(asked.captured, painter(terminal.color), terminal.columns)
    views.push({ json: { captured: summaryJson(asked.captured) }, drawn })
  }
  if (asJson) terminal.out(`${JSON.stringify(Object.assign({}, ...views.map(({ json }) => json)))}\n`)
  else terminal.out(`${views.flatMap(({ drawn }) => drawn || []).join('\n\n')}\n`)
  if (plain && !asJson && terminal.interactive) terminal.out(`\n${painter(terminal.color).dim(hint)}\n`)
}

/** Which part of a long text a model with a limited context reads. */
import type { Rows } from './rows.ts'

/** Cache lengths are multiples of this, so that few different ones are made. */
const slotStep = 64

/**
 * The first position read when the text has `length` tokens. A text that fits is read whole; whenever it outgrows the context, the
 * model goes on from the last half of it. It depends on the length alone, so a text may be continued in any number of calls.
 */
export function windowStart(length: number, context: number): number {
  const stride = Math.max(1, Math.floor(context / 2))
  return length <= context ? 0 : Math.ceil((length - context) / stride) * stride
}

/** Slots for the longest text; its last token is never read. */
export function slotsFor(
  texts: readonly { readonly ids: readonly number[] }[],
  maxNewTokens: number,
  context: number,
): number {
  const longest = texts.reduce((most, { ids }) => Math.max(most, ids.length), 0) + maxNewTokens - 1
  return Math.min(context, Math.ceil(longest / slotStep) * slotStep)
}

/** If a text outgrows the context by its newest token, reads what is kept of it, but for that token, from scratch; returns that. */
export async function slide(rows: Rows, row: number, ids: readonly number[], context: number) {
  const start = windowStart(ids.length, context)
  if (start === windowStart(ids.length - 1, context)) return undefined
  const kept = ids.slice(start, -1)
  if (kept.length > 0) await rows.read(row, [kept])
  else rows.clear(row)
  return kept
}

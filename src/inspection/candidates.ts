/** Logits as probabilities: the likeliest tokens of a position, falling. */
import { type Inspectable, pieceOf } from './reading.ts'

/** A token that could stand at a position. */
export type Candidate = { readonly id: number; readonly text: string; readonly probability: number }

/** ln Σ eˣ of a row. */
export function logSumExp(row: Float32Array): number {
  let top = Number.NEGATIVE_INFINITY
  for (const x of row) if (x > top) top = x
  let sum = 0
  for (const x of row) sum += Math.exp(x - top)
  return top + Math.log(sum)
}

/** The `count` largest entries of a row, falling; of equal ones the first. */
export function largest(row: Float32Array, count: number): number[] {
  const kept: number[] = []
  for (let i = 0; i < row.length; i++) {
    if (kept.length === count && !(row[i]! > row[kept.at(-1)!]!)) continue
    let at = kept.length
    while (at > 0 && row[i]! > row[kept[at - 1]!]!) at--
    kept.splice(at, 0, i)
    if (kept.length > count) kept.pop()
  }
  return kept
}

/** The `count` likeliest tokens of a row of logits. */
export function candidates(
  model: Pick<Inspectable, 'tokenizer'>,
  row: Float32Array,
  count: number,
  total = logSumExp(row),
): Candidate[] {
  return largest(row, count).map((id) => ({ id, text: pieceOf(model, id), probability: Math.exp(row[id]! - total) }))
}

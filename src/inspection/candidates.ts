/** Logits as probabilities: the likeliest tokens of a position, falling. */
import { largestIds, mass, maximum } from '../generation/softmax.ts'
import { type Inspectable, pieceOf } from './reading.ts'

/** A token that could stand at a position. */
export type Candidate = { readonly id: number; readonly text: string; readonly probability: number }

/** ln Σ eˣ of a row. */
export function logSumExp(row: Float32Array): number {
  const top = maximum(row)
  return top + Math.log(mass(row, top))
}

/** The `count` likeliest tokens of a row of logits. */
export function candidates(
  model: Pick<Inspectable, 'tokenizer'>,
  row: Float32Array,
  count: number,
  total = logSumExp(row),
): Candidate[] {
  return largestIds(row, count).map((id) => ({ id, text: pieceOf(model, id), probability: Math.exp(row[id]! - total) }))
}

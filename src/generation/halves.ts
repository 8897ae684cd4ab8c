/** Two programs in place of one large one, so that both processors prepare its weights. */
import type { Program } from '../graph/program.ts'
import { sizeOf } from '../tensor/array.ts'
import { factors } from '../transforms/in-blocks.ts'
import { split } from '../transforms/split.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'

/** Numbers in matrices from which on it takes longer to prepare them than a second program costs: some ten microseconds a run. */
const large = 1 << 25

const matrixValues = ({ outputs }: Program): number =>
  factors([...outputs.values()]).reduce((sum, { matrix }) => sum + sizeOf(matrix.shape as readonly number[]), 0)

/**
 * A program of the model, or, where its matrices are large, its two halves as near to equal as a cut between layers makes them. Engines
 * pack each program's matrices on one thread; two are packed side by side.
 */
export function halves(program: Program, { format, config }: Checkpoint): readonly Program[] {
  const ends = (format.definition.residual?.(config) ?? []).map(({ end }) => end)
  const total = matrixValues(program)
  if (total < large || ends.length < 2) return [program]
  let [low, high] = [0, ends.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (2 * matrixValues(split(program, ends[middle]!)[0]) < total) low = middle + 1
    else high = middle
  }
  return split(program, ends[low]!)
}

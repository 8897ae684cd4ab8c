/** Two programs in place of one large one, so that both processors prepare its weights. */
import type { Program } from '../graph/program.ts'
import type { Tensor } from '../graph/tensor.ts'
import { sizeOf } from '../tensor/array.ts'
import { factors } from '../transforms/in-blocks.ts'
import { split, taps } from '../transforms/split.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'

/** Numbers in matrices from which on it takes longer to prepare them than a second program costs: some ten microseconds a run. */
const large = 1 << 25

const matrixValues = (outputs: readonly Tensor[]): number =>
  factors(outputs).reduce((sum, { matrix }) => sum + sizeOf(matrix.shape as readonly number[]), 0)

/**
 * A program of the model, or, where its matrices are large, its two halves, cut between layers where the first comes to half of them.
 * Engines pack each program's matrices on one thread; two are packed side by side.
 */
export function halves(program: Program, { format, config }: Checkpoint): readonly Program[] {
  const outputs = [...program.outputs.values()]
  const total = matrixValues(outputs)
  if (total < large) return [program]
  const tapped = taps(outputs)
  const ends = (format.definition.residual?.(config) ?? []).filter(({ end }) => tapped.has(end))
  let [low, high] = [0, ends.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (2 * matrixValues([tapped.get(ends[middle]!.end)!]) < total) low = middle + 1
    else high = middle
  }
  const cut = ends[low]?.end
  return cut === undefined ? [program] : split(program, cut)
}

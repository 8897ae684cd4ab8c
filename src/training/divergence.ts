/** A run that has left the finite numbers: what is said of it, and the guard that keeps such weights out of every checkpoint. */
import { nonfinite, type PellucidError } from '../base/errors.ts'
import { giveWay } from '../base/event-loop.ts'
import type { NdArray } from '../tensor/array.ts'
import { countNonFinite } from '../weights/non-finite.ts'
import { checkpointSteps } from './checkpoints.ts'
import type { TrainingStep } from './step.ts'

type Circumstances = {
  readonly rate: number
  readonly out: string
}

/** What else may tell where a loss has gone wrong. */
type Clues = {
  /** The first parameter whose gradient is not finite. */
  readonly gradient?: string | undefined
  /** The first module whose output is not finite; asked where no parameter is to blame. */
  overflow(): Promise<string | undefined>
}

/** Elements looked at without letting others have their turn: about a millisecond. */
const pieceLength = 1 << 20

/** The first array that holds NaN or infinity, and how many of them. */
async function firstNonFinite(arrays: Iterable<readonly [string, NdArray]>) {
  for (const [name, { dtype, data }] of arrays) {
    let count = 0
    for (let start = 0; start < data.length; start += pieceLength) {
      const piece: NdArray = { dtype, shape: [], data: data.subarray(start, start + pieceLength) as NdArray['data'] }
      count += countNonFinite(piece)
      if (data.length > pieceLength) await giveWay()
    }
    if (count > 0) return { name, count, of: data.length }
  }
  return undefined
}

/** The error of a loss or gradient that is not finite: when, at which learning rate, and where it is seen first. */
export async function explainLoss(
  what: string,
  { rate, out }: Circumstances,
  { parameters }: TrainingStep,
  { gradient, overflow }: Clues,
): Promise<PellucidError> {
  const broken = await firstNonFinite(parameters)
  const module = broken ? undefined : await overflow().catch(() => undefined) // The loss is the error to report.
  const where = [
    broken
      ? `${broken.count} of ${broken.of} numbers of the parameter ${broken.name} are not finite`
      : module === undefined
        ? 'every parameter is finite'
        : `every parameter is finite, the output of ${module} is the first that is not`,
    ...(gradient === undefined ? [] : [`the gradient of ${gradient} is not finite`]),
  ]
  return await divergence(`${what}, learning rate ${rate};\n${where.join('; ')}.`, out)
}

/** Throws unless every parameter and everything the optimizer remembers is finite. */
export async function checkFinite(
  when: string,
  { rate, out }: Circumstances,
  { parameters, optimizer }: TrainingStep,
): Promise<void> {
  const broken = (await firstNonFinite(parameters)) ?? (await firstNonFinite(optimizer.state()))
  if (broken)
    throw await divergence(
      `${when}, learning rate ${rate}: ${broken.count} of ${broken.of} numbers of ${broken.name} are not finite.`,
      out,
    )
}

async function divergence(what: string, out: string): Promise<PellucidError> {
  const last = (await checkpointSteps(out)).at(-1)
  const kept = last === undefined ? 'There is no checkpoint yet' : `The checkpoint of step ${last} is kept in ${out}`
  return nonfinite('NONFINITE_LOSS', `${what}\n${kept}. Try a smaller learning rate, a longer warm-up or gradientClip.`)
}

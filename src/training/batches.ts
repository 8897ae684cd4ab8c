/** Windows of the text on their way into a step's arrays: training batches, and the validation loss. */
import type { TokenSequence } from '../datasets/tokens.ts'
import type { Span } from '../runtime/profile.ts'
import { drawStarts, evaluationStarts, type Objective } from './objective.ts'
import type { Recipe } from './recipe.ts'
import type { TrainingStep } from './step.ts'

/** What batches are made from and for. */
export type Batches = {
  readonly recipe: Recipe
  readonly objective: Objective
  readonly step: TrainingStep
  /** Parts of a micro-batch. */
  readonly splits: number
  /** Ids of a window. */
  readonly window: number
}

const readWindows = (text: TokenSequence, starts: readonly number[], window: number): Int32Array[] =>
  starts.map((start) => {
    const ids = new Int32Array(window)
    text.read(start, ids)
    return ids
  })

/** Reads the windows of a training micro-batch. */
export const drawWindows = (
  { recipe, window }: Batches,
  text: TokenSequence,
  step: number,
  micro: number,
): Int32Array[] =>
  readWindows(text, drawStarts({ seed: recipe.seed, step, site: micro }, recipe.batchSize, text, window), window)

/** Puts the windows of a micro-batch into the arrays of its parts. */
export function fillBatch({ recipe, objective, step, splits }: Batches, windows: readonly Int32Array[]): void {
  const rows = recipe.batchSize / splits
  for (const [i, ids] of windows.entries()) objective.fill(step.batch(Math.floor(i / rows)), i % rows, ids)
}

/** What the micro-batches of a step gave, and when and how long what was done: for those who measure it, in milliseconds. */
export type ComputedStep = {
  /** Mean over the micro-batches. */
  readonly loss: number
  /** When each micro-batch was computed: masks, forward and backward, sums of gradients. The next batch is drawn meanwhile. */
  readonly computed: readonly Span[]
  readonly draw: number
  /** Putting the drawn batches into the arrays. */
  readonly fill: number
}

/**
 * Computes the gradients of a step's micro-batches, the first of which is in the arrays. While one is computed the next is drawn; its
 * arrays are filled when they are free. So afterwards the first one of the next step is there.
 */
export async function computeStep(
  context: Batches,
  done: number,
  draw: (step: number, micro: number) => readonly Int32Array[],
): Promise<ComputedStep> {
  const { gradientAccumulation: micros } = context.recipe
  const computed: Span[] = []
  let [loss, drawn, filled] = [0, 0, 0]
  for (let micro = 0; micro < micros; micro++) {
    const [nextStep, nextMicro] = micro + 1 < micros ? [done, micro + 1] : [done + 1, 0]
    const began = performance.now()
    const running = context.step.accumulate(done, micro)
    const drawing = performance.now()
    const windows = draw(nextStep, nextMicro)
    drawn += performance.now() - drawing
    loss += (await running) / micros
    const free = performance.now()
    computed.push([began, free])
    fillBatch(context, windows)
    filled += performance.now() - free
  }
  return { loss, computed, draw: drawn, fill: filled }
}

/** Where the windows of an evaluation start, spread over a text: all that there are unless the recipe limits their number. */
function evaluatedStarts({ recipe: { batchSize, evaluation }, window }: Batches, text: TokenSequence): number[] {
  const limit = evaluation.batches === undefined ? undefined : evaluation.batches * batchSize
  return evaluationStarts(text, window, limit)
}

/** The first windows of an evaluation, at most `count`. */
export const firstEvaluated = (context: Batches, text: TokenSequence, count: number): Int32Array[] =>
  readWindows(text, evaluatedStarts(context, text).slice(0, count), context.window)

/** Mean loss over the windows of an evaluation; undefined when aborted. */
export async function evaluateText(
  context: Batches,
  text: TokenSequence,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const { objective, step, window } = context
  const { batchSize } = context.recipe
  const starts = evaluatedStarts(context, text)
  let total = 0
  for (let i = 0; i < starts.length; i += batchSize) {
    if (signal?.aborted) return undefined
    const windows = readWindows(text, starts.slice(i, i + batchSize), window)
    for (let row = 0; row < batchSize; row++) {
      const ids = windows[row]
      if (ids) objective.fill(step.evaluationBatch, row, ids)
      else objective.blank(step.evaluationBatch, row)
    }
    total += (await step.evaluate()) * windows.length
  }
  return total / starts.length
}

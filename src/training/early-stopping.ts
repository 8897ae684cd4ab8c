/** Early stopping: how long validation losses have not improved (Prechelt 1998, "Early stopping – but when?", UP with a patience). */
import type { RunState } from './checkpoints.ts'

type Patience = RunState['patience']

/** Whether a loss is the lowest so far, so that its weights are kept. */
export const isBetter = (loss: number, best: RunState['best']): boolean => best === undefined || loss < best.loss

/**
 * After an evaluation: a loss more than `minimumImprovement` below the last improvement is one, and the count begins again. Many steps
 * too small for that add up: the reference stays until they have made one together.
 */
export const notePatience = ({ reference, waited }: Patience, loss: number, minimumImprovement: number): Patience =>
  reference === undefined || loss < reference - minimumImprovement
    ? { reference: loss, waited: 0 }
    : { reference, waited: waited + 1 }

/** Whether a run should stop. Without a patience it never does. */
export const hasRunOut = ({ waited }: Patience, patience: number | undefined): boolean =>
  patience !== undefined && waited >= patience

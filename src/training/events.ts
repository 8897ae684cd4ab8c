/** What a training run reports. */
import type { RunState } from './checkpoints.ts'
import type { Progress } from './data.ts'
import type { Recipe } from './recipe.ts'
import type { Change } from './recipe-changes.ts'

/** How a run went on that had been interrupted. */
export type Resumed = {
  /** The checkpoint it goes on from; undefined where there was none and it begins again. */
  readonly path?: string
  /** What is no longer as it was when the checkpoint was saved. */
  readonly changes: readonly Change[]
  /** Versions and settings that are others now, so that the numbers may differ in their last digits from an undisturbed run's. */
  readonly environment: readonly Change[]
  /** Checkpoints and files passed over, each with the reason, in words. */
  readonly skipped: readonly string[]
}

/** Why a run ended: all steps are done, or `evaluation.patience` ran out, or it was asked to stop. */
export type Ending = 'finished' | 'stopped early' | 'aborted'

export type TrainEvent =
  /** Only while preparing the text takes long: bytes of it read, bytes tokenized. */
  | {
      readonly type: 'prepare'
      readonly stage: Progress['stage']
      readonly done: number
      readonly total: number
    }
  | {
      readonly type: 'start'
      readonly recipe: Recipe
      /** In words: type and size, or the directory it goes on from. */
      readonly model: string
      readonly parameters: number
      readonly vocabulary: number
      readonly data: string
      readonly trainTokens: number
      readonly validationTokens: number
      readonly bytesPerToken: number
      /** Bytes that the run will need at its peak, as predicted. */
      readonly memory: number
      readonly step: number
      readonly runtime: string
      /** Only where an earlier start is gone on with. */
      readonly resumed?: Resumed
    }
  | {
      readonly type: 'step'
      readonly step: number
      readonly loss: number
      readonly learningRate: number
      readonly gradientNorm: number
      readonly tokensPerSecond: number
      readonly seconds: number
    }
  | {
      readonly type: 'evaluation'
      readonly step: number
      readonly loss: number
      readonly trainLoss?: number
      readonly best: boolean
      readonly seconds: number
    }
  | { readonly type: 'sample'; readonly step: number; readonly text: string }
  | { readonly type: 'checkpoint'; readonly step: number; readonly path: string }
  | {
      readonly type: 'end'
      readonly step: number
      readonly reason: Ending
      /** Nothing is left to do. */
      readonly finished: boolean
      readonly seconds: number
      readonly best: RunState['best']
    }

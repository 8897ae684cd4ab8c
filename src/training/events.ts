/** What a training run reports. */
import type { RunState } from './checkpoints.ts'
import type { Progress } from './data.ts'
import type { Recipe } from './recipe.ts'

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
      readonly step: number
      readonly runtime: string
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
      readonly finished: boolean
      readonly seconds: number
      readonly best: RunState['best']
    }

/** What a training run reports. */
import type { RunState } from './checkpoints.ts'
import type { Recipe } from './recipe.ts'

export type TrainEvent =
  | {
      readonly type: 'start'
      readonly recipe: Recipe
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

/** The sizes whose training steps are measured, and how many floating-point operations their products take. */
import type { RecipeInput } from '../../src/training/recipe.ts'
import { Skip } from '../benchmark.ts'

export type StepConfig = {
  readonly name: string
  readonly label: string
  readonly layers: number
  readonly heads: number
  readonly width: number
  readonly vocabulary: number
  /** Positions that the model knows. */
  readonly context: number
  /** Sequences and tokens of a batch. */
  readonly rows: number
  readonly tokens: number
  readonly betas: readonly [number, number]
  /** Least tokens/s as a multiple of PyTorch's, eager float32 and the best of its modes. */
  readonly aims: { readonly eager?: number; readonly best?: number; readonly gemm?: number }
}

const small = { layers: 4, heads: 4, width: 128, vocabulary: 65, betas: [0.9, 0.99] } as const
const gpt2 = { layers: 12, heads: 12, width: 768, vocabulary: 50257, context: 1024, betas: [0.9, 0.95] } as const

export const stepConfigs: readonly StepConfig[] = [
  { ...small, name: 'a', label: 'characters, small', context: 64, rows: 12, tokens: 64, aims: { eager: 1.5, best: 1 } },
  {
    ...small,
    ...{ layers: 6, heads: 6, width: 384 },
    ...{ name: 'b', label: 'characters, large', context: 256, rows: 8, tokens: 256, aims: { eager: 1.7 } },
  },
  { ...gpt2, name: 'c', label: 'GPT-2 124M', rows: 4, tokens: 64, aims: { eager: 2, best: 0.8, gemm: 0.85 } },
  { ...gpt2, name: 'c1', label: 'GPT-2 124M, long', rows: 1, tokens: 1024, aims: {} },
]

/** A config by name. Throws `Skip` with the names there are. */
export function stepConfig(name: string): StepConfig {
  const config = stepConfigs.find((each) => each.name === name)
  if (!config) throw new Skip(`no config is named ${name}; there are ${stepConfigs.map((c) => c.name).join(', ')}`)
  return config
}

/** The named configs, all of them unless given. */
export const chooseConfigs = (names?: readonly string[]): readonly StepConfig[] => names?.map(stepConfig) ?? stepConfigs

/** The seed of weights and tokens: both sides start from the same and see the same. */
export const seed = 1

/** The recipe of ours. */
export const recipeOf = (c: StepConfig): RecipeInput => ({
  model: {
    type: 'gpt2',
    layers: c.layers,
    heads: c.heads,
    width: c.width,
    dropout: 0,
    config: { n_positions: c.context },
  },
  contextLength: c.tokens,
  batchSize: c.rows,
  seed,
  gradientClip: 1,
  optimizer: { name: 'adamw', learningRate: 1e-4, betas: [...c.betas], weightDecay: 0.1 },
})

/**
 * Operations of a step's products, counted from the shapes: 2·m·k·n for each product, of which the derivative has two.
 * Linear layers: 12·width² weights a layer and the output layer; attention: scores and mixed values over all t² pairs, as both sides
 * compute them before the mask. 6·(12·L·c² + v·c)·(rows·t) + 12·L·rows·t²·c in all.
 */
export const productFlops = ({ layers, width, vocabulary, rows, tokens }: StepConfig): number =>
  6 * (12 * layers * width ** 2 + vocabulary * width) * rows * tokens + 12 * layers * rows * tokens ** 2 * width

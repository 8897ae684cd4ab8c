/** Adafactor (Shazeer and Stern 2018), in the two variants in use: PyTorch's and transformers'. */
import * as z from 'zod'
import { defineRule } from './rule.ts'

const schema = z.strictObject({
  name: z.literal('adafactor'),
  variant: z
    .enum(['torch', 'transformers'])
    .default('transformers')
    .describe("torch: torch.optim.Adafactor; transformers: its own, which fairseq's T5 runs used"),
  learningRate: z.number().positive('more than 0').default(1e-2),
  weightDecay: z.number().nonnegative().default(0).describe('Decay of matrices; vectors are left alone'),
  decayRate: z.number().negative().default(-0.8).describe('The second moment forgets with 1 − step^decayRate'),
  clipThreshold: z.number().positive().default(1).describe('Largest root mean square of an update before the rate'),
  epsilon: z
    .tuple([z.number().positive(), z.number().nonnegative()])
    .optional()
    .describe('Regularizes the squares; least scale of a parameter. Default: 2⁻²³ (torch) or 1e-30, and 1e-3'),
  scaleParameter: z.boolean().default(true).describe('transformers: rate relative to the scale of the parameter'),
  relativeStep: z.boolean().default(false).describe('transformers: rate from the step number; learningRate is unused'),
  warmupInit: z.boolean().default(false).describe('transformers: with relativeStep, a linear start'),
})
type Config = z.output<typeof schema>

/** Where the variants differ. */
type Variant = {
  epsilon: [number, number]
  /** Added to the mean squares of the gradient. */
  added(epsilon: number): number
  /** The least mean that row variances are divided by. */
  leastMean(epsilon: number): number
  /** The most a gradient is multiplied by, 1/√(least variance). */
  ceiling(epsilon: number): number
  /** Step size of a parameter with root mean square `scale`. */
  rate(config: Config, learningRate: number, step: number, scale: number): number
  /** What weight decay is multiplied by. */
  decayRate(learningRate: number, rate: number): number
}

const variants: Record<Config['variant'], Variant> = {
  torch: {
    epsilon: [2 ** -23, 1e-3],
    added: () => 0,
    leastMean: (epsilon) => epsilon,
    ceiling: (epsilon) => 1 / epsilon,
    rate: (_config, learningRate, step, scale) => scale * Math.min(learningRate, 1 / Math.sqrt(step)),
    decayRate: (learningRate) => learningRate,
  },
  transformers: {
    epsilon: [1e-30, 1e-3],
    added: (epsilon) => epsilon,
    leastMean: () => 0,
    ceiling: () => Number.POSITIVE_INFINITY,
    rate(config, learningRate, step, scale) {
      const start = config.warmupInit ? 1e-6 * step : 1e-2
      const base = config.relativeStep ? Math.min(start, 1 / Math.sqrt(step)) : learningRate
      return config.scaleParameter ? scale * base : base
    },
    decayRate: (_learningRate, rate) => rate,
  },
}

/** A shape as a stack of matrices; what has fewer than two axes counts as one row. */
function matrices(shape: readonly number[]): { count: number; rows: number; columns: number } {
  const columns = shape.at(-1) ?? 1
  const rows = shape.at(-2) ?? 1
  return { count: shape.slice(0, -2).reduce((n, axis) => n * axis, 1), rows, columns }
}

/**
 * The second moment of a matrix is kept as its row and column means R, C: V ≈ R·Cᵀ / mean(R) (§3, algorithm 4). The update is
 * g/√V, which is g·aᵢ·bⱼ with a = √(mean(R)/R) and b = 1/√C; it is cut to root mean square `clipThreshold` (§6) and multiplied
 * by the rate, which is relative to the parameter's own scale (§8). Vectors keep the full second moment: a is 1.
 */
export const adafactor = defineRule({
  schema,
  state: (_config, shape): Record<string, readonly number[]> =>
    shape.length >= 2
      ? { row_var: shape.slice(0, -1), col_var: [...shape.slice(0, -2), shape.at(-1)!] }
      : { variance: shape },
  elementwise: false,
  scratch(_config, shape) {
    const { count, rows, columns } = matrices(shape)
    return {
      row_sums: 2 * rows,
      column_sums: 2 * columns,
      row_factors: count * rows,
      column_factors: count * columns,
    }
  },
  bind(config, parameter) {
    const { kernel, shape, size, padded, pointer, floats, doubles } = parameter
    const { count, rows, columns } = matrices(shape)
    const factored = shape.length >= 2
    const variant = variants[config.variant]
    const [epsilon, leastScale] = config.epsilon ?? variant.epsilon
    const [added, leastMean] = [variant.added(epsilon), variant.leastMean(epsilon)]
    const ceiling = variant.ceiling(epsilon)
    const decay = parameter.decay ? config.weightDecay : 0

    const [p, g] = [pointer('parameter'), pointer('gradient0')]
    const [rowSums, columnSums] = [doubles('row_sums'), doubles('column_sums')]
    const [rowFactors, columnFactors] = [floats('row_factors'), floats('column_factors')]
    const rowVariances = factored ? floats('row_var') : undefined
    const columnVariances = floats(factored ? 'col_var' : 'variance')
    const matrix = (i: number) => ({
      gradient: g + 4 * i * rows * columns,
      a: pointer('row_factors') + 4 * i * rows,
      b: pointer('column_factors') + 4 * i * columns,
    })

    /** Moves the variances of matrix i towards the new squares and writes the factors a and b. */
    function updateVariances(i: number, forget: number, scale: number) {
      kernel.marginalSquares(matrix(i).gradient, rows, columns, pointer('row_sums'), pointer('column_sums'))
      const move = (variances: Float32Array, start: number, sums: Float64Array, terms: number) => {
        let total = 0
        for (const [k, sum] of sums.entries()) {
          const before = variances[start + k]!
          variances[start + k] = before + forget * ((scale * scale * sum) / terms + added - before)
          total += variances[start + k]!
        }
        return total / sums.length
      }
      move(columnVariances, i * columns, columnSums, rows)
      for (let k = i * columns; k < (i + 1) * columns; k++) columnFactors[k] = 1 / Math.sqrt(columnVariances[k]!)
      if (!rowVariances) return rowFactors.fill(1)
      const mean = Math.max(leastMean, move(rowVariances, i * rows, rowSums, columns))
      for (let k = i * rows; k < (i + 1) * rows; k++) rowFactors[k] = Math.sqrt(mean / rowVariances[k]!)
    }

    return ({ step, learningRate, scale }) => {
      const forget = step ** config.decayRate
      let squares = 0
      for (let i = 0; i < count; i++) {
        updateVariances(i, forget, scale)
        const { gradient, a, b } = matrix(i)
        squares += kernel.scaledSquares(gradient, rows, columns, a, b, ceiling)
      }
      const updateScale = scale * Math.sqrt(squares / size)
      const parameterScale = Math.max(leastScale, Math.sqrt(kernel.sumOfSquares(p, padded) / size))
      const rate = variant.rate(config, learningRate, step, parameterScale)
      const shrink = 1 - decay * variant.decayRate(learningRate, rate)
      const change = (rate * scale) / Math.max(1, updateScale / config.clipThreshold)
      for (let i = 0; i < count; i++) {
        const { gradient, a, b } = matrix(i)
        kernel.scaledStep(p + 4 * i * rows * columns, gradient, rows, columns, a, b, ceiling, shrink, change)
      }
    }
  },
})

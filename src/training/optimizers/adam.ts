/** Adam (Kingma and Ba 2015, algorithm 1) and AdamW (Loshchilov and Hutter 2019, algorithm 2), as in PyTorch. */
import * as z from 'zod'
import { type Bound, defineRule, type StepValues } from './rule.ts'

const fields = {
  learningRate: z.number().positive('more than 0').default(1e-3),
  betas: z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]).default([0.9, 0.999]),
  epsilon: z.number().positive().default(1e-8).describe('Added to the root of the second moment'),
}

/** Both moments have the parameter's shape; the names are PyTorch's. */
const moments = (_config: unknown, shape: readonly number[]) => ({ exp_avg: shape, exp_avg_sq: shape })

type Config = { betas: [number, number]; epsilon: number }

/**
 * The step common to both, without decay of either kind. With c₁ = 1 − β₁ᵗ and c₂ = √(1 − β₂ᵗ) the paper's
 * lr·(m/c₁) / (√v/c₂ + ε) is (lr·c₂/c₁)·m / (√v + ε·c₂): all corrections are two numbers, computed here in float64.
 */
function moveAlongMoments({ betas: [beta1, beta2], epsilon }: Config, parameter: Bound) {
  const { kernel, padded, pointer } = parameter
  const [p, g, m, v] = [pointer('parameter'), pointer('gradient0'), pointer('exp_avg'), pointer('exp_avg_sq')]
  return ({ step, learningRate, scale }: StepValues, shrink: number) => {
    const c1 = 1 - beta1 ** step
    const c2 = Math.sqrt(1 - beta2 ** step)
    const share = (1 - beta1) * scale
    const root = Math.sqrt(1 - beta2) * scale
    kernel.adam(p, g, m, v, padded, beta1, share, beta2, root, shrink, epsilon * c2, (learningRate * c2) / c1)
  }
}

/** AdamW: the decay shrinks the parameter directly, p ← (1 − lr·decay)·p. */
export const adamw = defineRule({
  schema: z.strictObject({
    name: z.literal('adamw'),
    ...fields,
    weightDecay: z.number().nonnegative().default(0.01).describe('Decay of matrices; vectors are left alone'),
  }),
  state: moments,
  elementwise: true,
  bind(config, parameter) {
    const move = moveAlongMoments(config, parameter)
    const decay = parameter.decay ? config.weightDecay : 0
    return (values) => move(values, 1 - values.learningRate * decay)
  },
})

/** Adam: the decay is an L2 penalty, added to the gradient. */
export const adam = defineRule({
  schema: z.strictObject({
    name: z.literal('adam'),
    ...fields,
    weightDecay: z.number().nonnegative().default(0).describe('L2 penalty on matrices'),
  }),
  state: moments,
  elementwise: true,
  bind(config, parameter) {
    const move = moveAlongMoments(config, parameter)
    if (!parameter.decay || config.weightDecay === 0) return (values) => move(values, 1)
    const { kernel, padded } = parameter
    const [p, g] = [parameter.pointer('parameter'), parameter.pointer('gradient0')]
    return (values) => {
      kernel.penalize(g, p, padded, values.scale, config.weightDecay)
      move({ ...values, scale: 1 }, 1)
    }
  },
})

/** Stochastic gradient descent with momentum, optionally Nesterov's (Sutskever et al. 2013, §2), as in PyTorch. */
import * as z from 'zod'
import { defineRule } from './rule.ts'

/** b ← momentum·b + (1 − dampening)·g, except that the first b is g;  p ← p − lr·b, or p − lr·(g + momentum·b) (Nesterov). */
export const sgd = defineRule({
  schema: z.strictObject({
    name: z.literal('sgd'),
    learningRate: z.number().positive('more than 0').default(1e-2),
    momentum: z.number().min(0).lt(1).default(0.9),
    dampening: z.number().min(0).max(1).default(0),
    nesterov: z.boolean().default(false),
    weightDecay: z.number().nonnegative().default(0).describe('L2 penalty on matrices'),
  }),
  state: (_config, shape) => ({ momentum_buffer: shape }),
  elementwise: true,
  bind({ momentum, dampening, nesterov, weightDecay }, { kernel, padded, pointer, decay }) {
    const [p, g, b] = [pointer('parameter'), pointer('gradient0'), pointer('momentum_buffer')]
    const l2 = decay ? weightDecay : 0
    return ({ step, learningRate, scale }) => {
      if (l2 > 0) {
        kernel.penalize(g, p, padded, scale, l2)
        scale = 1
      }
      const share = step === 1 ? scale : (1 - dampening) * scale
      const [direct, through] = nesterov ? [learningRate * scale, learningRate * momentum] : [0, learningRate]
      kernel.sgd(p, g, b, padded, momentum, share, direct, through)
    }
  },
})

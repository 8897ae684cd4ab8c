/** The layers that papers share. */
import type { Tensor } from '../graph/tensor.ts'
import { layerNorm, rmsNorm } from '../ops/index.ts'
import { filled, type Init, normal } from './init.ts'
import { module, param } from './module.ts'

type LinearOptions = { bias?: boolean; init?: Init; layout?: 'out in' | 'in out' }

/**
 * y = x·W + b over the last axis: […, in] → […, out]. The weight lies as [out, in] (PyTorch's Linear) or, with `layout: 'in out'`, as
 * the published GPT models store it.
 */
export const Linear = (
  inputs: number,
  outputs: number,
  { bias = true, init = normal(0.02), layout = 'out in' }: LinearOptions = {},
) => {
  const turned = layout === 'out in'
  const parts = {
    weight: param(turned ? [outputs, inputs] : [inputs, outputs], init),
    ...(bias && { bias: param([outputs], filled(0)) }),
  }
  return module(parts as { weight: Tensor; bias?: Tensor } & Record<string, Tensor>, (m, x: Tensor) => {
    // One matrix for the product and the bias: engines make one kernel of the two.
    const y = x.reshape([-1, inputs]).matmul(m.weight, { transB: turned })
    return (m.bias ? y.add(m.bias) : y).reshape([...x.shape.slice(0, -1), outputs])
  })
}

/** A row of the table for each id: int32 […] → […, width]. */
export const Embedding = (rows: number, width: number, init: Init = normal(0.02)) =>
  module({ weight: param([rows, width], init) }, (m, ids: Tensor) => m.weight.gather(ids))

/** (x − mean)/√(variance + ε)·weight + bias over the last axis (Ba et al. 2016). */
export const LayerNorm = (width: number, epsilon = 1e-5) =>
  module({ weight: param([width], filled(1)), bias: param([width], filled(0)) }, (m, x: Tensor) =>
    layerNorm(x, m.weight, m.bias, epsilon),
  )

/** x/√(mean(x²) + ε)·weight over the last axis (Zhang and Sennrich 2019). */
export const RmsNorm = (width: number, epsilon = 1e-6) =>
  module({ weight: param([width], filled(1)) }, (m, x: Tensor) => rmsNorm(x, m.weight, epsilon))

/** Some positions of each row: x [b, t, c] and int32 [b, k] → [b, k, c]. */
export const takeRows = (x: Tensor, positions: Tensor): Tensor =>
  x.takeAlong(positions.unsqueeze(2).broadcastTo([...positions.shape, x.shape[2]!]), 1)

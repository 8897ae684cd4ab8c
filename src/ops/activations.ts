/** Activation functions made of simpler ones, with fused lowerings. */
import type { OnnxWriter } from '../graph/op.ts'
import { apply1, type Tensor } from '../graph/tensor.ts'
import { defineOp } from './define.ts'

const microsoft = { domain: 'com.microsoft' }
const contrib = (onnx: OnnxWriter, type: string, x: string, attributes = {}) =>
  onnx.capabilities.contrib ? onnx.node(type, [x], attributes, microsoft) : undefined

/** x·Φ(x), Φ the normal distribution function (Hendrycks and Gimpel 2016). Derivative: Φ(x) + x·e^(−x²/2)/√(2π). */
export const geluOp = defineOp({
  name: 'gelu',
  body: ([x]) => x!.mul(phi(x!)),
  vjp: ([dy], [x]) => {
    const density = x!
      .mul(x!)
      .mul(-0.5)
      .exp()
      .mul(1 / Math.sqrt(2 * Math.PI))
    return [dy!.mul(phi(x!).add(x!.mul(density)))]
  },
  onnx: (onnx, [x]) => contrib(onnx, 'Gelu', x!),
})
const phi = (x: Tensor) => x.mul(Math.SQRT1_2).erf().add(1).mul(0.5)

/** The tanh approximation of GELU, as in GPT-2: ½x(1 + tanh(√(2/π)(x + 0.044715x³))). */
export const geluTanhOp = defineOp({
  name: 'geluTanh',
  body: ([x]) => x!.mul(bent(x!).add(1)).mul(0.5),
  // With t = tanh(u): ½(1 + t) + ½x(1 − t²)·u′, u′ = √(2/π)(1 + 3·0.044715x²).
  vjp: ([dy], [x]) => {
    const t = bent(x!)
    const slope = x!
      .mul(x!)
      .mul(3 * 0.044715 * root)
      .add(root)
    const curve = t.mul(t).neg().add(1).mul(x!).mul(slope)
    return [dy!.mul(t.add(1).add(curve).mul(0.5))]
  },
  onnx: (onnx, [x]) => contrib(onnx, 'FastGelu', x!),
})
const root = Math.sqrt(2 / Math.PI)
const bent = (x: Tensor) =>
  x
    .mul(x)
    .mul(0.044715 * root)
    .add(root)
    .mul(x)
    .tanh()

/** x·σ(x) (Elfwing et al. 2017), also called swish. */
export const siluOp = defineOp({
  name: 'silu',
  body: ([x]) => x!.mul(x!.sigmoid()),
  onnx: (onnx, [x]) => contrib(onnx, 'QuickGelu', x!, { alpha: { float: 1 } }),
})

/** x·σ(1.702x), the sigmoid approximation of GELU. */
export const quickGeluOp = defineOp({
  name: 'quickGelu',
  body: ([x]) => x!.mul(x!.mul(1.702).sigmoid()),
  onnx: (onnx, [x]) => contrib(onnx, 'QuickGelu', x!, { alpha: { float: 1.702 } }),
})

export const gelu = (x: Tensor, approximate: 'none' | 'tanh' = 'none'): Tensor =>
  apply1(approximate === 'tanh' ? geluTanhOp : geluOp, [x])
export const silu = (x: Tensor): Tensor => apply1(siluOp, [x])
export const quickGelu = (x: Tensor): Tensor => apply1(quickGeluOp, [x])

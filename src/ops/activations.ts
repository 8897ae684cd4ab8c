/** Activation functions made of simpler ones, with fused lowerings. */
import type { OnnxWriter } from '../graph/op.ts'
import { apply1, type Node, type Tensor } from '../graph/tensor.ts'
import { like } from './binary.ts'
import { defineOp, expectDtype, floats } from './define.ts'

const microsoft = { domain: 'com.microsoft' }
/** One of ORT's own kernels where there is one; they refuse scalars. */
const contrib = (onnx: OnnxWriter, type: string, x: string, { inputs }: Node, attributes = {}) =>
  onnx.capabilities.contrib && inputs[0]!.rank > 0 ? onnx.node(type, [x], attributes, microsoft) : undefined

/** A body for floats only. */
const ofFloats =
  (f: (x: Tensor) => Tensor) =>
  ([x]: readonly Tensor[]): Tensor => {
    expectDtype(x!, ...floats)
    return f(x!)
  }

/** φ(x), the density of the normal distribution: e^(−x²/2)/√(2π). */
const density = (x: Tensor): Tensor =>
  x
    .mul(x)
    .mul(-0.5)
    .exp()
    .mul(1 / Math.sqrt(2 * Math.PI))

/** Φ(x) = ½(1 + erf(x/√2)), the normal distribution function. Derivative: φ(x). */
export const normalCdfOp = defineOp({
  name: 'normalCdf',
  body: ofFloats((x) => x.mul(Math.SQRT1_2).erf().add(1).mul(0.5)),
  vjp: ([dy], [x]) => [dy!.mul(density(x!))],
  onnx: (onnx, [x], { inputs }) => {
    const erf = onnx.node('Erf', [onnx.node('Mul', [x!, onnx.scalar(inputs[0]!.dtype, Math.SQRT1_2)])])
    // HardSigmoid is αx + β cut to [0, 1], where Φ lies anyway: one pass over the memory instead of two.
    return onnx.node('HardSigmoid', [erf], { alpha: { float: 0.5 }, beta: { float: 0.5 } })
  },
})

const gateLinear = 2 * Math.sqrt(2 / Math.PI)
const gateCubic = 0.044715 * gateLinear
/** σ′(2u)·(2u)′ = σ(1 − σ)(a + 3bx²), given a product that has σ as a factor. */
const tanhSlope = (x: Tensor, gate: Tensor, product: Tensor): Tensor =>
  like(1, gate)
    .sub(gate)
    .mul(product)
    .mul(
      x
        .mul(x)
        .mul(3 * gateCubic)
        .add(gateLinear),
    )

/**
 * ½(1 + tanh u) = σ(2u) with 2u = x(a + bx²), a = 2√(2/π), b = 0.044715a: the share of x that the tanh approximation of GELU lets
 * through.
 */
export const geluGateOp = defineOp({
  name: 'geluGate',
  body: ofFloats((x) => x.mul(x).mul(gateCubic).add(gateLinear).mul(x).sigmoid()),
  vjp: ([dy], [x], [gate]) => [tanhSlope(x!, gate!, dy!.mul(gate!))],
})

/** x·Φ(x) (Hendrycks and Gimpel 2016). Derivative: Φ(x) + x·φ(x); nothing but x is kept for it. */
export const geluOp = defineOp({
  name: 'gelu',
  body: ofFloats((x) => x.mul(apply1(normalCdfOp, [x]))),
  vjp: ([dy], [x]) => [
    dy!.mul(
      density(x!)
        .mul(x!)
        .add(apply1(normalCdfOp, [x!])),
    ),
  ],
  onnx: (onnx, [x], node) => contrib(onnx, 'Gelu', x!, node),
})

/** The tanh approximation of GELU, as in GPT-2: ½x(1 + tanh(√(2/π)(x + 0.044715x³))). Derivative: gate + x·gate′. */
export const geluTanhOp = defineOp({
  name: 'geluTanh',
  body: ofFloats((x) => x.mul(apply1(geluGateOp, [x]))),
  vjp: ([dy], [x], [y]) => {
    const gate = apply1(geluGateOp, [x!])
    return [dy!.mul(tanhSlope(x!, gate, y!).add(gate))]
  },
  onnx: (onnx, [x], node) => contrib(onnx, 'FastGelu', x!, node),
})

/** x·σ(x) (Elfwing et al. 2017), also called swish. */
export const siluOp = defineOp({
  name: 'silu',
  body: ofFloats((x) => x.mul(x.sigmoid())),
  onnx: (onnx, [x], node) => contrib(onnx, 'QuickGelu', x!, node, { alpha: { float: 1 } }),
})

/** x·σ(1.702x), the sigmoid approximation of GELU. */
export const quickGeluOp = defineOp({
  name: 'quickGelu',
  body: ofFloats((x) => x.mul(x.mul(1.702).sigmoid())),
  onnx: (onnx, [x], node) => contrib(onnx, 'QuickGelu', x!, node, { alpha: { float: 1.702 } }),
})

export const gelu = (x: Tensor, approximate: 'none' | 'tanh' = 'none'): Tensor =>
  apply1(approximate === 'tanh' ? geluTanhOp : geluOp, [x])
export const silu = (x: Tensor): Tensor => apply1(siluOp, [x])
export const quickGelu = (x: Tensor): Tensor => apply1(quickGeluOp, [x])

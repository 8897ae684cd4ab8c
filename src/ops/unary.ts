/** Element-wise functions of one tensor. */
import type { Op } from '../graph/op.ts'
import type { Tensor } from '../graph/tensor.ts'
import { fromNumbers, toNumbers } from '../tensor/array.ts'
import type { DType } from '../tensor/dtype.ts'
import { isFloat } from '../tensor/dtype.ts'
import { erf as erfOf } from '../tensor/special.ts'
import { Value } from '../tensor/value.ts'
import { like } from './binary.ts'
import { defineOp, floats, numbers, sameType } from './define.ts'

type Derivative = (dy: Tensor, x: Tensor, y: Tensor) => Tensor

/** A float → float function with its derivative and its ONNX name. */
const float = (name: string, onnxName: string, f: (x: number) => number, derivative: Derivative | 'none'): Op =>
  defineOp({
    name,
    shape: sameType(floats),
    vjp: derivative === 'none' ? 'none' : ([dy], [x], [y]) => [derivative(dy!, x!, y!)],
    evaluate: ([x]) => x!.map(f),
    onnx: (onnx, [x]) => onnx.node(onnxName, [x!]),
  })

/** −x, for integers too. */
export const neg = defineOp({
  name: 'neg',
  shape: sameType(numbers),
  vjp: ([dy]) => [dy!.neg()],
  evaluate: ([x]) => x!.map((v) => -v),
  onnx: (onnx, [x]) => onnx.node('Neg', [x!]),
})

/** |x|, for integers too; derivative 0 at 0. */
export const abs = defineOp({
  name: 'abs',
  shape: sameType(numbers),
  vjp: ([dy], [x]) => [dy!.mul(x!.sign())],
  evaluate: ([x]) => x!.map(Math.abs),
  onnx: (onnx, [x]) => onnx.node('Abs', [x!]),
})

/** eˣ; its derivative is itself. */
export const exp = float('exp', 'Exp', Math.exp, (dy, _, y) => dy.mul(y))
/** ln x. */
export const log = float('log', 'Log', Math.log, (dy, x) => dy.div(x))
/** √x; derivative 1/(2√x). */
export const sqrt = float('sqrt', 'Sqrt', Math.sqrt, (dy, _, y) => dy.div(y).mul(0.5))
/** tanh x; derivative 1 − tanh²x. */
export const tanh = float('tanh', 'Tanh', Math.tanh, (dy, _, y) => dy.mul(like(1, y).sub(y.mul(y))))
/** 1/(1 + e⁻ˣ); derivative σ(1 − σ). */
export const sigmoid = float(
  'sigmoid',
  'Sigmoid',
  (x) => 1 / (1 + Math.exp(-x)),
  (dy, _, y) => dy.mul(y).mul(like(1, y).sub(y)),
)
/** 2/√π ∫₀ˣ e^(−t²) dt. */
export const erf = float('erf', 'Erf', erfOf, (dy, x) => dy.mul(x.mul(x).neg().exp()).mul(2 / Math.sqrt(Math.PI)))
export const sin = float('sin', 'Sin', Math.sin, (dy, x) => dy.mul(x.cos()))
export const cos = float('cos', 'Cos', Math.cos, (dy, x) => dy.mul(x.sin()).neg())
/** 1/x; derivative −1/x². */
export const reciprocal = float(
  'reciprocal',
  'Reciprocal',
  (x) => 1 / x,
  (dy, _, y) => dy.mul(y).mul(y).neg(),
)
/** max(x, 0); derivative 0 at 0. */
export const relu = float(
  'relu',
  'Relu',
  (x) => Math.max(x, 0),
  (dy, x) => dy.mul(x.greater(0).cast(x.dtype)),
)
/** ln(1 + eˣ); derivative σ(x). */
export const softplus = float(
  'softplus',
  'Softplus',
  (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  (dy, x) => dy.mul(x.sigmoid()),
)
export const floor = float('floor', 'Floor', Math.floor, 'none')
/** −1, 0 or 1. */
export const sign = float('sign', 'Sign', Math.sign, 'none')

/** Logical not of booleans. */
export const not = defineOp({
  name: 'not',
  shape: sameType(['bool']),
  vjp: 'none',
  evaluate: ([x]) => x!.map((v) => 1 - v),
  onnx: (onnx, [x]) => onnx.node('Not', [x!]),
})

/** The nearest value that half precision can hold. */
const narrowed = (x: Value, dtype: DType): Value =>
  new Value(x.shape, dtype, toNumbers({ dtype, shape: x.shape, data: fromNumbers(dtype, x.data) }))

/**
 * Another dtype: floats to integers truncate (undefined where the integer type cannot hold the value), anything not 0 is true.
 * Differentiable between floats.
 */
export const cast = defineOp<{ dtype: DType }>({
  name: 'cast',
  shape: ([x], { dtype }) => ({ shape: x!.shape, dtype }),
  vjp: ([dy], [x], [y]) => [isFloat(x!.dtype) && isFloat(y!.dtype) ? dy!.cast(x!.dtype) : undefined],
  evaluate: ([x], { dtype }) => {
    if (dtype === 'float16' || dtype === 'bfloat16') return narrowed(x!, dtype)
    return x!.map(dtype === 'bool' ? (v) => Number(v !== 0) : isFloat(dtype) ? (v) => v : Math.trunc, dtype)
  },
  onnx: (onnx, [x], { attributes: { dtype } }) => onnx.node('Cast', [x!], { to: dtype }),
})

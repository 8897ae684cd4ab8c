/** Element-wise functions of two or three tensors, with broadcasting. */
import type { Op } from '../graph/op.ts'
import { apply1, inCall, shapeProblem, type Tensor } from '../graph/tensor.ts'
import type { DType } from '../tensor/dtype.ts'
import { isFloat } from '../tensor/dtype.ts'
import { broadcastStrides, Value, walk } from '../tensor/value.ts'
import { broadcastShape, broadcastType, defineOp, expectDtype, integers, numbers } from './define.ts'
import { constant } from './leaves.ts'

/** f over broadcast inputs. */
function zip(inputs: readonly Value[], dtype: DType, f: (...xs: number[]) => number): Value {
  const shape = broadcastShape(...inputs.map((x) => x.shape)) as number[]
  const out = new Value(shape, dtype)
  const strides = inputs.map((x) => broadcastStrides(x.shape, shape))
  walk(shape, strides, (position, offsets) => {
    out.data[position] = f(...offsets.map((offset, k) => inputs[k]!.data[offset]!))
  })
  return out
}

type Derivatives = (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => [Tensor, Tensor]

const arithmetic = (name: string, onnxName: string, f: (a: number, b: number) => number, vjp: Derivatives): Op =>
  defineOp({
    name,
    shape: (inputs) => broadcastType(inputs, numbers),
    vjp: ([dy], [a, b], [y]) => vjp(dy!, a!, b!, y!),
    evaluate: (inputs, _, [out]) => zip(inputs, out!.dtype, f),
    onnx: (onnx, inputs) => onnx.node(onnxName, inputs),
  })

const comparison = (
  name: string,
  onnxName: string,
  f: (a: number, b: number) => boolean,
  allowed: readonly DType[] = numbers,
): Op =>
  defineOp({
    name,
    shape: (inputs) => broadcastType(inputs, allowed, 'bool'),
    vjp: 'none',
    evaluate: (inputs) => zip(inputs, 'bool', (a, b) => Number(f(a, b))),
    onnx: (onnx, inputs) => onnx.node(onnxName, inputs),
  })

const logical = (name: string, onnxName: string, f: (a: number, b: number) => number): Op =>
  defineOp({
    name,
    shape: (inputs) => broadcastType(inputs, ['bool']),
    vjp: 'none',
    evaluate: (inputs) => zip(inputs, 'bool', f),
    onnx: (onnx, inputs) => onnx.node(onnxName, inputs),
  })

export const add = arithmetic(
  'add',
  'Add',
  (a, b) => a + b,
  (dy) => [dy, dy],
)
export const sub = arithmetic(
  'sub',
  'Sub',
  (a, b) => a - b,
  (dy) => [dy, dy.neg()],
)
export const mul = arithmetic(
  'mul',
  'Mul',
  (a, b) => a * b,
  (dy, a, b) => [dy.mul(b), dy.mul(a)],
)

/** a / b; integers truncate (and must not be divided by 0). */
export const div = defineOp({
  name: 'div',
  shape: (inputs) => broadcastType(inputs, numbers),
  // ∂(a/b)/∂b = −(a/b)/b
  vjp: ([dy], [, b], [y]) => [dy!.div(b!), dy!.mul(y!).div(b!).neg()],
  evaluate: (inputs, _, [out]) =>
    zip(inputs, out!.dtype, isFloat(out!.dtype) ? (a, b) => a / b : (a, b) => Math.trunc(a / b)),
  onnx: (onnx, inputs) => onnx.node('Div', inputs),
})

/** aᵇ. The derivative by b is taken as 0 where a ≤ 0, where ln a does not exist. */
export const pow = arithmetic(
  'pow',
  'Pow',
  (a, b) => a ** b,
  (dy, a, b, y) => {
    const positive = a.greater(0)
    const logarithm = where(positive, where(positive, a, 1).log(), 0)
    // b·aᵇ⁻¹ is 0 for b = 0, also where a = 0.
    const exponent = where(b.equal(0), 1, b.sub(1))
    return [dy.mul(b).mul(a.pow(exponent)), dy.mul(y).mul(logarithm)]
  },
)

/** Shares the cotangent of a selected value: all of it where one side wins, half where they tie. */
const share = (dy: Tensor, wins: Tensor, ties: Tensor) => {
  const weight = wins.cast(dy.dtype).add(ties.cast(dy.dtype).mul(0.5))
  return [dy.mul(weight), dy.mul(weight.neg().add(1))] as [Tensor, Tensor]
}
/** The larger; ties share the derivative evenly. */
export const maximum = arithmetic('maximum', 'Max', Math.max, (dy, a, b) => share(dy, a.greater(b), a.equal(b)))
/** The smaller; ties share the derivative evenly. */
export const minimum = arithmetic('minimum', 'Min', Math.min, (dy, a, b) => share(dy, a.less(b), a.equal(b)))

/** Remainder with the sign of the divisor, for integers. */
export const mod = defineOp({
  name: 'mod',
  shape: (inputs) => broadcastType(inputs, integers),
  vjp: 'none',
  evaluate: (inputs, _, [out]) => zip(inputs, out!.dtype, (a, b) => a - b * Math.floor(a / b)),
  onnx: (onnx, inputs) => onnx.node('Mod', inputs),
})

export const equal = comparison('equal', 'Equal', (a, b) => a === b, [...numbers, 'bool'])
export const less = comparison('less', 'Less', (a, b) => a < b)
export const lessEqual = comparison('lessEqual', 'LessOrEqual', (a, b) => a <= b)
export const greater = comparison('greater', 'Greater', (a, b) => a > b)
export const greaterEqual = comparison('greaterEqual', 'GreaterOrEqual', (a, b) => a >= b)
export const and = logical('and', 'And', (a, b) => a & b)
export const or = logical('or', 'Or', (a, b) => a | b)

/** where(c, a, b): a where c holds, else b; between booleans write it with and, or, not. */
export const whereOp = defineOp({
  name: 'where',
  shape: ([condition, a, b]) => {
    expectDtype(condition!, 'bool')
    const { shape, dtype } = broadcastType([a!, b!], numbers)
    return { shape: broadcastShape(condition!.shape, shape), dtype }
  },
  vjp: ([dy], [condition]) => [undefined, where(condition!, dy!, 0), where(condition!, 0, dy!)],
  evaluate: (inputs, _, [out]) => zip(inputs, out!.dtype, (c, a, b) => (c ? a : b)),
  onnx: (onnx, inputs) => onnx.node('Where', inputs),
})

/** A number as a scalar of the other operand's dtype. */
export function like(x: Tensor | number, other: Tensor): Tensor {
  if (typeof x !== 'number') return x
  if (!isFloat(other.dtype) && !Number.isInteger(x)) shapeProblem(`${x} is not of the dtype ${other.dtype}`)
  return constant(x, [], other.dtype)
}

/** a where the condition holds, else b; numbers take the dtype of the other side. */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  if (typeof a === 'number' && typeof b === 'number') return apply1(whereOp, [condition, constant(a), constant(b)])
  return inCall('where', [condition], () => apply1(whereOp, [condition, like(a, b as Tensor), like(b, a as Tensor)]))
}

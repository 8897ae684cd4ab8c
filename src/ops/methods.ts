/** The methods of a traced Tensor: unary functions, arithmetic and shape changes read from left to right. */
import type { Axis, Shape } from '../graph/axis.ts'
import type { Op } from '../graph/op.ts'
import { apply1, axisIndex, inCall, Tensor } from '../graph/tensor.ts'
import type { DType } from '../tensor/dtype.ts'
import * as activations from './activations.ts'
import * as binary from './binary.ts'
import * as einsum from './einsum.ts'
import * as indexing from './indexing.ts'
import { matmul } from './matmul.ts'
import * as normalize from './normalize.ts'
import * as reduce from './reduce.ts'
import * as shape from './shape.ts'
import * as training from './training.ts'
import * as unary from './unary.ts'

type Operand = Tensor | number
type Axes = number | readonly number[]
type Keep = { keep?: boolean }

/** What can be asked of a traced tensor. Numbers as operands take the tensor's dtype. */
export interface Methods {
  neg(): Tensor
  abs(): Tensor
  exp(): Tensor
  log(): Tensor
  sqrt(): Tensor
  tanh(): Tensor
  sigmoid(): Tensor
  erf(): Tensor
  sin(): Tensor
  cos(): Tensor
  reciprocal(): Tensor
  relu(): Tensor
  softplus(): Tensor
  floor(): Tensor
  sign(): Tensor
  not(): Tensor
  /** Another dtype. */
  cast(dtype: DType): Tensor

  add(other: Operand): Tensor
  sub(other: Operand): Tensor
  mul(other: Operand): Tensor
  div(other: Operand): Tensor
  pow(other: Operand): Tensor
  mod(other: Operand): Tensor
  maximum(other: Operand): Tensor
  minimum(other: Operand): Tensor
  equal(other: Operand): Tensor
  less(other: Operand): Tensor
  lessEqual(other: Operand): Tensor
  greater(other: Operand): Tensor
  greaterEqual(other: Operand): Tensor
  and(other: Operand): Tensor
  or(other: Operand): Tensor

  sum(axes?: Axes, options?: Keep): Tensor
  mean(axes?: Axes, options?: Keep): Tensor
  max(axes?: Axes, options?: Keep): Tensor
  min(axes?: Axes, options?: Keep): Tensor
  argmax(axis?: number, options?: Keep): Tensor
  cumsum(axis?: number, options?: { reverse?: boolean }): Tensor
  topK(k: number): { values: Tensor; positions: Tensor }

  matmul(b: Tensor, options?: { transA?: boolean; transB?: boolean; alpha?: number }): Tensor
  rearrange(pattern: string, sizes?: Readonly<Record<string, Axis>>): Tensor
  reshape(to: Shape): Tensor
  transpose(order?: readonly number[]): Tensor
  broadcastTo(to: Shape): Tensor
  slice(axis: number, start: number, end?: number): Tensor
  split(axis: number, sizes: readonly number[]): Tensor[]
  unstack(count: number, axis?: number): Tensor[]
  unsqueeze(...axes: number[]): Tensor
  pad(axis: number, before: number, after: number, value?: number): Tensor
  shift(axis: number, by: number, fill?: number): Tensor
  flip(axis: number): Tensor

  gather(positions: Tensor): Tensor
  takeAlong(positions: Tensor, axis: number): Tensor
  scatterAdd(positions: Tensor, update: Tensor, axis: number): Tensor

  softmax(axis?: number): Tensor
  logSoftmax(axis?: number): Tensor
  gelu(approximate?: 'none' | 'tanh'): Tensor
  silu(): Tensor
  quickGelu(): Tensor

  dropout(rate: number): Tensor
  /** The value itself, under a name by which it can be captured. */
  tap(name: string): Tensor
  stopGradient(): Tensor
}

declare module '../graph/tensor.ts' {
  interface Tensor extends Methods {}
}

const of1 = (op: Op) =>
  function (this: Tensor): Tensor {
    return apply1(op, [this])
  }
const of2 = (op: Op) =>
  function (this: Tensor, other: Operand): Tensor {
    return apply1(op, [this, binary.like(other, this)])
  }
const reducing = (op: Op) =>
  function (this: Tensor, axes?: Axes, { keep = false }: Keep = {}): Tensor {
    return reduce.reduceBy(op, this, axes, keep)
  }
/** A function whose first argument becomes `this`. */
const method = <A extends unknown[], R>(f: (x: Tensor, ...rest: A) => R) =>
  function (this: Tensor, ...rest: A): R {
    return f(this, ...rest)
  }

const methods: { [K in keyof Methods]: (this: Tensor, ...rest: Parameters<Methods[K]>) => ReturnType<Methods[K]> } = {
  neg: of1(unary.neg),
  abs: of1(unary.abs),
  exp: of1(unary.exp),
  log: of1(unary.log),
  sqrt: of1(unary.sqrt),
  tanh: of1(unary.tanh),
  sigmoid: of1(unary.sigmoid),
  erf: of1(unary.erf),
  sin: of1(unary.sin),
  cos: of1(unary.cos),
  reciprocal: of1(unary.reciprocal),
  relu: of1(unary.relu),
  softplus: of1(unary.softplus),
  floor: of1(unary.floor),
  sign: of1(unary.sign),
  not: of1(unary.not),
  cast: method((x: Tensor, dtype: DType) => (x.dtype === dtype ? x : apply1(unary.cast, [x], { dtype }))),

  add: of2(binary.add),
  sub: of2(binary.sub),
  mul: of2(binary.mul),
  div: of2(binary.div),
  pow: of2(binary.pow),
  mod: of2(binary.mod),
  maximum: of2(binary.maximum),
  minimum: of2(binary.minimum),
  equal: of2(binary.equal),
  less: of2(binary.less),
  lessEqual: of2(binary.lessEqual),
  greater: of2(binary.greater),
  greaterEqual: of2(binary.greaterEqual),
  and: of2(binary.and),
  or: of2(binary.or),

  sum: reducing(reduce.sum),
  mean: reducing(reduce.mean),
  max: reducing(reduce.max),
  min: reducing(reduce.min),
  argmax: method((x: Tensor, axis = -1, { keep = false }: Keep = {}) =>
    apply1(reduce.argmaxOp, [x], { axis: axisIndex(axis, x.rank), keep }),
  ),
  cumsum: method((x: Tensor, axis = -1, { reverse = false }: { reverse?: boolean } = {}) =>
    apply1(reduce.cumsumOp, [x], { axis: axisIndex(axis, x.rank), reverse }),
  ),
  topK: method(reduce.topK),

  matmul: method(matmul),
  rearrange: method((x: Tensor, pattern: string, sizes?: Readonly<Record<string, Axis>>) =>
    einsum.rearrange(x, pattern, sizes),
  ),
  reshape: method((x: Tensor, to: Shape) => shape.reshape(x, to)),
  transpose: method((x: Tensor, order?: readonly number[]) => shape.transpose(x, order)),
  broadcastTo: method((x: Tensor, to: Shape) => shape.broadcastTo(x, to)),
  slice: method(shape.slice),
  split: method(shape.split),
  unstack: method(shape.unstack),
  unsqueeze: method(shape.unsqueeze),
  pad: method(shape.pad),
  shift: method(shape.shift),
  flip: method(shape.flip),

  gather: method(indexing.gather),
  takeAlong: method(indexing.takeAlong),
  scatterAdd: method(indexing.scatterAdd),

  softmax: method(normalize.softmax),
  logSoftmax: method(normalize.logSoftmax),
  gelu: method(activations.gelu),
  silu: method(activations.silu),
  quickGelu: method(activations.quickGelu),

  dropout: method(training.dropout),
  tap: method(training.tap),
  stopGradient: method(training.stopGradient),
}

for (const [name, f] of Object.entries(methods)) {
  const value = function (this: Tensor, ...rest: unknown[]) {
    const others = rest.filter((x): x is Tensor => x instanceof Tensor)
    return inCall(name, [this, ...others], () => (f as (this: Tensor, ...rest: unknown[]) => unknown).apply(this, rest))
  }
  Object.defineProperty(Tensor.prototype, name, { value })
}

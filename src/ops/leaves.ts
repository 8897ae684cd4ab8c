/** Where graphs begin: inputs, parameters, constants, counting. */
import { failure } from '../base/errors.ts'
import type { Axis, Shape } from '../graph/axis.ts'
import type { Init } from '../graph/op.ts'
import { apply1, type Tensor } from '../graph/tensor.ts'
import type { NdArray } from '../tensor/array.ts'
import { fromNumbers } from '../tensor/array.ts'
import type { DType } from '../tensor/dtype.ts'
import { Value } from '../tensor/value.ts'
import { defineOp } from './define.ts'

type LeafAttributes = { name?: string; shape: Shape; dtype: DType; init?: Init; rate?: number }

const unbound = (attributes: LeafAttributes): never => {
  throw failure(
    'UNBOUND_INPUT',
    `The graph reads ${attributes.name ?? 'a parameter'}, which the program does not list.`,
  )
}

/** A value that comes from outside: an input, a parameter or a dropout mask. Programs say where from. */
export const leaf = defineOp<LeafAttributes>({
  name: 'leaf',
  external: true,
  shape: (_, a) => ({ shape: a.shape, dtype: a.dtype }),
  vjp: 'none',
  evaluate: (_, a) => unbound(a),
  onnx: (_, __, node) => unbound(node.attributes),
})

/** An input of a program, by name. */
export const input = (name: string, shape: Shape, dtype: DType = 'float32'): Tensor =>
  apply1(leaf, [], { name, shape, dtype })

/** A trainable leaf; its name is its path in the module tree. */
export const parameter = (shape: readonly number[], init: Init, dtype: DType = 'float32'): Tensor =>
  apply1(leaf, [], { shape, dtype, init })

export const constantOp = defineOp<{ value: NdArray }>({
  name: 'constant',
  shape: (_, { value }) => value,
  vjp: 'none',
  evaluate: (_, { value }) => Value.from(value),
  onnx: (onnx, _, { attributes: { value } }) => onnx.constant(value.dtype, value.shape, Value.from(value).data),
})

/** Numbers fixed when the graph is traced. */
export const constant = (
  values: ArrayLike<number> | number,
  shape: readonly number[] = [],
  dtype: DType = 'float32',
): Tensor =>
  apply1(constantOp, [], {
    value: { dtype, shape, data: fromNumbers(dtype, typeof values === 'number' ? [values] : values) },
  })

export const arangeOp = defineOp<{ length: Axis; dtype: DType }>({
  name: 'arange',
  shape: (_, { length, dtype }) => ({ shape: [length], dtype }),
  vjp: 'none',
  evaluate: (_, __, [out]) => Value.generate(out!.shape, out!.dtype, (i) => i),
  onnx: (onnx, _, { attributes: { length, dtype } }) => {
    if (typeof length === 'number')
      return onnx.constant(
        dtype,
        [length],
        Array.from({ length }, (_, i) => i),
      )
    const end = onnx.node('Cast', [onnx.node('Squeeze', [onnx.shape([length])])], { to: dtype })
    return onnx.node('Range', [onnx.scalar(dtype, 0), end, onnx.scalar(dtype, 1)])
  },
})

/** 0, 1, …, length − 1. */
export const arange = (length: Axis, dtype: DType = 'int32'): Tensor => apply1(arangeOp, [], { length, dtype })

/** Helpers that op records are written with. */
import { type Axis, axesEqual, type Shape } from '../graph/axis.ts'
import type { Attributes, Op, TensorType } from '../graph/op.ts'
import { shapeProblem, type Tensor } from '../graph/tensor.ts'
import type { DType } from '../tensor/dtype.ts'

/** Element types that ops compute with; the others are stored and cast. */
export const floats: readonly DType[] = ['float32', 'float64']
export const integers: readonly DType[] = ['int32', 'int64']
export const numbers: readonly DType[] = [...floats, ...integers]

/** Types an op record; a missing rule does not compile. */
export const defineOp = <A extends Attributes = Attributes>(op: Op<A>): Op<A> => op

/** NumPy's broadcasting: axes are aligned at the end, an axis of length 1 is repeated. */
export function broadcastShape(...shapes: Shape[]): Shape {
  const rank = Math.max(...shapes.map((s) => s.length))
  const out: Axis[] = []
  for (let i = 0; i < rank; i++) {
    let length: Axis = 1
    for (const shape of shapes) {
      const axis = shape[i - rank + shape.length]
      if (axis === undefined || axis === 1 || axesEqual(axis, length)) continue
      if (length !== 1) shapeProblem(`axis ${i - rank} has the lengths ${length} and ${axis}, which do not broadcast`)
      length = axis
    }
    out.push(length)
  }
  return out
}

/** The type of an element-wise result; operands must agree in dtype, one of those allowed. */
export function broadcastType(inputs: readonly Tensor[], allowed: readonly DType[], dtype?: DType): TensorType {
  const [first, ...rest] = inputs
  expectDtype(first!, ...allowed)
  for (const x of rest)
    if (x.dtype !== first!.dtype) shapeProblem(`operands must have one dtype, got ${first!.dtype} and ${x.dtype}`)
  return { shape: broadcastShape(...inputs.map((x) => x.shape)), dtype: dtype ?? first!.dtype }
}

/** Throws unless the dtype is one of those an op takes. */
export function expectDtype(x: Tensor, ...allowed: readonly DType[]): void {
  if (!allowed.includes(x.dtype)) shapeProblem(`expected ${allowed.join(' or ')}, got ${x.dtype}`)
}

/** The type of a result that is like its one operand, which must have one of the dtypes. */
export const sameType =
  (allowed: readonly DType[]) =>
  ([x]: readonly Tensor[]): TensorType => {
    expectDtype(x!, ...allowed)
    return x!
  }

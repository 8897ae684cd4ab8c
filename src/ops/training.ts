/** Ops that differ between training and inference, and names for values. */

import { usageError } from '../base/errors.ts'
import { shapesEqual, shapeText } from '../graph/axis.ts'
import { currentScope } from '../graph/scope.ts'
import { apply1, shapeProblem, type Tensor } from '../graph/tensor.ts'
import { defineOp } from './define.ts'
import { leaf } from './leaves.ts'

/**
 * x times a mask of 0 and 1/(1 − rate) (Srivastava et al. 2014, inverted). The mask is a leaf that whoever runs the program fills from
 * the counter-based generator; at inference the op is x itself.
 */
export const dropoutOp = defineOp({
  name: 'dropout',
  shape: ([x, mask]) => {
    if (mask!.dtype !== x!.dtype || !shapesEqual(mask!.shape, x!.shape))
      shapeProblem(`the mask ${mask!.dtype}${shapeText(mask!.shape)} does not fit ${x!.dtype}${shapeText(x!.shape)}`)
    return x!
  },
  vjp: ([dy], [, mask]) => [dy!.mul(mask!), undefined],
  evaluate: ([x, mask]) => {
    let i = 0
    return x!.map((v) => v * mask!.data[i++]!)
  },
  onnx: (onnx, inputs) => onnx.node('Mul', inputs),
  atInference: ([x]) => x!,
})

/** Zeroes each element with probability `rate` in training and scales the rest; needs a static shape when rate > 0. */
export function dropout(x: Tensor, rate: number): Tensor {
  if (!(rate >= 0 && rate < 1)) throw usageError('DROPOUT', `A dropout rate must be in [0, 1), got ${rate}.`)
  if (rate === 0) return x
  const mask = apply1(leaf, [], { name: `${currentScope()}.dropout`, shape: x.shape, dtype: x.dtype, rate })
  return apply1(dropoutOp, [x, mask])
}

/** The value itself, under a name (path of the module, then `name`) by which it can be asked for. */
export const tapOp = defineOp<{ name: string }>({
  name: 'tap',
  shape: ([x]) => x!,
  vjp: ([dy]) => [dy],
  evaluate: ([x]) => x!,
  onnx: (_, [x]) => x!,
  tapName: ({ name }, scope) => (scope && name ? `${scope}.${name}` : scope || name),
})
export const tap = (x: Tensor, name: string): Tensor => apply1(tapOp, [x], { name })

/** The value with no derivative. */
export const stopGradientOp = defineOp({
  name: 'stopGradient',
  shape: ([x]) => x!,
  vjp: 'none',
  evaluate: ([x]) => x!,
  onnx: (_, [x]) => x!,
})
export const stopGradient = (x: Tensor): Tensor => apply1(stopGradientOp, [x])

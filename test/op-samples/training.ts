/** Samples of leaves, of counting, and of the ops that differ between training and inference. */

import { apply1, type Tensor } from '../../src/graph/tensor.ts'
import { arange, full, input } from '../../src/ops/index.ts'
import { dropoutOp } from '../../src/ops/training.ts'
import { bools, floats, type InputSpec, integers, type OpSamples, refused, sample, values } from '../op-suite/sample.ts'

const sizes = [
  { b: 2, t: 3 },
  { b: 1, t: 1 },
  { b: 3, t: 4 },
]
/** What passes its input through: any shape and dtype. */
const anything = (
  f: (x: Tensor) => Tensor,
  floatsOf: (...specs: InputSpec[]) => OpSamples['samples'][string],
): OpSamples['samples'] => ({
  'a matrix': floatsOf(floats(2, 3)),
  'a scalar': floatsOf(floats()),
  'one element': floatsOf(floats(1)),
  'no elements': floatsOf(floats(0, 2)),
  many: floatsOf(floats(13, 17)),
  'large numbers': floatsOf(values([1e4, -1e4])),
  integers: sample([integers(0, 9)(2)], f),
  booleans: sample([bools(2)], f),
  'named axes': { ...floatsOf(floats('b', 't')), sizes },
})

/** 0 for what is dropped, 1/(1 − rate) for the rest. */
const mask =
  (rate: number) =>
  (...axes: (number | string)[]): InputSpec => ({
    axes,
    dtype: 'float32',
    value: (random) => (random.uniform() < rate ? 0 : 1 / (1 - rate)),
  })
const dropped = (x: InputSpec, m: InputSpec) => sample([x, { ...m, fixed: true }], (x, m) => apply1(dropoutOp, [x, m]))

export const trainingSamples: Record<string, OpSamples> = {
  leaf: {
    samples: anything(
      (x) => x,
      (...specs) => sample(specs, (x) => x),
    ),
    errors: 'any shape and dtype may come from outside',
  },
  arange: {
    samples: {
      'a few': sample([floats(3)], (x) => x.mul(arange(3, 'float32'))),
      one: sample([integers(0, 9)(1)], (x) => x.add(arange(1))),
      none: sample([integers(0, 9)(0)], (x) => x.add(arange(0))),
      int64: sample([integers(0, 9, 'int64')(4)], (x) => x.add(arange(4, 'int64'))),
      many: sample([integers(0, 9)(500)], (x) => x.add(arange(500))),
      'as long as a named axis': sample([integers(0, 9)('b', 't')], (x) => x.add(arange(x.shape[1]!)), { sizes }),
      'as long as a named axis, floats': sample(
        [floats('b', 't')],
        (x) => x.mul(arange(x.shape[0]!, 'float32').unsqueeze(1)),
        { sizes },
      ),
      'positions of joined axes': sample(
        [floats('b', 't')],
        (x) => x.reshape([-1]).mul(arange(x.reshape([-1]).shape[0]!, 'float32')),
        { sizes },
      ),
    },
    errors: 'its length is an axis of a tensor that exists',
  },
  dropout: {
    samples: {
      'a matrix': dropped(floats(2, 3), mask(0.5)(2, 3)),
      'three axes': dropped(floats(2, 2, 3), mask(0.1)(2, 2, 3)),
      'one element': dropped(floats(1), mask(0.5)(1)),
      'no elements': dropped(floats(0, 2), mask(0.5)(0, 2)),
      'nothing dropped': dropped(floats(2, 2), values([1, 1, 1, 1], [2, 2])),
      'named axes': { ...dropped(floats('b', 't'), mask(0.5)('b', 't')), sizes },
      'everything dropped': dropped(floats(2), values([0, 0])),
      'large numbers': dropped(values([1e4, -1e4]), values([0, 2])),
      many: dropped(floats(13, 20), mask(0.3)(13, 20)),
    },
    errors: {
      'a mask of another shape': refused(
        () => apply1(dropoutOp, [input('x', [2, 3]), input('m', [3])]),
        'dropout([2, 3], [3])',
        'float32[3]',
        'float32[2, 3]',
      ),
      'a mask of another dtype': refused(
        () => apply1(dropoutOp, [input('x', [2]), input('m', [2], 'bool')]),
        'bool',
        'float32',
      ),
    },
  },
  tap: {
    samples: {
      ...anything(
        (x) => x.tap('here'),
        (...specs) => sample(specs, (x) => x.tap('here').mul(x)),
      ),
      'used and named': sample([floats(3)], (x) => [x.tap('a').exp(), x.tap('b')]),
    },
    errors: 'any value can have a name',
  },
  stopGradient: {
    samples: {
      'a matrix': sample([floats(2, 3)], (x) => x.stopGradient(), { derivative: [Array(6).fill(0)] }),
      'beside a path that counts': sample([values([2, 3])], (x) => x.mul(x.stopGradient()), { derivative: [[2, 3]] }),
      'a scalar': sample([floats()], (x) => x.stopGradient(), { derivative: [[0]] }),
      'no elements': sample([floats(0)], (x) => x.stopGradient(), { derivative: [[]] }),
      many: sample([floats(201)], (x) => x.stopGradient(), { derivative: [Array(201).fill(0)] }),
      'large numbers': sample([values([1e4])], (x) => x.stopGradient().mul(x), { derivative: [[1e4]] }),
      integers: sample([integers(0, 9)(2)], (x) => x.stopGradient()),
      'named axes': sample([floats('b', 2)], (x) => x.stopGradient().mul(full(x.shape, 2)), {
        derivative: 'none',
        sizes,
      }),
    },
    errors: 'any value can be held fixed',
  },
}

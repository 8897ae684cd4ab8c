/** Samples of softmax, the norms and cross-entropy. */
import type { Tensor } from '../../src/graph/tensor.ts'
import { crossEntropy, input, layerNorm, rmsNorm } from '../../src/ops/index.ts'
import { floats, integers, type OpSamples, positive, refused, sample, values } from '../op-suite/sample.ts'

const sizes = [
  { b: 2, t: 3 },
  { b: 1, t: 1 },
  { b: 3, t: 4 },
]

const softmaxLike = (name: string, f: (x: Tensor, axis?: number) => Tensor): OpSamples => ({
  samples: {
    'the last axis': sample([floats(2, 3)], (x) => f(x)),
    'the first axis': sample([floats(3, 2)], (x) => f(x, 0)),
    'the middle axis': sample([floats(2, 3, 2)], (x) => f(x, 1)),
    'one element': sample([floats(2, 1)], (x) => f(x)),
    'no lanes': sample([floats(0, 3)], (x) => f(x)),
    ties: sample([values([2, 2, 2])], (x) => f(x)),
    'large numbers': sample([values([1e4, -1e4, 1e4, 1e4 - 1, 0, -1e4], [2, 3])], (x) => f(x)),
    'the lowest float everywhere but once': sample([values([-3.4028234663852886e38, 1, 2])], (x) => f(x), {
      derivative: 'none',
    }),
    transposed: sample([floats(3, 2)], (x) => f(x.transpose())),
    many: sample([floats(7, 40)], (x) => f(x)),
    'named axes': sample([floats('b', 't')], (x) => f(x), { sizes }),
  },
  errors: {
    'an axis too many': refused(() => f(input('x', [2, 3]), 2), `${name}([2, 3])`, 'axis 2', 'rank of 2'),
    'a scalar': refused(() => f(input('x', [])), 'rank of 0'),
    integers: refused(() => f(input('x', [2], 'int32')), 'float32', 'int32'),
  },
})

const ints = (shape: number[]) => input('labels', shape, 'int32')
const labels = (list: number[]) => values(list, [list.length], 'int32')

export const normalizeSamples: Record<string, OpSamples> = {
  softmax: softmaxLike('softmax', (x, axis) => x.softmax(axis)),
  logSoftmax: softmaxLike('logSoftmax', (x, axis) => x.logSoftmax(axis)),
  layerNorm: {
    samples: {
      'a matrix': sample([floats(2, 5), floats(5), floats(5)], (x, w, b) => layerNorm(x, w, b)),
      'three axes': sample([floats(2, 2, 4), floats(4), floats(4)], (x, w, b) => layerNorm(x, w, b)),
      'a vector': sample([floats(5), floats(5), floats(5)], (x, w, b) => layerNorm(x, w, b)),
      'a large epsilon': sample([floats(2, 3), floats(3), floats(3)], (x, w, b) => layerNorm(x, w, b, 0.5)),
      'one element wide': sample([floats(3, 1), floats(1), floats(1)], (x, w, b) => layerNorm(x, w, b, 0.1)),
      'no rows': sample([floats(0, 3), floats(3), floats(3)], (x, w, b) => layerNorm(x, w, b)),
      'equal elements': sample([values([2, 2, 2, 2]), floats(4), floats(4)], (x, w, b) => layerNorm(x, w, b, 0.1)),
      'large numbers': sample([values([1e4, -1e4, 3e3, 0]), floats(4), floats(4)], (x, w, b) => layerNorm(x, w, b)),
      many: sample([floats(9, 30), floats(30), floats(30)], (x, w, b) => layerNorm(x, w, b)),
      'named axes': sample([floats('b', 't', 4), floats(4), floats(4)], (x, w, b) => layerNorm(x, w, b), { sizes }),
    },
    errors: {
      'a weight of another width': refused(
        () => layerNorm(input('x', [2, 5]), input('w', [4]), input('b', [5])),
        'layerNorm([2, 5], [4], [5])',
        'axis -1 has 5',
        '[4]',
      ),
      'a scalar': refused(() => layerNorm(input('x', []), input('w', [1]), input('b', [1])), 'rank of 0'),
      integers: refused(
        () => layerNorm(input('x', [2], 'int32'), input('w', [2]), input('b', [2])),
        'float32',
        'int32',
      ),
    },
  },
  rmsNorm: {
    samples: {
      'a matrix': sample([floats(2, 5), floats(5)], (x, w) => rmsNorm(x, w)),
      'three axes': sample([floats(2, 2, 4), floats(4)], (x, w) => rmsNorm(x, w)),
      'a vector': sample([floats(5), floats(5)], (x, w) => rmsNorm(x, w)),
      'a large epsilon': sample([floats(2, 3), floats(3)], (x, w) => rmsNorm(x, w, 0.5)),
      'one element wide': sample([positive(3, 1), floats(1)], (x, w) => rmsNorm(x, w, 0.1)),
      'no rows': sample([floats(0, 3), floats(3)], (x, w) => rmsNorm(x, w)),
      'large numbers': sample([values([1e4, -1e4, 3e3, 0]), floats(4)], (x, w) => rmsNorm(x, w)),
      many: sample([floats(9, 30), floats(30)], (x, w) => rmsNorm(x, w)),
      'named axes': sample([floats('b', 't', 4), floats(4)], (x, w) => rmsNorm(x, w), { sizes }),
    },
    errors: {
      'a weight of another width': refused(
        () => rmsNorm(input('x', [2, 5]), input('w', [4])),
        'rmsNorm([2, 5], [4])',
        'axis -1 has 5',
        '[4]',
      ),
      'a scalar': refused(() => rmsNorm(input('x', []), input('w', [1])), 'rank of 0'),
      integers: refused(() => rmsNorm(input('x', [2], 'int32'), input('w', [2])), 'float32', 'int32'),
    },
  },
  crossEntropy: {
    samples: {
      'a few rows': sample([floats(3, 4), labels([0, 3, 1])], (x, y) => crossEntropy(x, y)),
      'equal labels': sample([floats(3, 4), labels([2, 2, 2])], (x, y) => crossEntropy(x, y)),
      'ignored labels': sample([floats(4, 3), labels([0, -100, 2, -100])], (x, y) => crossEntropy(x, y)),
      'another label ignored': sample([floats(3, 3), labels([0, 1, 2])], (x, y) => crossEntropy(x, y, { ignore: 0 })),
      smoothed: sample([floats(3, 4), labels([0, 3, 1])], (x, y) => crossEntropy(x, y, { smoothing: 0.1 })),
      'smoothed, with ignored labels': sample([floats(3, 4), labels([0, -100, 1])], (x, y) =>
        crossEntropy(x, y, { smoothing: 0.3 }),
      ),
      'every label ignored': sample([floats(2, 3), labels([-100, -100])], (x, y) => crossEntropy(x, y), {
        derivative: 'none',
      }),
      'one class': sample([floats(2, 1), labels([0, 0])], (x, y) => crossEntropy(x, y)),
      'one row': sample([floats(1, 5), labels([4])], (x, y) => crossEntropy(x, y)),
      'three axes': sample([floats(2, 3, 4), integers(0, 4)(2, 3)], (x, y) => crossEntropy(x, y)),
      ties: sample([values([1, 1, 1, 1], [1, 4]), labels([2])], (x, y) => crossEntropy(x, y), {
        derivative: [[0.25, 0.25, -0.75, 0.25]],
      }),
      'large numbers': sample([values([1e4, -1e4, 0, 5, 1e4, -1e4], [2, 3]), labels([1, 1])], (x, y) =>
        crossEntropy(x, y),
      ),
      many: sample([floats(9, 40), integers(0, 40)(9)], (x, y) => crossEntropy(x, y)),
      'named axes': sample([floats('b', 't', 5), integers(0, 5)('b', 't')], (x, y) => crossEntropy(x, y), { sizes }),
      'named axes, shifted labels': sample(
        [floats('b', 't', 5), integers(0, 5)('b', 't')],
        (x, y) => crossEntropy(x, y.shift(1, -1, -100)),
        {
          sizes: [
            { b: 2, t: 3 },
            { b: 1, t: 2 },
          ],
        },
      ),
    },
    neverEmpty: 'the mean over no labels is not a number',
    errors: {
      'labels of another length': refused(
        () => crossEntropy(input('x', [3, 4]), ints([2])),
        'crossEntropy([3, 4], [2])',
        '[3]',
      ),
      'labels of floats': refused(() => crossEntropy(input('x', [3, 4]), input('y', [3])), 'int32', 'float32'),
      'logits of integers': refused(() => crossEntropy(input('x', [3, 4], 'int32'), ints([3])), 'float32', 'int32'),
      'a scalar': refused(() => crossEntropy(input('x', []), ints([])), 'rank of 0'),
    },
  },
}

/** Samples of reductions and of what runs along one axis. */
import type { Tensor } from '../../src/graph/tensor.ts'
import { input } from '../../src/ops/index.ts'
import { floats, integers, type OpSamples, refused, sample, values } from '../op-suite/sample.ts'

const sizes = [
  { b: 2, t: 3 },
  { b: 1, t: 1 },
  { b: 3, t: 4 },
]

type Reduce = (x: Tensor, axes?: number | readonly number[], options?: { keep?: boolean }) => Tensor

const forms = (f: Reduce): OpSamples['samples'] => ({
  everything: sample([floats(2, 3)], (x) => f(x)),
  'the last axis': sample([floats(2, 3)], (x) => f(x, -1)),
  'the first axis, kept': sample([floats(2, 3)], (x) => f(x, 0, { keep: true })),
  'the middle axis': sample([floats(2, 3, 2)], (x) => f(x, 1)),
  'two axes apart': sample([floats(2, 3, 2)], (x) => f(x, [2, 0])),
  'two axes apart, kept': sample([floats(2, 3, 2)], (x) => f(x, [0, -1], { keep: true })),
  'one element': sample([floats(1, 1)], (x) => f(x, 1)),
  'an axis of one': sample([floats(3, 1)], (x) => f(x, 1)),
  'no lanes': sample([floats(0, 3)], (x) => f(x, 1)),
  transposed: sample([floats(3, 2)], (x) => f(x.transpose(), 1)),
  'large numbers': sample([values([1e4, -1e4, 3, 1e4 - 1, 0, 5], [2, 3])], (x) => f(x, 1)),
  many: sample([floats(13, 5, 17)], (x) => f(x, [1, 2])),
  'named axes': sample([floats('b', 't', 2)], (x) => f(x, 1), { sizes }),
  'named axes, everything': sample([floats('b', 't')], (x) => f(x), { sizes }),
})

const errors = (name: string, f: Reduce): OpSamples['errors'] => ({
  'an axis too many': refused(() => f(input('x', [2, 3]), 2), `${name}([2, 3])`, 'axis 2', 'rank of 2'),
  'a negative axis too many': refused(() => f(input('x', [2, 3]), -3), 'axis -3', 'rank of 2'),
  booleans: refused(() => f(input('x', [2], 'bool')), 'float32', 'bool'),
})

const whole = (f: Reduce): OpSamples['samples'] => ({
  int32: sample([integers(-9, 9)(2, 3)], (x) => f(x, 1)),
  int64: sample([integers(-9, 9, 'int64')(2, 3)], (x) => f(x)),
})

const extreme = (name: string, f: Reduce, tied: number[]): OpSamples => ({
  samples: {
    ...forms(f),
    ...whole(f),
    // Two of three, and three of three: equal shares.
    ties: sample([values([2, 1, 2, 1, 2, 1, 3, 3, 3], [3, 3])], (x) => f(x, 1), { derivative: [tied] }),
  },
  errors: {
    ...(errors(name, f) as object),
    'the extreme of nothing': refused(() => f(input('x', [2, 0]), 1), `${name}([2, 0])`, 'axis 1', '0 elements'),
  },
})

const third = 1 / 3

export const reduceSamples: Record<string, OpSamples> = {
  sum: {
    samples: {
      ...forms((x, ...rest) => x.sum(...rest)),
      ...whole((x, ...rest) => x.sum(...rest)),
      'an empty axis': sample([floats(2, 0)], (x) => x.sum(1)),
    },
    errors: errors('sum', (x, ...rest) => x.sum(...rest)),
  },
  mean: {
    samples: forms((x, ...rest) => x.mean(...rest)),
    errors: {
      ...(errors('mean', (x, ...rest) => x.mean(...rest)) as object),
      integers: refused(() => input('x', [2, 3], 'int32').mean(), 'mean([2, 3])', 'float32', 'int32'),
    },
  },
  max: extreme('max', (x, ...rest) => x.max(...rest), [0.5, 0, 0.5, 0, 1, 0, third, third, third]),
  min: extreme('min', (x, ...rest) => x.min(...rest), [0, 1, 0, 0.5, 0, 0.5, third, third, third]),
  cumsum: {
    samples: {
      'the last axis': sample([floats(2, 3)], (x) => x.cumsum()),
      'the first axis': sample([floats(3, 2)], (x) => x.cumsum(0)),
      'from the end': sample([floats(2, 3)], (x) => x.cumsum(-1, { reverse: true })),
      'the middle axis': sample([floats(2, 3, 2)], (x) => x.cumsum(1)),
      'one element': sample([floats(1)], (x) => x.cumsum()),
      'no elements': sample([floats(2, 0)], (x) => x.cumsum()),
      'large numbers': sample([values([1e4, 1e4, -1e4])], (x) => x.cumsum()),
      many: sample([floats(7, 41)], (x) => x.cumsum(0)),
      int32: sample([integers(-9, 9)(5)], (x) => x.cumsum()),
      int64: sample([integers(-9, 9, 'int64')(2, 3)], (x) => x.cumsum(0)),
      'named axes': sample([floats('b', 't')], (x) => x.cumsum(1), { sizes }),
    },
    errors: {
      'an axis too many': refused(() => input('x', [2]).cumsum(1), 'cumsum([2])', 'axis 1', 'rank of 1'),
      booleans: refused(() => input('x', [2], 'bool').cumsum(), 'bool'),
    },
  },
  topK: {
    samples: {
      'two of four': sample([floats(3, 4)], (x) => Object.values(x.topK(2))),
      'all of them': sample([floats(2, 3)], (x) => Object.values(x.topK(3))),
      'one of one': sample([floats(1)], (x) => Object.values(x.topK(1))),
      'of equals the first': sample([values([1, 2, 2, 2, 0], [1, 5])], (x) => Object.values(x.topK(2)), {
        derivative: [[0, 1, 1, 0, 0]],
      }),
      'no lanes': sample([floats(0, 3)], (x) => Object.values(x.topK(2))),
      'large numbers': sample([values([1e4, -1e4, 0, 1e4 - 1])], (x) => Object.values(x.topK(3))),
      many: sample([floats(9, 31)], (x) => Object.values(x.topK(5))),
      int32: sample([integers(-99, 99)(2, 6)], (x) => Object.values(x.topK(2))),
      'named axes': sample([floats('b', 6)], (x) => Object.values(x.topK(2)), {
        sizes: [{ b: 2 }, { b: 1 }, { b: 5 }],
      }),
    },
    errors: {
      'more than there are': refused(() => input('x', [2, 3]).topK(4), 'topK([2, 3])', 'axis -1', '3', '4'),
      none: refused(() => input('x', [2, 3]).topK(0), 'k is 0'),
      'a scalar': refused(() => input('x', []).topK(1), 'rank of 0'),
      booleans: refused(() => input('x', [2], 'bool').topK(1), 'bool'),
    },
  },
  argmax: {
    samples: {
      'the last axis': sample([floats(3, 4)], (x) => x.argmax()),
      'the first axis, kept': sample([floats(3, 4)], (x) => x.argmax(0, { keep: true })),
      'the middle axis': sample([floats(2, 3, 2)], (x) => x.argmax(1)),
      'of equals the first': sample([values([1, 3, 3, 0, 0, 0], [2, 3])], (x) => x.argmax()),
      'one element': sample([floats(1, 1)], (x) => x.argmax()),
      'no lanes': sample([floats(0, 3)], (x) => x.argmax()),
      'large numbers': sample([values([-1e4, 1e4, 1e4 - 1])], (x) => x.argmax()),
      many: sample([floats(7, 50)], (x) => x.argmax()),
      int32: sample([integers(-99, 99)(2, 6)], (x) => x.argmax()),
      'named axes': sample([floats('b', 't')], (x) => x.argmax(), { sizes }),
    },
    errors: {
      'an axis too many': refused(() => input('x', [2]).argmax(1), 'argmax([2])', 'axis 1', 'rank of 1'),
      'the largest of nothing': refused(() => input('x', [2, 0]).argmax(), 'axis 1', '0 elements'),
      booleans: refused(() => input('x', [2], 'bool').argmax(), 'bool'),
    },
  },
}

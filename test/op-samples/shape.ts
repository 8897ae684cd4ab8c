/** Samples of the ops that move elements. */
import { concat, input, stack } from '../../src/ops/index.ts'
import { bools, floats, integers, type OpSamples, refused, sample, values } from '../op-suite/sample.ts'

const sizes = [
  { b: 2, t: 3 },
  { b: 1, t: 1 },
  { b: 3, t: 4 },
]
const x23 = () => input('x', [2, 3])

export const shapeSamples: Record<string, OpSamples> = {
  reshape: {
    samples: {
      'rows joined': sample([floats(2, 3, 2)], (x) => x.reshape([6, 2])),
      'an open axis': sample([floats(2, 6)], (x) => x.reshape([3, -1])),
      'to a scalar': sample([floats(1, 1)], (x) => x.reshape([])),
      'from a scalar': sample([floats()], (x) => x.reshape([1, 1])),
      'no elements': sample([floats(0, 3)], (x) => x.reshape([3, 0, 2])),
      'no elements, an open axis': sample([floats(0, 3)], (x) => x.reshape([-1, 3, 1])),
      'after a transpose': sample([floats(2, 3)], (x) => x.transpose().reshape([6])),
      many: sample([floats(6, 50)], (x) => x.reshape([100, 3])),
      integers: sample([integers(0, 9)(4)], (x) => x.reshape([2, 2])),
      booleans: sample([bools(4)], (x) => x.reshape([2, 2])),
      'named axes joined': sample([floats('b', 't', 2)], (x) => x.reshape([-1, 2]), {
        sizes: [...sizes, { b: 0, t: 2 }],
      }),
      'named axes split': sample([floats('b', 't', 4)], (x) => x.reshape([x.shape[0]!, x.shape[1]!, 2, 2]), { sizes }),
      'named axes joined and apart': sample(
        [floats('b', 't', 4)],
        (x) => x.reshape([-1, 2]).reshape([...x.shape.slice(0, 2), 4]),
        {
          sizes: [...sizes, { b: 3, t: 0 }],
        },
      ),
      'a named axis put aside': sample([floats('b', 6)], (x) => x.reshape([2, x.shape[0]!, 3]), { sizes }),
    },
    errors: {
      'another number of elements': refused(() => x23().reshape([4]), 'reshape([2, 3])', '6 elements', '[4] has 4'),
      'an open axis that does not divide': refused(() => x23().reshape([4, -1]), 'reshape([2, 3])', '6'),
    },
  },
  transpose: {
    samples: {
      'a matrix': sample([floats(2, 3)], (x) => x.transpose()),
      'the last two axes': sample([floats(2, 3, 2)], (x) => x.transpose()),
      'in another order': sample([floats(2, 3, 4)], (x) => x.transpose([2, 0, 1])),
      'four axes': sample([floats(2, 1, 3, 2)], (x) => x.transpose([0, 2, 1, 3])),
      'one element': sample([floats(1, 1)], (x) => x.transpose()),
      'no elements': sample([floats(0, 3)], (x) => x.transpose()),
      many: sample([floats(5, 9, 7)], (x) => x.transpose([1, 2, 0])),
      booleans: sample([bools(2, 3)], (x) => x.transpose()),
      'named axes': sample([floats('b', 't', 2)], (x) => x.transpose([1, 0, 2]), { sizes }),
      'heads by name': sample([floats(2, 3, 4)], (x) => x.rearrange('b t (h d) -> b h t d', { h: 2 })),
      'heads by name, named axes': sample([floats('b', 't', 4)], (x) => x.rearrange('b t (h d) -> b h t d', { h: 2 }), {
        sizes,
      }),
      'heads joined again': sample([floats('b', 2, 't', 3)], (x) => x.rearrange('b h t d -> (b t) (h d)'), { sizes }),
      'patches of an image': sample([floats(1, 2, 4, 4)], (x) =>
        x.rearrange('b c (y p) (x q) -> b (y x) (c p q)', { p: 2, q: 2 }),
      ),
    },
    errors: {
      'an axis missing': refused(() => x23().transpose([0]), 'transpose([2, 3])', '[0]', '2 axes'),
      'an axis twice': refused(() => x23().transpose([1, 1]), '[1,1]', '2 axes'),
      'one axis only': refused(() => input('x', [2]).transpose(), 'transpose([2])', '1 axes'),
      'a pattern with other names': refused(() => x23().rearrange('a b -> a c'), "'a b -> a c'", 'the same names'),
      'a pattern with other axes': refused(() => x23().rearrange('a b c -> a b c'), '3 axes', '[2, 3]'),
      'a pattern that does not divide': refused(
        () => x23().rearrange('a (b c) -> a b c', { b: 2 }),
        '(b c)',
        'axis 1 of [2, 3] by 2',
      ),
      'a pattern with two unknowns': refused(() => x23().rearrange('a (b c) -> a b c'), 'give the length of c'),
      'a pattern with one side': refused(() => x23().rearrange('a b'), 'two sides'),
      'a pattern that does not close': refused(() => x23().rearrange('a (b c -> a b c'), 'parentheses'),
      'a size for no axis': refused(() => x23().rearrange('a b -> b a', { h: 2 }), 'h is not an axis'),
    },
  },
  broadcastTo: {
    samples: {
      'a row': sample([floats(3)], (x) => x.broadcastTo([2, 3])),
      'no elements': sample([floats(0, 1)], (x) => x.broadcastTo([2, 0, 3])),
      'a column': sample([floats(2, 1)], (x) => x.broadcastTo([2, 3])),
      'a scalar': sample([floats()], (x) => x.broadcastTo([2, 2])),
      'one element': sample([floats(1, 1)], (x) => x.broadcastTo([2, 1, 3])),
      'to nothing': sample([floats(1, 3)], (x) => x.broadcastTo([0, 3])),
      'large numbers': sample([values([1e4, -1e4])], (x) => x.broadcastTo([2, 2])),
      many: sample([floats(1, 210)], (x) => x.broadcastTo([3, 210])),
      booleans: sample([bools(2, 1)], (x) => x.broadcastTo([2, 2])),
      'named axes': sample([floats('b', 1), floats('t')], (x, y) => x.broadcastTo([x.shape[0]!, y.shape[0]!]).mul(y), {
        sizes,
      }),
    },
    errors: {
      'another length': refused(() => x23().broadcastTo([2, 4]), 'broadcastTo([2, 3])', 'axis -1', '3', '4'),
      'fewer axes': refused(() => x23().broadcastTo([3]), '[2, 3] does not broadcast to [3]'),
    },
  },
  slice: {
    samples: {
      'from the start': sample([floats(3, 4)], (x) => x.slice(1, 0, 2)),
      'to the end': sample([floats(3, 4)], (x) => x.slice(0, 1)),
      'from the end': sample([floats(3, 4)], (x) => x.slice(-1, -2)),
      'before the end': sample([floats(3, 4)], (x) => x.slice(-1, 1, -1)),
      nothing: sample([floats(3, 4)], (x) => x.slice(0, 1, 1)),
      'of no elements': sample([floats(0, 3)], (x) => x.slice(1, 1, 2)),
      'of one element': sample([floats(1)], (x) => x.slice(0, 1)),
      'one element': sample([floats(1, 3)], (x) => x.slice(1, 2)),
      many: sample([floats(60, 5)], (x) => x.slice(0, 7, 31)),
      booleans: sample([bools(4)], (x) => x.slice(0, 1, 3)),
      'named axes': sample([floats('b', 't', 4)], (x) => x.slice(-1, 1, 3), { sizes }),
    },
    errors: {
      'past the end': refused(() => x23().slice(1, 1, 5), 'slice([2, 3])', 'axis 1 has 3 elements', '[1, 5)'),
      backwards: refused(() => x23().slice(1, 2, 1), '[2, 1)'),
      'an axis too many': refused(() => x23().slice(2, 0, 1), 'axis 2', 'rank of 2'),
    },
  },
  split: {
    samples: {
      'three parts': sample([floats(2, 6)], (x) => x.split(-1, [1, 2, 3])),
      'the first axis': sample([floats(4, 2)], (x) => x.split(0, [2, 2])),
      'only one used': sample([floats(2, 4)], (x) => x.split(1, [1, 3])[1]!),
      'one by one': sample([floats(3, 2)], (x) => x.unstack(3)),
      'no elements': sample([floats(0, 3)], (x) => x.split(1, [1, 2])),
      'of one element': sample([floats(1)], (x) => x.split(0, [1, 0])),
      'an empty part': sample([floats(2, 3)], (x) => x.split(1, [0, 3])),
      'one element each': sample([floats(1, 2)], (x) => x.split(1, [1, 1])),
      'the middle axis': sample([floats(2, 3, 2)], (x) => x.unstack(3, 1)),
      many: sample([floats(10, 30)], (x) => x.split(1, [11, 19])),
      integers: sample([integers(0, 9)(4)], (x) => x.split(0, [1, 3])),
      'named axes': sample([floats('b', 't', 6)], (x) => x.split(2, [2, 2, 2]), { sizes }),
    },
    errors: {
      'sizes that do not fill': refused(() => x23().split(1, [1, 1]), 'split([2, 3])', 'axis 1 has 3', '1 + 1 make 2'),
      'one size that does not fill': refused(() => x23().split(1, [2]), 'axis 1 has 3', 'make 2'),
      'an axis too many': refused(() => x23().split(2, [1]), 'axis 2'),
    },
  },
  concat: {
    samples: {
      'two rows': sample([floats(1, 3), floats(2, 3)], (a, b) => concat([a, b], 0)),
      'three along the last axis': sample([floats(2, 1), floats(2, 2), floats(2, 3)], (...xs) => concat(xs, -1)),
      'the same twice': sample([floats(2, 2)], (x) => concat([x, x], 1)),
      'with nothing': sample([floats(2, 0), floats(2, 2)], (a, b) => concat([a, b], 1)),
      'one element each': sample([floats(1), floats(1)], (a, b) => concat([a, b], 0)),
      'only one is differentiated': sample([floats(2), floats(2)], (a, b) => concat([a, b.stopGradient()], 0), {
        derivative: [
          [1, 1],
          [0, 0],
        ],
      }),
      'side by side': sample([floats(2, 3), floats(2, 3)], (a, b) => stack([a, b])),
      'side by side along the last': sample([floats(2, 3), floats(2, 3)], (a, b) => stack([a, b], -1)),
      many: sample([floats(20, 7), floats(20, 6)], (a, b) => concat([a, b], 1)),
      integers: sample([integers(0, 9)(2), integers(0, 9)(3)], (a, b) => concat([a, b], 0)),
      'named axes': sample([floats('b', 't', 2), floats('b', 't', 3)], (a, b) => concat([a, b], 2), { sizes }),
    },
    errors: {
      'other lengths elsewhere': refused(
        () => concat([x23(), input('y', [3, 3])], 1),
        'concat([2, 3], [3, 3])',
        'axis 0',
        '2 and 3',
      ),
      'other dtypes': refused(() => concat([x23(), input('y', [2, 3], 'int32')], 0), 'float32', 'int32'),
      'other ranks': refused(() => concat([x23(), input('y', [3])], 0), 'rank 2', 'rank 1'),
      'an axis too many': refused(() => concat([x23(), x23()], 2), 'axis 2'),
      'nothing at all': refused(() => concat([], 0), 'concat()', 'one tensor or more'),
      'shapes that differ': refused(() => stack([x23(), input('y', [2, 4])]), 'axis 2', '3 and 4'),
    },
  },
  pad: {
    samples: {
      'on both sides': sample([floats(2, 3)], (x) => x.pad(1, 1, 2)),
      before: sample([floats(2, 3)], (x) => x.pad(0, 2, 0)),
      'with a value': sample([floats(2, 3)], (x) => x.pad(-1, 0, 1, -1e4)),
      'one element': sample([floats(1)], (x) => x.pad(0, 1, 1)),
      'no elements': sample([floats(2, 0)], (x) => x.pad(1, 1, 1, 5)),
      many: sample([floats(15, 15)], (x) => x.pad(0, 3, 4)),
      integers: sample([integers(0, 9)(3)], (x) => x.pad(0, 1, 1, -100)),
      int64: sample([integers(0, 9, 'int64')(3)], (x) => x.pad(0, 1, 1, -100)),
      booleans: sample([bools(3)], (x) => x.pad(0, 1, 1)),
      'named axes': sample([floats('b', 't', 2)], (x) => x.pad(2, 1, 0), { sizes }),
    },
    errors: {
      'less than nothing': refused(() => x23().pad(1, -1, 0), 'pad([2, 3])', 'axis 1', '-1'),
      'an axis too many': refused(() => x23().pad(2, 1, 1), 'axis 2'),
    },
  },
  shift: {
    samples: {
      'to the right': sample([floats(2, 4)], (x) => x.shift(1, 1)),
      'to the left, filled': sample([floats(2, 4)], (x) => x.shift(1, -1, 7)),
      'the first axis': sample([floats(4, 2)], (x) => x.shift(0, 2)),
      'everything out': sample([floats(2, 3)], (x) => x.shift(1, 3)),
      'one element': sample([floats(2, 1)], (x) => x.shift(1, -1, 9)),
      'no lanes': sample([floats(0, 3)], (x) => x.shift(1, 1)),
      many: sample([floats(15, 15)], (x) => x.shift(0, -4)),
      integers: sample([integers(0, 9)(2, 4)], (x) => x.shift(1, -1, -100)),
      int64: sample([integers(0, 9, 'int64')(4)], (x) => x.shift(0, -1, -100)),
      'named axes': sample([floats('b', 't')], (x) => x.shift(1, -1, 5), { sizes }),
    },
    errors: {
      'by more than there are': refused(() => x23().shift(1, 4), 'shift([2, 3])', 'axis 1 has 3', 'by 4'),
      'an axis too many': refused(() => x23().shift(2, 1), 'axis 2'),
    },
  },
  flip: {
    samples: {
      'the last axis': sample([floats(2, 3)], (x) => x.flip(-1)),
      'the first axis': sample([floats(3, 2)], (x) => x.flip(0)),
      'the middle axis': sample([floats(2, 3, 2)], (x) => x.flip(1)),
      'one element': sample([floats(1)], (x) => x.flip(0)),
      'no elements': sample([floats(2, 0)], (x) => x.flip(1)),
      many: sample([floats(15, 15)], (x) => x.flip(0)),
      integers: sample([integers(0, 9)(4)], (x) => x.flip(0)),
      'named axes': sample([floats('b', 't')], (x) => x.flip(1), { sizes }),
    },
    errors: { 'an axis too many': refused(() => x23().flip(2), 'flip([2, 3])', 'axis 2', 'rank of 2') },
  },
}

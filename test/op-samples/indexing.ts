/** Samples of the ops that read and write at positions. */
import { input, scatterRows, writeRows } from '../../src/ops/index.ts'
import { bools, floats, integers, type OpSamples, refused, sample, values } from '../op-suite/sample.ts'

const sizes = [
  { b: 2, t: 3 },
  { b: 1, t: 1 },
  { b: 3, t: 4 },
]
const below = (n: number) => integers(0, n)
const places = (list: readonly number[], shape?: readonly number[]) => values(list, shape, 'int32')
const int = (...shape: number[]) => input('positions', shape, 'int32')

export const indexingSamples: Record<string, OpSamples> = {
  gather: {
    samples: {
      'rows of a table': sample([floats(4, 3), places([2, 0, 3])], (x, at) => x.gather(at)),
      'repeated rows': sample([floats(3, 2), places([1, 1, 1, 0])], (x, at) => x.gather(at)),
      'a matrix of positions': sample([floats(4, 2), below(4)(2, 3)], (x, at) => x.gather(at)),
      'one position': sample([floats(4, 2), below(4)()], (x, at) => x.gather(at)),
      'elements of a vector': sample([floats(5), below(5)(3)], (x, at) => x.gather(at)),
      'rows of several axes': sample([floats(3, 2, 2), below(3)(4)], (x, at) => x.gather(at)),
      'no positions': sample([floats(3, 2), below(3)(0)], (x, at) => x.gather(at)),
      'a table of one row': sample([floats(1, 3), places([0, 0])], (x, at) => x.gather(at)),
      'large numbers': sample([values([1e4, -1e4, 0]), places([1, 0, 1])], (x, at) => x.gather(at)),
      // More rows than a one-hot product is used for.
      'a large table': sample([floats(300, 2), below(300)(7)], (x, at) => x.gather(at)),
      'a large table, repeated rows': sample([floats(300, 2), places([9, 299, 9, 9, 0])], (x, at) => x.gather(at)),
      'twice from one table': sample([floats(4, 2), below(4)(3)], (x, at) => x.gather(at).mul(x.gather(at))),
      booleans: sample([bools(4, 2), below(4)(3)], (x, at) => x.gather(at)),
      'named axes': sample([floats(7, 2), below(7)('b', 't')], (x, at) => x.gather(at), { sizes }),
    },
    errors: {
      'positions of floats': refused(
        () => input('x', [2, 3]).gather(input('i', [2])),
        'gather([2, 3], [2])',
        'int32',
        'float32',
      ),
      'a scalar': refused(() => input('x', []).gather(int(2)), 'scalar'),
    },
  },
  scatterRows: {
    samples: {
      'each once': sample([places([2, 0]), floats(2, 3)], (at, x) => scatterRows(at, x, 4)),
      'repeated rows add up': sample([places([1, 1, 0, 1]), floats(4, 2)], (at, x) => scatterRows(at, x, 3)),
      'a matrix of positions': sample([below(3)(2, 2), floats(2, 2, 2)], (at, x) => scatterRows(at, x, 3)),
      'single elements': sample([below(3)(4), floats(4)], (at, x) => scatterRows(at, x, 3)),
      'one position': sample([below(3)(), floats(2)], (at, x) => scatterRows(at, x, 3)),
      'no positions': sample([below(3)(0), floats(0, 2)], (at, x) => scatterRows(at, x, 3)),
      'a large table, repeated rows': sample([places([9, 299, 9, 9]), floats(4, 2)], (at, x) =>
        scatterRows(at, x, 300),
      ),
      'large numbers': sample([places([0, 0]), values([1e4, -1e4])], (at, x) => scatterRows(at, x, 1)),
      many: sample([below(5)(40), floats(40, 6)], (at, x) => scatterRows(at, x, 5)),
      many32: sample([below(400)(60), floats(60, 5)], (at, x) => scatterRows(at, x, 400)),
      integers: sample([below(3)(5), integers(-9, 9)(5, 2)], (at, x) => scatterRows(at, x, 3)),
      'named axes': sample([below(3)('b', 't'), floats('b', 't', 2)], (at, x) => scatterRows(at, x, 3), { sizes }),
    },
    errors: {
      'rows without positions': refused(
        () => scatterRows(int(2), input('x', [3, 2]), 4),
        'scatterRows([2], [3, 2])',
        '[3, 2]',
        '[2]',
      ),
      'positions of floats': refused(() => scatterRows(input('i', [2]), input('x', [2, 2]), 4), 'int32'),
      booleans: refused(() => scatterRows(int(2), input('x', [2, 2], 'bool'), 4), 'bool'),
    },
  },
  takeAlong: {
    samples: {
      'the last axis': sample([floats(2, 4), below(4)(2, 3)], (x, at) => x.takeAlong(at, -1)),
      'the first axis': sample([floats(4, 2), below(4)(3, 2)], (x, at) => x.takeAlong(at, 0)),
      'repeated positions': sample([floats(1, 3), places([2, 2, 2, 0], [1, 4])], (x, at) => x.takeAlong(at, 1)),
      'the middle axis': sample([floats(2, 3, 2), below(3)(2, 1, 2)], (x, at) => x.takeAlong(at, 1)),
      'one element': sample([floats(1), places([0])], (x, at) => x.takeAlong(at, 0)),
      'no positions': sample([floats(2, 3), below(3)(2, 0)], (x, at) => x.takeAlong(at, 1)),
      'large numbers': sample([values([1e4, -1e4], [1, 2]), places([1, 0], [1, 2])], (x, at) => x.takeAlong(at, 1)),
      many: sample([floats(12, 30), below(30)(12, 7)], (x, at) => x.takeAlong(at, 1)),
      integers: sample([integers(-9, 9)(2, 4), below(4)(2, 1)], (x, at) => x.takeAlong(at, 1)),
      'named axes': sample([floats('b', 't', 5), below(5)('b', 't', 1)], (x, at) => x.takeAlong(at, -1), { sizes }),
    },
    errors: {
      'other lengths elsewhere': refused(
        () => input('x', [2, 3]).takeAlong(int(4, 1), 1),
        'takeAlong([2, 3], [4, 1])',
        'axis 0',
        '2 and 4',
      ),
      'other ranks': refused(() => input('x', [2, 3]).takeAlong(int(2), 1), 'ranks are 2 and 1'),
      'an axis too many': refused(() => input('x', [2, 3]).takeAlong(int(2, 3), 2), 'axis 2'),
      'positions of floats': refused(() => input('x', [2]).takeAlong(input('i', [2]), 0), 'int32'),
    },
  },
  scatterAdd: {
    samples: {
      'the last axis': sample([floats(2, 4), below(4)(2, 3), floats(2, 3)], (x, at, u) => x.scatterAdd(at, u, -1)),
      'the first axis': sample([floats(4, 2), below(4)(3, 2), floats(3, 2)], (x, at, u) => x.scatterAdd(at, u, 0)),
      'repeated positions': sample([floats(1, 3), places([2, 2, 2, 0], [1, 4]), floats(1, 4)], (x, at, u) =>
        x.scatterAdd(at, u, 1),
      ),
      'the middle axis': sample([floats(2, 3, 2), below(3)(2, 1, 2), floats(2, 1, 2)], (x, at, u) =>
        x.scatterAdd(at, u, 1),
      ),
      'one element': sample([floats(1), places([0]), floats(1)], (x, at, u) => x.scatterAdd(at, u, 0)),
      'no positions': sample([floats(2, 3), below(3)(2, 0), floats(2, 0)], (x, at, u) => x.scatterAdd(at, u, 1)),
      'large numbers': sample([values([1e4, -1e4]), places([1]), values([2e4])], (x, at, u) => x.scatterAdd(at, u, 0)),
      many: sample([floats(12, 30), below(30)(12, 40), floats(12, 40)], (x, at, u) => x.scatterAdd(at, u, 1)),
      integers: sample([integers(-9, 9)(2, 4), below(4)(2, 2), integers(-9, 9)(2, 2)], (x, at, u) =>
        x.scatterAdd(at, u, 1),
      ),
      'named axes': sample([floats('b', 5), below(5)('b', 1), floats('b', 1)], (x, at, u) => x.scatterAdd(at, u, -1), {
        sizes,
      }),
    },
    errors: {
      'an update of another shape': refused(
        () => input('x', [2, 3]).scatterAdd(int(2, 1), input('u', [2, 2]), 1),
        'scatterAdd([2, 3], [2, 1], [2, 2])',
        'axis 1',
        '1 and 2',
      ),
      'an update of another dtype': refused(
        () => input('x', [2]).scatterAdd(int(2), input('u', [2], 'int32'), 0),
        'int32',
        'float32',
      ),
      'other lengths elsewhere': refused(
        () => input('x', [2, 3]).scatterAdd(int(4, 1), input('u', [4, 1]), 1),
        'axis 0',
        '2 and 4',
      ),
      'an axis too many': refused(() => input('x', [2]).scatterAdd(int(2), input('u', [2]), 1), 'axis 1'),
    },
  },
  writeRows: {
    samples: {
      'one row each': sample([floats(2, 1, 3, 2), floats(2, 1, 1, 2), places([0, 2])], writeRows),
      'several rows': sample([floats(2, 2, 4, 2), floats(2, 2, 2, 2), places([2, 1])], writeRows),
      'the whole buffer': sample([floats(1, 1, 3, 2), floats(1, 1, 3, 2), places([0])], writeRows),
      'one element': sample([floats(1, 1, 1, 1), floats(1, 1, 1, 1), places([0])], writeRows),
      'nothing to write': sample([floats(1, 1, 2, 2), floats(1, 1, 0, 2), places([1])], writeRows),
      'large numbers': sample(
        [values([1e4, -1e4], [1, 1, 2, 1]), values([-1e4], [1, 1, 1, 1]), places([1])],
        writeRows,
      ),
      many: sample([floats(3, 2, 9, 4), floats(3, 2, 2, 4), places([0, 7, 3])], writeRows),
      'named axes': sample([floats('b', 2, 's', 3), floats('b', 2, 't', 3), below(2)('b')], writeRows, {
        sizes: [
          { b: 2, s: 4, t: 2 },
          { b: 1, s: 6, t: 1 },
          { b: 3, s: 8, t: 5 },
        ],
      }),
    },
    errors: {
      'more than there is room for': refused(
        () => writeRows(input('c', [1, 2, 3, 4]), input('r', [1, 2, 5, 4]), int(1)),
        'writeRows([1, 2, 3, 4], [1, 2, 5, 4], [1])',
        'axis 2',
        '3',
        '5',
      ),
      'rows of another width': refused(
        () => writeRows(input('c', [1, 2, 3, 4]), input('r', [1, 2, 1, 5]), int(1)),
        'axis 3',
        '4 and 5',
      ),
      'starts for other rows': refused(
        () => writeRows(input('c', [1, 2, 3, 4]), input('r', [1, 2, 1, 4]), int(2)),
        'axis 0',
        '1 and 2',
      ),
      'a cache of three axes': refused(
        () => writeRows(input('c', [2, 3, 4]), input('r', [2, 1, 4]), int(2)),
        '[b, h, s, d]',
        'rank 3',
      ),
      'another dtype': refused(
        () => writeRows(input('c', [1, 2, 3, 4]), input('r', [1, 2, 1, 4], 'int32'), int(1)),
        'int32',
        'float32',
      ),
    },
  },
}

/** Samples of the element-wise functions of two or three tensors. */
import type { Tensor } from '../../src/graph/tensor.ts'
import { constant, input, where } from '../../src/ops/index.ts'
import {
  bools,
  floats,
  type InputSpec,
  integers,
  nonzero,
  type OpSamples,
  positive,
  refused,
  sample,
  values,
} from '../op-suite/sample.ts'

type Fill = (...axes: (number | string)[]) => InputSpec
type Call = (a: Tensor, b: Tensor) => Tensor

const steps = [
  { b: 2, t: 3 },
  { b: 1, t: 1 },
  { b: 4, t: 2 },
]

/** Every way two operands can meet. */
const forms = (f: Call, left: Fill, right: Fill, both = left): OpSamples['samples'] => ({
  'equal shapes': sample([left(2, 3), right(2, 3)], f),
  'a row for every row': sample([left(2, 3), right(3)], f),
  'a column for every column': sample([left(2, 1), right(2, 3)], f),
  'both repeated': sample([left(2, 1, 3), right(4, 1)], f),
  scalars: sample([left(), right(2, 2)], f),
  'one element': sample([left(1), right(1)], f),
  'no elements': sample([left(0, 3), right(3)], f),
  transposed: sample([left(3, 2), right(2, 3)], (a, b) => f(a.transpose(), b)),
  'the same twice': sample([both(2, 2)], (a) => f(a, a)),
  many: sample([left(13, 17), right(17)], f),
  'named axes': sample([left('b', 't', 2), right('t', 1)], f, { sizes: steps }),
})

const wrongShapes = (name: string, f: Call, dtype: 'float32' | 'int32' | 'bool' = 'float32'): OpSamples['errors'] => ({
  'shapes that do not broadcast': refused(
    () => f(input('a', [2, 3], dtype), input('b', [2, 4], dtype)),
    `${name}([2, 3], [2, 4])`,
    'axis -1',
    '3',
    '4',
  ),
  'different dtypes': refused(() => f(input('a', [2]), input('b', [2], 'int64')), 'float32', 'int64'),
})

const integerForms = (f: Call): OpSamples['samples'] => ({
  int32: sample([integers(-9, 9)(2, 3), integers(1, 5)(3)], f),
  int64: sample([integers(-9, 9, 'int64')(4), integers(1, 5, 'int64')(4)], f),
})

const arithmetic = (name: string, f: Call, right: Fill = floats, left: Fill = floats): OpSamples => ({
  samples: {
    ...forms(f, left, right),
    'large numbers': sample([values([1e4, -1e4, 1e4]), values([-1e4, -1e4, 3])], f),
    ...integerForms(f),
  },
  errors: {
    ...(wrongShapes(name, f) as object),
    booleans: refused(() => f(input('a', [2], 'bool'), input('b', [2], 'bool')), 'float32', 'bool'),
  },
})

/** Where operands are equal the derivative is a convention, so random operands must differ. */
const extreme = (name: string, f: Call, left: number[], right: number[]): OpSamples => ({
  samples: {
    ...forms(f, floats, positive),
    ties: sample([values([1, 2, 3]), values([1, 5, 3])], f, { derivative: [left, right] }),
    'large numbers': sample([values([1e4, -1e4]), values([-1e4, 1e4])], f),
    ...integerForms(f),
  },
  errors: wrongShapes(name, f),
})

const comparison = (name: string, f: Call): OpSamples => ({
  samples: {
    ...forms(f, integers(0, 3), integers(0, 3)),
    floats: sample([floats(2, 3), floats(3)], f),
    ties: sample([values([1, 2, 3]), values([1, 5, 2])], f),
    'large numbers': sample([values([1e4, -1e4]), values([1e4, 1e4])], f),
    int64: sample([integers(0, 3, 'int64')(5), integers(0, 3, 'int64')(5)], f),
  },
  errors: wrongShapes(name, f),
})

const logical = (name: string, f: Call): OpSamples => ({
  samples: forms(f, bools, bools),
  errors: {
    'shapes that do not broadcast': refused(
      () => f(input('a', [2, 3], 'bool'), input('b', [4], 'bool')),
      `${name}([2, 3], [4])`,
      'axis -1',
    ),
    floats: refused(() => f(input('a', [2]), input('b', [2])), 'bool', 'float32'),
  },
})

export const binarySamples: Record<string, OpSamples> = {
  add: arithmetic('add', (a, b) => a.add(b)),
  sub: arithmetic('sub', (a, b) => a.sub(b)),
  mul: arithmetic('mul', (a, b) => a.mul(b)),
  div: arithmetic('div', (a, b) => a.div(b), nonzero, nonzero),
  pow: {
    samples: {
      ...forms((a, b) => a.pow(b), positive, floats),
      squares: sample([floats(2, 3)], (x) => x.pow(2)),
      'a cube of negative numbers': sample([values([-2, -0.5, 1.5])], (x) => x.pow(3)),
      'zero to the zeroth, first and second': sample([values([0, 0, 0])], (x) => x.pow(constant([0, 1, 2], [3])), {
        derivative: [[0, 1, 0]],
      }),
      'large numbers': sample([values([1e4, 1e-4])], (x) => x.pow(0.5)),
      'no derivative of the logarithm below zero': sample([values([-2]), values([2])], (a, b) => a.pow(b), {
        derivative: [[-4], [0]],
      }),
    },
    errors: wrongShapes('pow', (a, b) => a.pow(b)),
  },
  maximum: extreme('maximum', (a, b) => a.maximum(b), [0.5, 0, 0.5], [0.5, 1, 0.5]),
  minimum: extreme('minimum', (a, b) => a.minimum(b), [0.5, 1, 0.5], [0.5, 0, 0.5]),
  mod: {
    samples: {
      ...forms((a, b) => a.mod(b), integers(-9, 9), integers(1, 5), integers(1, 5)),
      'negative divisors': sample([integers(-9, 9)(6), values([-3], [1], 'int32')], (a, b) => a.mod(b)),
      int64: sample([integers(-9, 9, 'int64')(6), integers(2, 5, 'int64')(1)], (a, b) => a.mod(b)),
    },
    errors: {
      ...(wrongShapes('mod', (a, b) => a.mod(b), 'int32') as object),
      floats: refused(() => input('a', [2]).mod(2), 'int32', 'float32'),
    },
  },
  equal: comparison('equal', (a, b) => a.equal(b)),
  less: comparison('less', (a, b) => a.less(b)),
  lessEqual: comparison('lessEqual', (a, b) => a.lessEqual(b)),
  greater: comparison('greater', (a, b) => a.greater(b)),
  greaterEqual: comparison('greaterEqual', (a, b) => a.greaterEqual(b)),
  and: logical('and', (a, b) => a.and(b)),
  or: logical('or', (a, b) => a.or(b)),
  where: {
    samples: {
      'equal shapes': sample([bools(2, 3), floats(2, 3), floats(2, 3)], where),
      'a column of conditions': sample([bools(2, 1), floats(2, 3), floats(3)], where),
      'more conditions than values': sample([bools(4, 2, 3), floats(3), floats(2, 1)], where),
      'numbers in place of tensors': sample([bools(3), floats(3)], (c, x) => where(c, x, 0)),
      'a number first': sample([bools(3), floats(3)], (c, x) => where(c, -1e4, x)),
      'two numbers': sample([bools(3)], (c) => where(c, 1, 0)),
      'no elements': sample([bools(0, 3), floats(3), floats(0, 3)], where),
      'one element': sample([bools(), floats(), floats()], where),
      many: sample([bools(13, 1), floats(13, 17), floats(17)], where),
      int32: sample([bools(4), integers(-9, 9)(4), integers(-9, 9)(4)], where),
      int64: sample([bools(4), integers(-9, 9, 'int64')(4), integers(-9, 9, 'int64')(1)], where),
      'what is not chosen does not count': sample([values([1, 0], [2], 'bool'), values([2, 0])], (c, x) =>
        where(c, where(c, x, 1).log(), 0),
      ),
      'named axes': sample([bools('b', 1), floats('b', 't'), floats('t')], where, { sizes: steps }),
    },
    errors: {
      'a condition of floats': refused(
        () => where(input('c', [2]), input('a', [2]), 0),
        'where([2]',
        'bool',
        'float32',
      ),
      'different dtypes': refused(
        () => where(input('c', [2], 'bool'), input('a', [2]), input('b', [2], 'int32')),
        'float32',
        'int32',
      ),
      'shapes that do not broadcast': refused(
        () => where(input('c', [3], 'bool'), input('a', [2]), 0),
        'axis -1',
        '3',
        '2',
      ),
      'a fraction among integers': refused(
        () => where(input('c', [2], 'bool'), input('a', [2], 'int32'), 0.5),
        '0.5',
        'int32',
      ),
    },
  },
}

/** Samples of matrix products, and of `einsum`, which becomes them. */
import { constant, einsum, input } from '../../src/ops/index.ts'
import { floats, integers, type OpSamples, refused, sample, values } from '../op-suite/sample.ts'

const sizes = [
  { b: 2, t: 3 },
  { b: 1, t: 1 },
  { b: 3, t: 4 },
]
const both = { transA: true, transB: true, alpha: -2 }

export const matmulSamples: Record<string, OpSamples> = {
  matmul: {
    samples: {
      matrices: sample([floats(2, 3), floats(3, 4)], (a, b) => a.matmul(b)),
      'the left turned': sample([floats(3, 2), floats(3, 4)], (a, b) => a.matmul(b, { transA: true })),
      'the right turned, times a number': sample([floats(2, 3), floats(4, 3)], (a, b) =>
        a.matmul(b, { transB: true, alpha: 0.5 }),
      ),
      'both turned': sample([floats(3, 2), floats(4, 3)], (a, b) => a.matmul(b, both)),
      'times a number': sample([floats(2, 3), floats(3, 2)], (a, b) => a.matmul(b, { alpha: 3 })),
      'stacks of matrices': sample([floats(2, 2, 3), floats(2, 3, 2)], (a, b) => a.matmul(b)),
      'stacks, both turned': sample([floats(2, 3, 2), floats(2, 4, 3)], (a, b) => a.matmul(b, both)),
      'stacks that broadcast both ways': sample([floats(2, 1, 2, 3), floats(3, 3, 2)], (a, b) => a.matmul(b)),
      'stacks that broadcast, both turned': sample([floats(1, 3, 2), floats(2, 4, 3)], (a, b) => a.matmul(b, both)),
      'one matrix for every row': sample([floats(2, 3, 4), floats(4, 2)], (a, b) => a.matmul(b)),
      'one turned matrix for every row': sample([floats(2, 3, 4), floats(2, 4)], (a, b) =>
        a.matmul(b, { transB: true }),
      ),
      'a turned stack and one matrix': sample([floats(2, 4, 3), floats(4, 2)], (a, b) => a.matmul(b, { transA: true })),
      'a matrix and a stack': sample([floats(2, 3), floats(2, 3, 2)], (a, b) => a.matmul(b)),
      'a vector of one': sample([floats(1, 1), floats(1, 1)], (a, b) => a.matmul(b)),
      'one row': sample([floats(1, 5), floats(5, 3)], (a, b) => a.matmul(b)),
      'nothing to sum': sample([floats(2, 0), floats(0, 3)], (a, b) => a.matmul(b)),
      'no rows': sample([floats(0, 3), floats(3, 2)], (a, b) => a.matmul(b)),
      'the same twice': sample([floats(3, 3)], (a) => a.matmul(a)),
      'large numbers': sample([values([1e4, 1, -1, 1e-4], [2, 2]), values([1, -1e-4, 1e-2, 1], [2, 2])], (a, b) =>
        a.matmul(b),
      ),
      many: sample([floats(9, 17), floats(17, 11)], (a, b) => a.matmul(b)),
      'the left turned, many rows': sample(
        [floats(256, 8192), floats(256, 2)],
        (a, b) => a.matmul(b, { transA: true, alpha: 0.5 }),
        { derivative: 'none' },
      ),
      'named axes': sample([floats('b', 't', 4), floats(4, 3)], (a, b) => a.matmul(b), { sizes }),
      'named axes inside': sample(
        [floats('b', 2, 't', 4), floats('b', 2, 's', 4)],
        (a, b) => a.matmul(b, { transB: true, alpha: 0.5 }),
        {
          sizes: [
            { b: 2, t: 3, s: 2 },
            { b: 1, t: 1, s: 5 },
          ],
        },
      ),
      'attention scores': sample([floats(2, 2, 3, 4), floats(2, 2, 5, 4)], (q, k) =>
        einsum('b h t d, b h s d -> b h t s', q, k),
      ),
      'attention scores, heads behind': sample([floats(2, 3, 2, 4), floats(2, 5, 2, 4)], (q, k) =>
        einsum('b t h d, b s h d -> b h t s', q, k),
      ),
      'a tied head': sample([floats('b', 't', 4), floats(5, 4)], (x, w) => einsum('b t c, v c -> b t v', x, w), {
        sizes,
      }),
      'with the right operand first': sample([floats(2, 3), floats(4, 3)], (a, b) => einsum('i k, j k -> j i', a, b)),
      'several axes summed': sample([floats(2, 3, 2), floats(3, 2, 4)], (a, b) => einsum('i j k, j k l -> i l', a, b)),
      'an axis of one operand summed': sample([floats(2, 3, 2), floats(3, 4)], (a, b) =>
        einsum('i j k, j l -> i l', a, b),
      ),
      'everything summed': sample([floats(2, 3), floats(2, 3)], (a, b) => einsum('i j, i j ->', a, b)),
      'a stack of dot products': sample([floats(2, 3), floats(2, 3)], (a, b) => einsum('i j, i j -> i', a, b)),
    },
    errors: {
      'inner axes that differ': refused(
        () => input('a', [2, 3]).matmul(input('b', [4, 2])),
        'matmul([2, 3], [4, 2])',
        'axis -1 of the left is 3',
        'axis -2 of the right is 4',
      ),
      'inner axes that differ, turned': refused(
        () => input('a', [2, 3]).matmul(input('b', [2, 4]), { transB: true }),
        'axis -1 of the right is 4',
      ),
      'a vector': refused(() => input('a', [3]).matmul(input('b', [3, 2])), 'two axes or more', '1 and 2'),
      integers: refused(() => input('a', [2, 2], 'int32').matmul(input('b', [2, 2], 'int32')), 'float32', 'int32'),
      'stacks that do not broadcast': refused(
        () => input('a', [2, 2, 2]).matmul(input('b', [3, 2, 2])),
        'axis -1',
        '2 and 3',
      ),
      'einsum: two lengths': refused(
        () => einsum('i j, j k -> i k', input('a', [2, 3]), input('b', [4, 2])),
        "'i j, j k -> i k'",
        'axis j is 3',
        '4',
      ),
      'einsum: another rank': refused(
        () => einsum('i j -> j i', input('a', [2, 3, 4])),
        'operand 1 has 2 names',
        '[2, 3, 4]',
      ),
      'einsum: a name from nowhere': refused(
        () => einsum('i j -> i k', input('a', [2, 3])),
        'k is not an axis of any operand',
      ),
      'einsum: a name twice': refused(() => einsum('i i -> i', input('a', [2, 2])), 'operand 1 repeats a name'),
      'einsum: a name twice on the right': refused(
        () => einsum('i j -> i i', input('a', [2, 3])),
        'the right side repeats a name',
      ),
      'einsum: no arrow': refused(() => einsum('i j', input('a', [2, 3])), 'two sides'),
      'einsum: two arrows': refused(() => einsum('i j -> i -> j', input('a', [2, 3])), 'two sides'),
      'einsum: an operand missing': refused(
        () => einsum('i j, j k -> i k', input('a', [2, 3])),
        'names 2 operands and got 1',
      ),
      'einsum: three operands': refused(
        () => einsum('i, i, i -> i', input('a', [2]), input('b', [2]), input('c', [2])),
        'one or two',
      ),
      'einsum: letters run together': refused(
        () => einsum('ij,jk->ik', input('a', [2, 3]), input('b', [3, 2])),
        'operand 1 has 1 names',
      ),
      'einsum: no name at all': refused(() => einsum('i 2 -> i', input('a', [2, 3])), "'2' is not a name"),
    },
  },
  constant: {
    samples: {
      'a matrix': sample([floats(2, 3)], (x) => x.mul(constant([1, 2, 3, 4, 5, 6], [2, 3]))),
      'a scalar': sample([floats(2)], (x) => x.add(constant(1e4))),
      'one element': sample([floats(1)], (x) => x.mul(constant([3], [1]))),
      many: sample([floats(201)], (x) =>
        x.mul(
          constant(
            Array.from({ length: 201 }, (_, i) => i),
            [201],
          ),
        ),
      ),
      'with named axes': sample([floats('b', 2)], (x) => x.mul(constant([2, 3], [2])), { sizes }),
      'no elements': sample([floats(0)], (x) => x.add(constant([], [0]))),
      int32: sample([integers(0, 9)(2)], (x) => x.add(constant([1, -1], [2], 'int32'))),
      int64: sample([integers(0, 9, 'int64')(2)], (x) => x.add(constant([1, -1], [2], 'int64'))),
      booleans: sample([floats(2)], (x) => x.greater(0).and(constant([1, 0], [2], 'bool'))),
      'more than is written only once': sample([floats(2, 3)], (x) =>
        x.add(
          constant(
            Array.from({ length: 1200 }, (_, i) => i % 7),
            [200, 2, 3],
          ).sum(0),
        ),
      ),
      'without inputs': sample([], () => constant([1.5, -2], [2])),
    },
    errors: {
      'a fraction among integers': refused(() => input('x', [2], 'int32').add(0.5), 'add([2])', '0.5', 'int32'),
    },
  },
}

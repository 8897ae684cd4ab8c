/** Samples of recurrence over time. */
import { apply } from '../../src/graph/tensor.ts'
import { gru, input, lstm, rnn, scan } from '../../src/ops/index.ts'
import { gruOp, lstmOp } from '../../src/ops/recurrent.ts'
import { floats, integers, type OpSamples, refused, sample, values } from '../op-suite/sample.ts'

const sizes = [
  { b: 2, t: 3 },
  { b: 1, t: 1 },
  { b: 3, t: 4 },
]
const firstOrderOnly = 'the derivative is a scan, which has none'
const none = { derivative: 'none' } as const

/** Running sums of the sequence, starting from the carry. */
const sums = (carry: Parameters<typeof scan>[0][number], xs: typeof carry, reverse = false) => {
  const { carry: last, ys } = scan([carry], [xs], [], ([c], [x]) => ({ carry: [c!.add(x!)], ys: [c!.add(x!)] }), {
    reverse,
  })
  return [...last, ...ys]
}
const input3 = (...shape: number[]) => input('xs', shape)

const gates = (count: number, t: number | string, b: number | string, h: number) => [
  floats(t, b, count * h),
  floats(count * h, h),
]

export const recurrentSamples: Record<string, OpSamples> = {
  scan: {
    samples: {
      'running sums': sample([floats(2), floats(3, 2)], (c, xs) => sums(c, xs), none),
      'from the end': sample([floats(2), floats(3, 2)], (c, xs) => sums(c, xs, true), none),
      'one step': sample([floats(2), floats(1, 2)], (c, xs) => sums(c, xs), none),
      'one element': sample([floats(1), floats(1, 1)], (c, xs) => sums(c, xs), none),
      'with a constant': sample(
        [floats(2, 2), floats(3, 2, 2), floats(2, 2)],
        (c, xs, w) => {
          const { carry, ys } = scan([c], [xs], [w], ([h], [x], [k]) => {
            const next = x!.add(h!.matmul(k!)).tanh()
            return { carry: [next], ys: [next, x!.mul(2)] }
          })
          return [...carry, ...ys]
        },
        none,
      ),
      'two carries, two sequences': sample(
        [floats(2), floats(2), floats(4, 2), floats(4, 2)],
        (a, b, xs, ys) => {
          const { carry, ys: kept } = scan([a, b], [xs, ys], [], ([p, q], [x, y]) => ({
            carry: [q!.add(x!), p!.mul(y!)],
            ys: [p!.sub(q!)],
          }))
          return [...carry, ...kept]
        },
        none,
      ),
      'nothing kept': sample(
        [floats(2), floats(3, 2)],
        (c, xs) => scan([c], [xs], [], ([h], [x]) => ({ carry: [h!.mul(x!)], ys: [] })).carry,
        none,
      ),
      'no carry': sample(
        [floats(3, 2)],
        (xs) => scan([], [xs], [], (_, [x]) => ({ carry: [], ys: [x!.exp()] })).ys,
        none,
      ),
      'what arrives is handed on': sample(
        [floats(2), floats(3, 2)],
        (c, xs) => {
          const { carry, ys } = scan([c], [xs], [], (_, [x]) => ({ carry: [x!], ys: [x!, x!] }))
          return [...carry, ...ys]
        },
        none,
      ),
      'large numbers': sample([values([1e4]), values([-1e4, 1e4], [2, 1])], (c, xs) => sums(c, xs), none),
      many: sample([floats(20), floats(30, 20)], (c, xs) => sums(c.mul(0.1), xs.mul(0.1)), none),
      integers: sample([integers(0, 9)(2), integers(0, 9)(3, 2)], (c, xs) => sums(c, xs)),
      'named axes': sample([floats('b', 2), floats('t', 'b', 2)], (c, xs) => sums(c, xs), { ...none, sizes }),
    },
    errors: {
      'a carry that changes its shape': refused(
        () => scan([input('c', [2])], [input('x', [3, 4])], [], ([c], [x]) => ({ carry: [c!.sum().add(x!)], ys: [] })),
        'scan([2], [3, 4])',
        'carry 0 starts as float32[2]',
        'float32[4]',
      ),
      'sequences of two lengths': refused(
        () => scan([], [input('x', [3, 4]), input('y', [2, 4])], [], (_, xs) => ({ carry: [], ys: [...xs] })),
        'axis 0',
        '3 and 2',
      ),
      'no steps': refused(() => sums(input('c', [2]), input('x', [0, 2])), 'axis 0 has 0'),
      'a scalar as a sequence': refused(() => sums(input('c', []), input('x', [])), 'axis of steps'),
    },
    firstOrderOnly,
    neverEmpty: 'a recurrence has a step, and a step has rows',
  },
  rnn: {
    samples: {
      'a few steps': sample([...gates(1, 3, 2, 2), floats(2, 2)], (...x) => Object.values(rnn(x[0]!, x[1]!, x[2]!))),
      relu: sample([...gates(1, 3, 2, 3), floats(2, 3)], (...x) => Object.values(rnn(x[0]!, x[1]!, x[2]!, 'relu'))),
      'one step': sample([...gates(1, 1, 2, 2), floats(2, 2)], (...x) => Object.values(rnn(x[0]!, x[1]!, x[2]!))),
      'one element': sample([...gates(1, 2, 1, 1), floats(1, 1)], (...x) => Object.values(rnn(x[0]!, x[1]!, x[2]!))),
      'only the last state': sample([...gates(1, 3, 1, 2), floats(1, 2)], (...x) => rnn(x[0]!, x[1]!, x[2]!).last),
      'only the states': sample([...gates(1, 3, 1, 2), floats(1, 2)], (...x) => rnn(x[0]!, x[1]!, x[2]!).states),
      'large numbers': sample(
        [values([1e4, -1e4, 0, 1e4], [2, 1, 2]), floats(2, 2), floats(1, 2)],
        (...x) => rnn(x[0]!, x[1]!, x[2]!).states,
      ),
      many: sample([...gates(1, 9, 3, 8), floats(3, 8)], (...x) => Object.values(rnn(x[0]!, x[1]!, x[2]!))),
      'named axes': sample(
        [...gates(1, 't', 'b', 2), floats('b', 2)],
        (...x) => Object.values(rnn(x[0]!, x[1]!, x[2]!)),
        { sizes },
      ),
    },
    errors: {
      'a weight of another height': refused(
        () => rnn(input3(3, 2, 4), input('w', [3, 4]), input('h', [2, 4])),
        'rnn([3, 2, 4], [3, 4], [2, 4])',
        '[1·h, h]',
        '[3, 4]',
      ),
      'steps of another width': refused(
        () => rnn(input3(3, 2, 5), input('w', [4, 4]), input('h', [2, 4])),
        'axis 2 of the steps has 5',
        '4',
      ),
      'a state for other rows': refused(
        () => rnn(input3(3, 2, 4), input('w', [4, 4]), input('h', [1, 4])),
        '[1, 4]',
        '[2, 4]',
      ),
      integers: refused(() => rnn(input('x', [3, 2, 4], 'int32'), input('w', [4, 4]), input('h', [2, 4])), 'int32'),
    },
    firstOrderOnly,
    neverEmpty: 'a recurrence has a step, and a step has rows',
  },
  gru: {
    samples: {
      'a few steps': sample([...gates(3, 3, 2, 2), floats(2, 2), floats(6)], (...x) => apply(gruOp, x).slice(0, 2)),
      'one step': sample([...gates(3, 1, 2, 2), floats(2, 2), floats(6)], (...x) => apply(gruOp, x).slice(0, 2)),
      'one element': sample([...gates(3, 2, 1, 1), floats(1, 1), floats(3)], (...x) => apply(gruOp, x).slice(0, 2)),
      'only the last state': sample([...gates(3, 3, 1, 2), floats(1, 2), floats(6)], (...x) => apply(gruOp, x)[1]!),
      'only the states': sample([...gates(3, 3, 1, 2), floats(1, 2), floats(6)], (...x) => apply(gruOp, x)[0]!),
      'large numbers': sample(
        [values([1e4, -1e4, 1e4], [1, 1, 3]), floats(3, 1), floats(1, 1), floats(3)],
        (...x) => apply(gruOp, x)[0]!,
      ),
      many: sample([...gates(3, 7, 3, 5), floats(3, 5), floats(15)], (...x) => apply(gruOp, x).slice(0, 2)),
      'named axes': sample(
        [...gates(3, 't', 'b', 2), floats('b', 2), floats(6)],
        (...x) => apply(gruOp, x).slice(0, 2),
        { sizes },
      ),
    },
    errors: {
      'a weight of another height': refused(
        () => gru(input3(3, 2, 4), input('w', [4, 4]), input('h', [2, 4]), input('b', [4])),
        'gru(',
        '[3·h, h]',
        '[4, 4]',
      ),
      'a bias of another width': refused(
        () => gru(input3(3, 2, 12), input('w', [12, 4]), input('h', [2, 4]), input('b', [4])),
        '[4]',
        '[12]',
      ),
    },
    firstOrderOnly,
    neverEmpty: 'a recurrence has a step, and a step has rows',
  },
  lstm: {
    samples: {
      'a few steps': sample([...gates(4, 3, 2, 2), floats(2, 2), floats(2, 2)], (...x) => apply(lstmOp, x).slice(0, 3)),
      'one step': sample([...gates(4, 1, 2, 2), floats(2, 2), floats(2, 2)], (...x) => apply(lstmOp, x).slice(0, 3)),
      'one element': sample([...gates(4, 2, 1, 1), floats(1, 1), floats(1, 1)], (...x) => apply(lstmOp, x).slice(0, 3)),
      'only the last state': sample([...gates(4, 3, 1, 2), floats(1, 2), floats(1, 2)], (...x) => apply(lstmOp, x)[1]!),
      'only the last cell': sample([...gates(4, 3, 1, 2), floats(1, 2), floats(1, 2)], (...x) => apply(lstmOp, x)[2]!),
      'only the states': sample([...gates(4, 3, 1, 2), floats(1, 2), floats(1, 2)], (...x) => apply(lstmOp, x)[0]!),
      'large numbers': sample(
        [values([1e4, -1e4, 1e4, 0], [1, 1, 4]), floats(4, 1), floats(1, 1), floats(1, 1)],
        (...x) => apply(lstmOp, x)[0]!,
      ),
      many: sample([...gates(4, 7, 3, 4), floats(3, 4), floats(3, 4)], (...x) => apply(lstmOp, x).slice(0, 3)),
      'named axes': sample(
        [...gates(4, 't', 'b', 2), floats('b', 2), floats('b', 2)],
        (...x) => apply(lstmOp, x).slice(0, 3),
        { sizes },
      ),
    },
    errors: {
      'a weight of another height': refused(
        () => lstm(input3(3, 2, 4), input('w', [4, 4]), input('h', [2, 4]), input('c', [2, 4])),
        'lstm(',
        '[4·h, h]',
        '[4, 4]',
      ),
      'a cell for other rows': refused(
        () => lstm(input3(3, 2, 16), input('w', [16, 4]), input('h', [2, 4]), input('c', [3, 4])),
        '[3, 4]',
        '[2, 4]',
      ),
    },
    firstOrderOnly,
    neverEmpty: 'a recurrence has a step, and a step has rows',
  },
}

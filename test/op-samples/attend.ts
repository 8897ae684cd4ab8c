/** Samples of attention. */
import { apply1, type Tensor } from '../../src/graph/tensor.ts'
import { type AttendOptions, attend } from '../../src/nn/attention.ts'
import { LayerCache } from '../../src/nn/cache.ts'
import { type HeadAttributes, plainAttentionOp } from '../../src/nn/plain-attention.ts'
import { arange, input, where } from '../../src/ops/index.ts'
import { bools, floats, type InputSpec, integers, type OpSamples, refused, sample, values } from '../op-suite/sample.ts'

type Axis = number | string
const qkv = (b: Axis, t: Axis, s: Axis, width: number, keyWidth = width): InputSpec[] => [
  floats(b, t, width),
  floats(b, s, keyWidth),
  floats(b, s, keyWidth),
]
const call =
  (options: AttendOptions, optional: readonly ('mask' | 'bias')[] = []) =>
  (q: Tensor, k: Tensor, v: Tensor, ...rest: Tensor[]) =>
    attend(q, k, v, { ...options, ...Object.fromEntries(optional.map((name, i) => [name, rest[i]])) })

/** Reads into a cache whose rows are filled up to `starts`; gives the result and both buffers. */
const cached =
  (options: AttendOptions) =>
  (q: Tensor, k: Tensor, v: Tensor, keys: Tensor, vals: Tensor, starts: Tensor): Tensor[] => {
    const cache = new LayerCache(keys, vals, starts)
    const y = attend(q, k, v, { ...options, causal: true, cache })
    // What lies beyond the filled slots is nobody's business.
    const filled = starts.add(arange(k.shape[1]!).max().add(1))
    const kept = arange(keys.shape[2]!)
      .unsqueeze(1)
      .less(filled.unsqueeze(1, 2, 3))
    return [y, ...[cache.updated!.keys, cache.updated!.values].map((x) => where(kept, x, 0))]
  }
/** Buffers [b, g, s, d] and how far each row has filled them. */
const buffers = (b: Axis, g: number, s: Axis, d: number, starts: readonly number[] | number): InputSpec[] => [
  floats(b, g, s, d),
  floats(b, g, s, d),
  typeof starts === 'number' ? integers(starts, starts + 1)(b) : values(starts, [starts.length], 'int32'),
]
const sizes = [
  { b: 2, t: 3 },
  { b: 1, t: 1 },
  { b: 3, t: 4 },
]
/** Where a query sees nothing, the lowest float swallows the scores, and differences with them. */
const unseen = { derivative: 'runtimes' } as const
const causal = { heads: 2, causal: true } as const
const x = (...shape: number[]) => input('x', shape)

const plain = (options: Partial<HeadAttributes> & { heads: number }) => (q: Tensor, k: Tensor, v: Tensor) =>
  apply1(plainAttentionOp, [q, k, v], {
    keyHeads: options.heads,
    causal: true,
    scale: 0.5,
    window: undefined,
    ...options,
  })

export const attendSamples: Record<string, OpSamples> = {
  plainAttention: {
    samples: {
      causal: sample(qkv(2, 3, 3, 4), plain({ heads: 2 })),
      'every key, other keys than queries': sample(qkv(1, 2, 4, 4), plain({ heads: 2, causal: false })),
      'itself in all three places': sample([floats(1, 3, 4)], (x) => plain({ heads: 2 })(x, x, x)),
      'shared keys and values': sample(qkv(2, 3, 3, 8, 4), plain({ heads: 4, keyHeads: 2 })),
      'a sliding window': sample(qkv(1, 5, 5, 4), plain({ heads: 2, window: 2 })),
      'one element': sample(qkv(1, 1, 1, 1), plain({ heads: 1 })),
      'no rows': sample(qkv(0, 2, 2, 4), plain({ heads: 2 })),
      long: sample(qkv(2, 512, 512, 16), plain({ heads: 2 }), { derivative: 'none' }),
      'long, shared keys, a window': sample(qkv(1, 520, 520, 32, 16), plain({ heads: 4, keyHeads: 2, window: 33 }), {
        derivative: 'none',
      }),
      'named axes': sample(qkv('b', 't', 't', 4), plain({ heads: 2 }), { sizes }),
    },
    errors: 'checked by attend',
  },
  attend: {
    samples: {
      'every key': sample(qkv(2, 3, 3, 4), call({ heads: 2 })),
      causal: sample(qkv(2, 3, 3, 4), call(causal)),
      'other keys than queries': sample(qkv(1, 2, 4, 4), call({ heads: 2 })),
      'itself in all three places': sample([floats(1, 3, 4)], (x) => attend(x, x, x, causal)),
      'one head': sample(qkv(1, 3, 3, 3), call({ heads: 1, causal: true })),
      'one element': sample(qkv(1, 1, 1, 1), call({ heads: 1, causal: true })),
      'no rows': sample(qkv(0, 2, 2, 4), call(causal)),
      'padding, int32': sample(
        [...qkv(2, 3, 3, 4), values([1, 1, 1, 1, 0, 0], [2, 3], 'int32')],
        call(causal, ['mask']),
      ),
      'padding, booleans': sample(
        [...qkv(2, 2, 3, 4), values([1, 0, 1, 1, 1, 0], [2, 3], 'bool')],
        call({ heads: 2 }, ['mask']),
      ),
      'nothing to see': sample(
        [...qkv(2, 2, 3, 4), values([0, 0, 0, 1, 1, 0], [2, 3], 'bool')],
        call({ heads: 2 }, ['mask']),
        unseen,
      ),
      'padding on the left, causal': sample(
        [...qkv(1, 3, 3, 4), values([0, 1, 1], [1, 3], 'bool')],
        call(causal, ['mask']),
        unseen,
      ),
      'a bias for every head': sample([...qkv(1, 2, 3, 4), floats(1, 2, 2, 3)], call({ heads: 2 }, ['bias'])),
      'a bias for all rows and a mask': sample(
        [...qkv(2, 2, 3, 4), bools(2, 3), floats(2, 2, 3)],
        call({ heads: 2 }, ['mask', 'bias']),
      ),
      'shared keys and values': sample(qkv(1, 3, 3, 8, 4), call({ heads: 4, keyHeads: 2, causal: true })),
      'one key head for all': sample(qkv(2, 2, 2, 6, 2), call({ heads: 3, keyHeads: 1 })),
      'another scale': sample(qkv(1, 3, 3, 4), call({ heads: 2, scale: 1 })),
      'a sliding window': sample(qkv(1, 5, 5, 4), call({ ...causal, window: 2 })),
      'large numbers': sample(
        [
          values([1e2, -1e2, 0, 3], [1, 2, 2]),
          values([1e2, 1, -1e2, 2], [1, 2, 2]),
          values([1e4, -1e4, 0, 1], [1, 2, 2]),
        ],
        call({ heads: 1, causal: true }),
      ),
      many: sample(qkv(2, 9, 9, 12), call({ heads: 3, causal: true })),
      'a cache, one token': sample([...qkv(2, 1, 1, 4), ...buffers(2, 2, 4, 2, [0, 2])], cached({ heads: 2 })),
      'a cache, several tokens': sample([...qkv(2, 2, 2, 4), ...buffers(2, 2, 5, 2, [3, 1])], cached({ heads: 2 })),
      'a cache, shared keys': sample(
        [...qkv(1, 2, 2, 8, 4), ...buffers(1, 2, 4, 2, [1])],
        cached({ heads: 4, keyHeads: 2 }),
      ),
      'a cache, a sliding window': sample(
        [...qkv(2, 1, 1, 4), ...buffers(2, 2, 6, 2, [4, 5])],
        cached({ heads: 2, window: 3 }),
      ),
      'a cache, heads of eight': sample([...qkv(2, 1, 1, 16), ...buffers(2, 2, 4, 8, [3, 1])], cached({ heads: 2 })),
      'a cache, heads of eight, prefill': sample(
        [...qkv(2, 3, 3, 16), ...buffers(2, 2, 3, 8, 0)],
        cached({ heads: 2 }),
      ),
      'a cache, heads of eight, one row goes on': sample(
        [...qkv(1, 2, 2, 16), ...buffers(1, 2, 4, 8, [2])],
        cached({ heads: 2 }),
      ),
      'a cache, heads of eight, shared': sample(
        [...qkv(2, 1, 1, 32, 16), ...buffers(2, 2, 4, 8, [3, 1])],
        cached({ heads: 4, keyHeads: 2 }),
      ),
      'a cache, heads of eight, a window': sample(
        [...qkv(1, 1, 1, 16), ...buffers(1, 2, 6, 8, [5])],
        cached({ heads: 2, window: 3 }),
      ),
      'named axes': sample(qkv('b', 't', 't', 4), call(causal), { sizes }),
      'named axes, padding': sample([...qkv('b', 't', 't', 4), integers(0, 2)('b', 't')], call(causal, ['mask']), {
        ...unseen,
        sizes,
      }),
      'named axes, a cache': sample([...qkv('b', 't', 't', 4), ...buffers('b', 2, 's', 2, 1)], cached({ heads: 2 }), {
        sizes: [
          { b: 2, t: 3, s: 5 },
          { b: 1, t: 1, s: 2 },
          { b: 3, t: 2, s: 8 },
        ],
      }),
    },
    errors: {
      'another width of keys': refused(
        () => attend(x(1, 2, 4), x(1, 2, 6), x(1, 2, 6), { heads: 2 }),
        'attend([1, 2, 4], [1, 2, 6], [1, 2, 6])',
      ),
      'heads that do not divide': refused(
        () => attend(x(1, 2, 4), x(1, 2, 4), x(1, 2, 4), { heads: 3 }),
        'attend(',
        '3',
      ),
      'a mask for other keys': refused(
        () => attend(x(1, 2, 4), x(1, 3, 4), x(1, 3, 4), { heads: 2, mask: input('m', [1, 2], 'bool') }),
        'attend(',
        '3',
        '2',
      ),
    },
  },
}

/** Attention of whole sequences, no cache, padding or dropout: its derivative keeps the inputs and the result alone, not the weights. */
//   b batch · t queries · s keys · h heads · g key/value heads · r queries for each key head · d width of one head
import type { OnnxWriter } from '../graph/op.ts'
import type { Tensor } from '../graph/tensor.ts'
import { defineOp } from '../ops/define.ts'
import { arange, where } from '../ops/index.ts'
import { lowest } from './cache.ts'

export type HeadAttributes = {
  heads: number
  keyHeads: number
  causal: boolean
  scale: number
  window: number | undefined
}

/** [b, t, h·d] → [b, g, r·t, d]: the queries of all heads that share a key head lie together. */
export const queriesOf = (q: Tensor, { heads, keyHeads: g }: HeadAttributes): Tensor =>
  q.rearrange('b t (g r d) -> b g (r t) d', { g, r: heads / g })
/** [b, s, g·d] → [b, g, s, d]. */
export const keysOf = (k: Tensor, { keyHeads: g }: HeadAttributes): Tensor => k.rearrange('b s (g d) -> b g s d', { g })
/** The reverse of `queriesOf`. */
export const fromQueries = (x: Tensor, { heads, keyHeads }: HeadAttributes): Tensor =>
  x.rearrange('b g (r t) d -> b t (g r d)', { r: heads / keyHeads })
/** Weights [b, h, t, s] → [b, g, r·t, s], for products with keys and values. */
export const sharedWeights = (weights: Tensor, { heads, keyHeads: g }: HeadAttributes): Tensor =>
  weights.rearrange('b (g r) t s -> b g (r t) s', { g, r: heads / g })

/** softmax(QKᵀ·scale + bias) over the keys that each query is allowed to see: [b, h, t, s]. */
export function weightsOf(
  queries: Tensor,
  keys: Tensor,
  { heads, keyHeads, scale }: HeadAttributes,
  allowed: Tensor | undefined,
  bias?: Tensor,
): Tensor {
  const products = queries.matmul(keys, { transB: true, alpha: scale })
  let scores = products.rearrange('b g (r t) s -> b (g r) t s', { r: heads / keyHeads })
  if (bias) scores = scores.add(bias)
  if (allowed) scores = scores.add(where(allowed, 0, lowest))
  return scores.softmax()
}

/** Which of `keys` steps each of `queries` steps may see; undefined where all may see all. `starts` [b]: steps before the first query. */
export function visible(
  queries: Tensor['shape'][number],
  keys: Tensor['shape'][number],
  { causal, window }: HeadAttributes,
  starts?: Tensor,
): Tensor | undefined {
  if (!causal && !starts && window === undefined) return undefined
  const column = arange(queries).unsqueeze(1)
  const query = starts ? starts.reshape([-1, 1, 1, 1]).add(column) : column
  const key = arange(keys)
  const past = key.lessEqual(query)
  return window === undefined ? past : past.and(key.greater(query.sub(window)))
}

const plainWeights = (q: Tensor, k: Tensor, a: HeadAttributes): Tensor =>
  weightsOf(queriesOf(q, a), keysOf(k, a), a, visible(q.shape[1]!, k.shape[1]!, a))

/** Tokens from which on the weights are computed again rather than kept: GPT-2 124M with 1024 takes 3.7 instead of 4.2 GB, and 5 % longer. */
const longEnough = 512

export const plainAttentionOp = defineOp<HeadAttributes>({
  name: 'plainAttention',
  body: ([q, k, v], a) => {
    const weights = plainWeights(q!, k!, a).tap('weights')
    return fromQueries(sharedWeights(weights, a).matmul(keysOf(v!, a)), a)
  },
  // With P the weights and D = Σ dY·Y over a head (which is Σ dP·P): dV = PᵀdY, dS = P·(dYVᵀ − D), dQ = dS·K·scale, dK = dSᵀ·Q·scale
  // (Dao et al. 2022, appendix B.2).
  vjp: ([dy], [q, k, v], [y], a) => {
    const p = sharedWeights(plainWeights(q!, k!, a), a)
    const [queries, keys, values, dMixed] = [queriesOf(q!, a), keysOf(k!, a), keysOf(v!, a), queriesOf(dy!, a)]
    const along = dy!.mul(y!).rearrange('b t (g r d) -> b t g r d', { g: a.keyHeads, r: a.heads / a.keyHeads })
    const total = along.sum(-1).rearrange('b t g r -> b g (r t) 1')
    const dScores = p.mul(dMixed.matmul(values, { transB: true }).sub(total))
    const fromKeys = (x: Tensor) => x.rearrange('b g s d -> b s (g d)')
    return [
      fromQueries(dScores.matmul(keys, { alpha: a.scale }), a),
      fromKeys(dScores.matmul(queries, { transA: true, alpha: a.scale })),
      fromKeys(p.matmul(dMixed, { transA: true })),
    ]
  },
  onnx: (onnx, [q, k, v], { inputs, attributes: a }) => {
    const [b, t, width] = inputs[0]!.shape
    const isLong = typeof t === 'number' && t >= longEnough && t === inputs[1]!.shape[1] && typeof b === 'number'
    if (!onnx.capabilities.contrib || !a.causal || !isLong || (Number(width) / a.heads) % 8 !== 0) return undefined
    const last = onnx.constant('int32', [b], new Int32Array(b).fill(t - 1))
    return groupQueryAttention(onnx, [q!, k!, v!, '', '', last, onnx.scalar('int32', t)], a)[0]!
  },
})

/** ORT's kernel: queries, keys, values, past keys and values, each row's last position, the longest row's length. */
export const groupQueryAttention = (onnx: OnnxWriter, inputs: string[], a: HeadAttributes): string[] =>
  onnx.nodes(
    'GroupQueryAttention',
    inputs,
    3,
    { num_heads: a.heads, kv_num_heads: a.keyHeads, scale: { float: a.scale }, local_window_size: a.window ?? -1 },
    { domain: 'com.microsoft' },
  )

/** Attention, shared by every transformer here: softmax(QKᵀ/√d + mask)·V, with an optional cache of keys and values. */
//   b batch · t queries · s keys · h heads · g key/value heads · d width of one head
import { staticShape } from '../graph/axis.ts'
import type { OnnxWriter, Op } from '../graph/op.ts'
import { apply, apply1, inCall, shapeProblem, type Tensor } from '../graph/tensor.ts'
import { defineOp } from '../ops/define.ts'
import { concat, writeRows } from '../ops/index.ts'
import type { LayerCache } from './cache.ts'
import {
  fromQueries,
  groupQueryAttention,
  type HeadAttributes,
  keysOf,
  plainAttentionOp,
  queriesOf,
  sharedWeights,
  visible,
  weightsOf,
} from './plain-attention.ts'

type Attributes = HeadAttributes & {
  dropout: number
  /** Which of the optional inputs follow q, k, v, in this order. */
  optional: readonly string[]
}

export type AttendOptions = {
  heads: number
  /** Heads of keys and values, each shared by heads/keyHeads query heads (Ainslie et al. 2023); as many as heads unless said. */
  keyHeads?: number
  /** A query sees itself and what came before it. */
  causal?: boolean
  /** Key padding, int32 or bool [b, s]: 0 where a key must not be attended to. */
  mask?: Tensor | undefined
  /** Added to the scores, broadcast to [b, h, t, s]. */
  bias?: Tensor | undefined
  /** What the scores are multiplied by; 1/√d unless said. */
  scale?: number
  /** A query sees only the last `window` positions, its own included. */
  window?: number | undefined
  /** Dropout rate of the attention weights, in training. */
  dropout?: number
  cache?: LayerCache | undefined
}

/** The written-out form. */
function attention(inputs: readonly Tensor[], a: Attributes): Tensor[] {
  const [q, k, v] = inputs as [Tensor, Tensor, Tensor]
  if (a.optional.length === 0 && a.dropout === 0) {
    const { heads, keyHeads, causal, scale, window } = a
    return [apply1(plainAttentionOp, [q, k, v], { heads, keyHeads, causal, scale, window })]
  }
  const { mask, bias, pastKeys, pastValues, starts } = optionalInputs(inputs, a)
  let [keys, values] = [keysOf(k, a), keysOf(v, a)]
  if (pastKeys && pastValues && starts) {
    keys = writeRows(pastKeys, keys, starts)
    values = writeRows(pastValues, values, starts)
  }
  const ordered = visible(q.shape[1]!, keys.shape[2]!, a, starts)
  const unpadded = mask && (mask.dtype === 'bool' ? mask : mask.equal(0).not()).unsqueeze(1, 1)
  const allowed = unpadded && ordered ? unpadded.and(ordered) : (unpadded ?? ordered)
  const weights = weightsOf(queriesOf(q, a), keys, a, allowed, bias).tap('weights').dropout(a.dropout)
  const y = fromQueries(sharedWeights(weights, a).matmul(values), a)
  return pastKeys ? [y, keys, values] : [y]
}

const optionalInputs = (inputs: readonly Tensor[], { optional }: Attributes): { [name: string]: Tensor | undefined } =>
  Object.fromEntries(optional.map((name, i) => [name, inputs[3 + i]]))

export const attendOp: Op<Attributes> = defineOp<Attributes>({
  name: 'attend',
  body: attention,
  atInference: (inputs, attributes) => apply(attendOp, inputs, { ...attributes, dropout: 0 }),
  onnx: (onnx, names, node) => {
    const a = node.attributes
    const width = node.inputs[0]!.shape[2]
    const given = a.optional.join()
    // ORT's kernel wants heads of a multiple of 8, and knows neither padding nor biases here.
    if (!onnx.capabilities.contrib || given !== 'pastKeys,pastValues,starts' || !a.causal || a.dropout > 0)
      return undefined
    if (typeof width !== 'number' || (width / a.heads) % 8 !== 0) return undefined
    return cachedAttention(onnx, names, node.inputs[0]!, a)
  },
})

/**
 * ORT's GroupQueryAttention: appends to the fixed buffers in place when past and present are one array. In another array it writes zeros
 * beyond what is filled.
 */
function cachedAttention(
  onnx: OnnxWriter,
  [q, k, v, pastKeys, pastValues, starts]: string[],
  query: Tensor,
  a: Attributes,
): string[] {
  const tokens = onnx.node('Cast', [onnx.shape([query.shape[1]!])], { to: 'int32' })
  const last = onnx.node('Sub', [onnx.node('Add', [starts!, tokens]), onnx.scalar('int32', 1)])
  const total = onnx.node('Add', [onnx.node('ReduceMax', [starts!], { keepdims: 0 }), onnx.node('Squeeze', [tokens])])
  return groupQueryAttention(onnx, [q!, k!, v!, pastKeys!, pastValues!, last, total], a)
}

/** The queries' width; throws unless heads divide the widths and queries and keys have heads of one width. */
function checkedWidth(q: Tensor, k: Tensor, v: Tensor, heads: number, keyHeads: number): number {
  for (const x of [q, k, v])
    if (x.rank !== 3) shapeProblem(`expected queries, keys and values of 3 axes, got ${x.rank}`)
  const [width, ...others] = staticShape(
    [q, k, v].map((x) => x.shape[2]!),
    'attend',
  ) as [number, number, number]
  if (width % heads !== 0) shapeProblem(`axis 2 has ${width} elements, which ${heads} heads cannot share`)
  if (heads % keyHeads !== 0) shapeProblem(`${keyHeads} heads of keys cannot be shared by ${heads} heads of queries`)
  for (const other of others)
    if (other !== (width / heads) * keyHeads)
      shapeProblem(`axis 2 of keys and values has ${other} elements, expected ${keyHeads} heads of ${width / heads}`)
  return width
}

/**
 * Scaled dot-product attention (Vaswani et al. 2017, §3.2) of every head at once: q [b, t, h·d], k and v [b, s, g·d] → [b, t, h·d].
 * A masked key gets the lowest float, so a query that may see nothing sees everything equally. With a cache, keys and values are
 * first written into its buffers at each row's length, and queries see those.
 */
export function attend(q: Tensor, k: Tensor, v: Tensor, options: AttendOptions): Tensor {
  const { heads, keyHeads = heads, causal = false, window, dropout = 0, cache, mask, bias } = options
  if (cache?.oneByOne) return oneByOne(q, k, v, options, cache)
  const width = inCall('attend', [q, k, v], () => checkedWidth(q, k, v, heads, keyHeads))
  const optional: [string, Tensor | undefined][] = [
    ['mask', mask],
    ['bias', bias],
    ['pastKeys', cache?.keys],
    ['pastValues', cache?.values],
    ['starts', cache?.starts],
  ]
  const given = optional.filter((entry): entry is [string, Tensor] => entry[1] !== undefined)
  const attributes = {
    heads,
    keyHeads,
    causal,
    scale: options.scale ?? 1 / Math.sqrt(width / heads),
    window,
    dropout,
    optional: given.map(([name]) => name),
  }
  const [y, keys, values] = apply(attendOp, [q, k, v, ...given.map(([, x]) => x)], attributes)
  cache?.update(keys!, values!)
  return y!
}

/** Each token's attention after the writes of those before it; all tokens must be queries that have keys here. */
function oneByOne(q: Tensor, k: Tensor, v: Tensor, options: AttendOptions, cache: LayerCache): Tensor {
  if (options.bias) shapeProblem('attention that takes tokens one by one knows no bias')
  const [tokens] = staticShape([q.shape[1]!], 'attend one by one') as [number]
  const [queries, keys, values] = [q, k, v].map((x) => x.split(1, Array<number>(tokens).fill(1)))
  const mixed = queries!.map((query, i) => {
    const seen = cache.after(i)
    const y = attend(query, keys![i]!, values![i]!, { ...options, cache: seen })
    for (const update of seen.updates) cache.update(update.keys, update.values)
    return y
  })
  return concat(mixed, 1)
}

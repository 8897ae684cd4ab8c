/** Where the heads of a transformer look: their attention weights over a text. */
import { usageError } from '../base/errors.ts'
import type { NdArray } from '../tensor/array.ts'
import { finite, type Inspectable, idsOf, type Reading } from './reading.ts'

/** A head by its layer and its place in it, both from 0 as in the paths of parameters. */
export type Head = { readonly layer: number; readonly head: number }

/** The attention of one head: row q says how query q shares its attention among the keys, and sums to 1. */
export type AttentionMap = Head & {
  /** float32 [query, key]. */
  readonly weights: NdArray
}

const range = (count: number) => (count === 1 ? '0' : `0 to ${count - 1}`)

/** The paths of every layer's weights. Throws NO_ATTENTION. */
function pathsOf({ checkpoint: { format, config } }: Inspectable): readonly string[] {
  const paths = format.definition.attentions(config)
  if (paths.length === 0) throw usageError('NO_ATTENTION', `${format.definition.type} has no attention to look at.`)
  return paths
}

/** Attention weights [batch, heads, query, key] of some layers. */
async function weightsOf(model: Inspectable, ids: number[], layers: readonly number[]): Promise<Map<number, NdArray>> {
  const paths = pathsOf(model)
  const wanted = [...new Set(layers)].sort((a, b) => a - b)
  const { captured } = await model.run({ input_ids: [ids] }, { capture: wanted.map((layer) => paths[layer]!) })
  return new Map(wanted.map((layer) => [layer, captured[paths[layer]!]!]))
}

/** One head of weights [1, heads, query, key]. */
function headOf(weights: NdArray, { layer, head }: Head): AttentionMap {
  const [, , queries, keys] = weights.shape as [number, number, number, number]
  const size = queries * keys
  const data = finite(weights, 'attention weights').slice(head * size, (head + 1) * size)
  return { layer, head, weights: { dtype: 'float32', shape: [queries, keys], data } }
}

/**
 * The attention maps of some heads over a text, in the order asked for: what `run` gives as `attentions`, head by head.
 * Throws BAD_HEAD for a layer or head that the model lacks, NO_ATTENTION, NO_TOKENIZER, EMPTY_TEXT.
 */
export async function attentionMaps(
  model: Inspectable,
  text: Reading,
  heads: readonly Head[],
): Promise<AttentionMap[]> {
  const layers = pathsOf(model).length
  const refuse = ({ layer, head }: Head, has: string) =>
    usageError('BAD_HEAD', `There is no head ${layer}.${head}: this model has ${has} (layer.head).`)
  for (const asked of heads)
    if (!(Number.isInteger(asked.layer) && asked.layer >= 0 && asked.layer < layers))
      throw refuse(asked, `the layers ${range(layers)}`)
  const weights = await weightsOf(
    model,
    idsOf(model, text),
    heads.map(({ layer }) => layer),
  )
  return heads.map((asked) => {
    const ofLayer = weights.get(asked.layer)!
    const count = ofLayer.shape[1]!
    if (!(Number.isInteger(asked.head) && asked.head >= 0 && asked.head < count))
      throw refuse(asked, `the heads ${range(count)} in each of the layers ${range(layers)}`)
    return headOf(ofLayer, asked)
  })
}

/** Tokens that `tellingHead` looks at: all weights of all layers are held at once. */
const looked = 96

/**
 * The head that singles out earlier tokens most: the mean over the queries of its largest weight on a token other than the query
 * itself, the one before it, and the first one (where many heads rest when they have nothing to say).
 */
export async function tellingHead(model: Inspectable, text: Reading): Promise<Head> {
  const ids = idsOf(model, text).slice(0, looked)
  const layers = pathsOf(model).map((_, layer) => layer)
  const weights = await weightsOf(model, ids, layers)
  let best = { layer: 0, head: 0, score: -1 }
  for (const [layer, array] of weights) {
    const data = finite(array, 'attention weights')
    const [, heads, queries, keys] = array.shape as [number, number, number, number]
    for (let head = 0; head < heads; head++) {
      let score = 0
      for (let q = 0; q < queries; q++) {
        const row = data.subarray((head * queries + q) * keys, (head * queries + q + 1) * keys)
        score += row.reduce((most, w, k) => (k === 0 || k === q || k === q - 1 ? most : Math.max(most, w)), 0)
      }
      if (score > best.score) best = { layer, head, score }
    }
  }
  return { layer: best.layer, head: best.head }
}

/** Keys and values of the tokens read so far, in buffers of fixed length that a program updates. */
import type { Axis } from '../graph/axis.ts'
import type { Tensor } from '../graph/tensor.ts'
import { input } from '../ops/index.ts'

/** The lowest float32: added to a score, it leaves nothing of it. */
export const lowest = -3.4028234663852886e38

export type CacheShape = { layers: number; batch: Axis; keyHeads: number; slots: Axis; headWidth: number }

export type CacheOptions = {
  /** Attention takes the tokens of a call one after another, so that each gets the very numbers that it gets in a call of its own. */
  readonly oneByOne?: boolean
}

/** One layer's buffers [b, g, s, d]; `starts` [b] says how many slots each row has filled. */
export class LayerCache {
  readonly keys: Tensor
  readonly values: Tensor
  readonly starts: Tensor
  readonly oneByOne: boolean
  /** The buffers after each of attention's writes. */
  readonly updates: { readonly keys: Tensor; readonly values: Tensor }[] = []
  constructor(keys: Tensor, values: Tensor, starts: Tensor, { oneByOne = false }: CacheOptions = {}) {
    this.keys = keys
    this.values = values
    this.starts = starts
    this.oneByOne = oneByOne
  }
  update(keys: Tensor, values: Tensor): void {
    this.updates.push({ keys, values })
  }
  /** The buffers after the last write. */
  get updated(): { readonly keys: Tensor; readonly values: Tensor } | undefined {
    return this.updates.at(-1)
  }
  /** What the next token sees: the buffers as last written, `count` slots further. */
  after(count: number): LayerCache {
    const { keys, values } = this.updated ?? this
    return new LayerCache(keys, values, count === 0 ? this.starts : this.starts.add(count))
  }
}

/** The caches of all layers, as inputs `cache.<layer>.keys` and `.values` of a program, with outputs of the same names. */
export class Cache {
  readonly layers: readonly LayerCache[]
  readonly starts: Tensor
  constructor({ layers, batch, keyHeads, slots, headWidth }: CacheShape, options: CacheOptions = {}) {
    this.starts = input('cache.starts', [batch], 'int32')
    const buffer = (i: number, kind: string) => input(`cache.${i}.${kind}`, [batch, keyHeads, slots, headWidth])
    this.layers = Array.from(
      { length: layers },
      (_, i) => new LayerCache(buffer(i, 'keys'), buffer(i, 'values'), this.starts, options),
    )
  }
  layer(index: number): LayerCache {
    return this.layers[index]!
  }
  /** Program inputs by name. */
  inputs(): Record<string, Tensor> {
    const buffers = this.layers.flatMap(({ keys, values }, i) => [
      [`cache.${i}.keys`, keys],
      [`cache.${i}.values`, values],
    ])
    return { 'cache.starts': this.starts, ...Object.fromEntries(buffers) }
  }
  /**
   * Program outputs by name: the buffers that the traced call has updated, and with `oneByOne` under `cache.<layer>.keys.<write>` as
   * they are after each write but the last. All are to be the one array of the input: a write to another would be a copy of it.
   */
  outputs(): Record<string, Tensor> {
    const buffers = this.layers.flatMap(({ updates }, i) =>
      updates.flatMap(({ keys, values }, write) => {
        const suffix = write === updates.length - 1 ? '' : `.${write}`
        return [[`cache.${i}.keys${suffix}`, keys] as const, [`cache.${i}.values${suffix}`, values] as const]
      }),
    )
    return Object.fromEntries(buffers)
  }
}

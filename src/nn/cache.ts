/** Keys and values of the tokens read so far, in buffers of fixed length that a program updates. */
import type { Axis } from '../graph/axis.ts'
import type { Tensor } from '../graph/tensor.ts'
import { input } from '../ops/index.ts'

/** The lowest float32: added to a score, it leaves nothing of it. */
export const lowest = -3.4028234663852886e38

export type CacheShape = { layers: number; batch: Axis; keyHeads: number; slots: Axis; headWidth: number }

/** One layer's buffers [b, g, s, d]; `starts` [b] says how many slots each row has filled. */
export class LayerCache {
  readonly keys: Tensor
  readonly values: Tensor
  readonly starts: Tensor
  /** The buffers after this call, once attention has written to them. */
  updated: { keys: Tensor; values: Tensor } | undefined
  constructor(keys: Tensor, values: Tensor, starts: Tensor) {
    this.keys = keys
    this.values = values
    this.starts = starts
  }
  update(keys: Tensor, values: Tensor): void {
    this.updated = { keys, values }
  }
}

/** The caches of all layers, as inputs `cache.<layer>.keys` and `.values` of a program, with outputs of the same names. */
export class Cache {
  readonly layers: readonly LayerCache[]
  readonly starts: Tensor
  constructor({ layers, batch, keyHeads, slots, headWidth }: CacheShape) {
    this.starts = input('cache.starts', [batch], 'int32')
    const buffer = (i: number, kind: string) => input(`cache.${i}.${kind}`, [batch, keyHeads, slots, headWidth])
    this.layers = Array.from(
      { length: layers },
      (_, i) => new LayerCache(buffer(i, 'keys'), buffer(i, 'values'), this.starts),
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
  /** Program outputs by name: the buffers that the traced call has updated. */
  outputs(): Record<string, Tensor> {
    const buffers = this.layers.flatMap(({ updated }, i) =>
      updated ? [[`cache.${i}.keys`, updated.keys] as const, [`cache.${i}.values`, updated.values] as const] : [],
    )
    return Object.fromEntries(buffers)
  }
}

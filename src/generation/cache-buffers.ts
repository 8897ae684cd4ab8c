/** Keys and values of some rows: one buffer [rows, heads, slots, width] for the keys and one for the values of each layer. */
import { type NdArray, zeros } from '../tensor/array.ts'

/** By the names of the program's inputs. */
export type Buffers = Readonly<Record<string, NdArray>>

type Shape = {
  readonly layers: number
  readonly keyHeads: number
  readonly headWidth: number
  readonly rows: number
  readonly slots: number
}

export function openBuffers({ layers, keyHeads, headWidth, rows, slots }: Shape): Buffers {
  const buffer = () => zeros('float32', [rows, keyHeads, slots, headWidth])
  const names = Array.from({ length: layers }, (_, i) => [`cache.${i}.keys`, `cache.${i}.values`]).flat()
  return Object.fromEntries(names.map((name) => [name, buffer()]))
}

/** The buffers of rows [first, first + count), sharing memory. */
export function viewOf(buffers: Buffers, first: number, count: number): Buffers {
  const part = ({ dtype, shape, data }: NdArray): NdArray => {
    const size = data.length / shape[0]!
    return { dtype, shape: [count, ...shape.slice(1)], data: data.subarray(first * size, (first + count) * size) }
  }
  return Object.fromEntries(Object.entries(buffers).map(([name, array]) => [name, part(array)]))
}

type Place = { readonly buffers: Buffers; readonly row: number }

/** Where tokens [start, end) of a row lie: one stretch for each head. */
function* stretches({ shape, data }: NdArray, row: number, start: number, end: number) {
  const [, heads, slots, width] = shape as [number, number, number, number]
  for (let head = 0; head < heads; head++) {
    const at = (row * heads + head) * slots
    yield (data as Float32Array).subarray((at + start) * width, (at + end) * width)
  }
}

/** Copies tokens [start, end) of one row to the same places of another, maybe of other buffers with as many slots or more. */
export function copyTokens(from: Place, to: Place, start: number, end: number): void {
  if (end <= start) return
  for (const [name, source] of Object.entries(from.buffers)) {
    const targets = stretches(to.buffers[name]!, to.row, start, end)
    for (const stretch of stretches(source, from.row, start, end)) targets.next().value!.set(stretch)
  }
}

/** Exchanges the first `length` tokens of two rows. */
export function swapTokens(buffers: Buffers, a: number, b: number, length: number): void {
  if (a === b || length === 0) return
  for (const array of Object.values(buffers)) {
    const others = stretches(array, b, 0, length)
    for (const one of stretches(array, a, 0, length)) {
      const other = others.next().value!
      const kept = one.slice()
      one.set(other)
      other.set(kept)
    }
  }
}

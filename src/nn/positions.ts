/** Where a token stands, told in four ways: sinusoids, rotations, buckets of distance, slopes. */
//   n positions · b batch · t tokens · h heads · d width of one head
import { usageError } from '../base/errors.ts'
import type { Axis } from '../graph/axis.ts'
import type { Tensor } from '../graph/tensor.ts'
import { arange, concat, constant, stack, where } from '../ops/index.ts'

/**
 * Fixed sinusoids [n, width] (Vaswani et al. 2017, §3.5): sin and cos of position/10000^(2i/width). 'interleaved' as in the paper: sin at
 * even columns, cos at odd ones; 'halves' as in Marian: all sines, then all cosines.
 */
export function sinusoids(positions: number, width: number, layout: 'interleaved' | 'halves' = 'interleaved'): Tensor {
  const sines = Math.ceil(width / 2)
  const values = Array.from({ length: positions * width }, (_, at) => {
    const [position, column] = [Math.floor(at / width), at % width]
    const isCosine = layout === 'halves' ? column >= sines : column % 2 === 1
    const pair = layout === 'halves' ? column % sines : Math.floor(column / 2)
    const angle = position / 10000 ** ((2 * pair) / width)
    return isCosine ? Math.cos(angle) : Math.sin(angle)
  })
  return constant(values, [positions, width])
}

/** How the rotations are slowed for contexts longer than trained on. */
export type RotaryScaling =
  | { readonly type: 'linear'; readonly factor: number }
  /** Llama 3.1: slow rotations only, with a smooth passage between wavelengths of context/low and context/high. */
  | {
      readonly type: 'llama3'
      readonly factor: number
      readonly low: number
      readonly high: number
      readonly context: number
    }

export type RotaryOptions = { readonly theta?: number; readonly scaling?: RotaryScaling | undefined }

/** Radians per position of each pair: theta^(−2i/d), scaled. */
export function rotaryFrequencies(width: number, { theta = 10000, scaling }: RotaryOptions = {}): number[] {
  if (width % 2 !== 0) throw usageError('ROTARY_WIDTH', `Rotations need an even width of heads, got ${width}.`)
  const plain = Array.from({ length: width / 2 }, (_, i) => theta ** ((-2 * i) / width))
  if (!scaling) return plain
  const { factor } = scaling
  if (scaling.type === 'linear') return plain.map((f) => f / factor)
  const { low, high, context } = scaling
  return plain.map((f) => {
    const turns = (context * f) / (2 * Math.PI) // full turns within the context of training
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)))
    return (1 - kept) * (f / factor) + kept * f
  })
}

/** Cosines and sines of every pair's angle, with the shape of the positions and one axis more, of width/2. */
export type Rotation = { readonly cos: Tensor; readonly sin: Tensor }

/** The rotations at given positions (int32, any shape). Angles are float32: at position p they are right to about p·1e-7. */
export function rotation(positions: Tensor, width: number, options: RotaryOptions = {}): Rotation {
  const frequencies = constant(rotaryFrequencies(width, options), [width / 2])
  const angles = positions.cast('float32').unsqueeze(-1).mul(frequencies)
  return { cos: angles.cos(), sin: angles.sin() }
}

/**
 * Rotary positions (Su et al. 2021): each pair of x's last axis turned by its angle; the rotation broadcasts against x. Pairs are
 * 'halves' (i, i + d/2), as in Llama's published weights, or 'neighbors' (2i, 2i + 1), as in the paper and GPT-J.
 */
export function rotate(x: Tensor, { cos, sin }: Rotation, pairs: 'halves' | 'neighbors' = 'halves'): Tensor {
  const half = (x.shape.at(-1) as number) / 2
  const pairsLast = pairs === 'neighbors' ? x.reshape([...x.shape.slice(0, -1), half, 2]) : undefined
  const [a, b] = (pairsLast?.unstack(2, -1) ?? x.split(-1, [half, half])) as [Tensor, Tensor]
  const turned = [a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))]
  return pairsLast ? stack(turned, -1).reshape(x.shape) : concat(turned, -1)
}

export type BucketOptions = {
  readonly buckets?: number
  readonly maxDistance?: number
  /** Keys after the query have buckets of their own (encoders); else all of them share bucket 0 (decoders). */
  readonly bidirectional?: boolean
}

/**
 * T5's buckets of distance (Raffel et al. 2020, §2.1): `relative` = key position − query position (int32, any shape) → bucket (int32).
 * Half of the buckets are single distances, the rest grow with the logarithm up to `maxDistance`, and beyond it all is one.
 */
export function distanceBuckets(relative: Tensor, options: BucketOptions = {}): Tensor {
  const { buckets = 32, maxDistance = 128, bidirectional = true } = options
  const count = bidirectional ? buckets / 2 : buckets
  const exact = count / 2
  const table = Array.from({ length: maxDistance + 1 }, (_, distance) => {
    if (distance < exact) return distance
    // Distances at the very edge of a bucket belong to it, whatever rounding makes of the logarithms.
    const grown = (Math.log(distance / exact) / Math.log(maxDistance / exact)) * (count - exact) + 1e-9
    return Math.min(exact + Math.floor(grown), count - 1)
  })
  const distance = bidirectional ? relative.abs() : relative.neg().maximum(0)
  const bucket = constant(table, [table.length], 'int32').gather(distance.minimum(maxDistance))
  return bidirectional ? bucket.add(where(relative.greater(0), constant(count, [], 'int32'), 0)) : bucket
}

/** ALiBi's slope of every head (Press et al. 2022, §3): 2^(−8i/h); for h no power of two, every other slope of twice as many heads follows. */
export function alibiSlopes(heads: number): number[] {
  const power = 2 ** Math.floor(Math.log2(heads))
  const slopes = (count: number) => Array.from({ length: count }, (_, i) => 2 ** ((-8 * (i + 1)) / count))
  return [...slopes(power), ...slopes(2 * power).filter((_, i) => i % 2 === 0)].slice(0, heads)
}

/**
 * ALiBi's bias [h, 1, s] for causal attention: slope·key position. The paper's −slope·(query − key) differs by a number that is the same
 * for every key, which softmax does not see.
 */
export const alibiBias = (heads: number, keys: Axis): Tensor =>
  constant(alibiSlopes(heads), [heads, 1, 1]).mul(arange(keys, 'float32'))

/** What a sample of an op is: inputs described by their axes, and a call that uses the op. */
import { RandomStream, siteOf } from '../../src/base/random.ts'
import type { Axis } from '../../src/graph/axis.ts'
import { symbol } from '../../src/graph/axis.ts'
import type { Tensor } from '../../src/graph/tensor.ts'
import { fromNumbers, type NdArray, sizeOf } from '../../src/tensor/array.ts'
import type { DType } from '../../src/tensor/dtype.ts'

/** Lengths of the axes that are named. */
export type Sizes = { readonly [axis: string]: number }
type AxisSpec = number | string

/** One input: a name in place of a length makes the axis symbolic. `value` gives the elements. */
export type InputSpec = {
  readonly axes: readonly AxisSpec[]
  readonly dtype: DType
  readonly value: (random: RandomStream, position: number) => number
  /** Not differentiated, though its elements are floats. */
  readonly fixed?: true
}

export type Sample = {
  readonly inputs: readonly InputSpec[]
  readonly call: (...inputs: Tensor[]) => Tensor | readonly Tensor[]
  /** Sizes to try where axes are named; the first ones are the sample's own. */
  readonly sizes?: readonly Sizes[]
  /**
   * 'differences' (unless said): the derivative is checked against finite differences. Numbers: the derivative of the outputs' sum by
   * each input, for kinks, where it is a convention. 'runtimes': differences cannot see it (lost in rounding), runtimes must agree on it.
   * 'none': values only (overflow, integers by way of floats).
   */
  readonly derivative?: 'differences' | 'runtimes' | 'none' | readonly (readonly number[])[]
}

/** A call that must fail, and what its message must say. */
export type ErrorSample = { readonly call: () => unknown; readonly says: readonly string[] }

export type OpSamples = {
  readonly samples: Readonly<Record<string, Sample>>
  /** Where nothing can go wrong, the reason. */
  readonly errors: Readonly<Record<string, ErrorSample>> | string
  /** Why the derivative has no derivative. */
  readonly firstOrderOnly?: string
  /** Why there is no sample without elements. */
  readonly neverEmpty?: string
}

/** The elements of an input at the given sizes; a function of the sample's name, the input's place and the sizes alone. */
export function arrayOf({ axes, dtype, value }: InputSpec, sizes: Sizes, name: string): NdArray {
  const shape = axes.map((axis) => (typeof axis === 'number' ? axis : sizes[axis]!))
  const random = new RandomStream({ seed: 1, purpose: 'test', site: siteOf(`${name} ${shape}`) })
  const values = Array.from({ length: sizeOf(shape) }, (_, i) => value(random, i))
  return { dtype, shape, data: fromNumbers(dtype, values) }
}

/** The traced axes of an input: symbols for names, or the lengths that `sizes` gives them. */
export const axesOf = ({ axes }: InputSpec, sizes?: Sizes): Axis[] =>
  axes.map((axis) => (typeof axis === 'number' ? axis : sizes ? sizes[axis]! : symbol(axis)))

const spec =
  (dtype: DType, value: InputSpec['value']) =>
  (...axes: AxisSpec[]): InputSpec => ({ axes, dtype, value })

/** Numbers between −1.5 and 1.5. */
export const floats = spec('float32', (random) => 3 * random.uniform() - 1.5)
/** Numbers between 0.5 and 2. */
export const positive = spec('float32', (random) => 0.5 + 1.5 * random.uniform())
/** Numbers of both signs, at least 0.5 from 0. */
export const nonzero = spec('float32', (random) => (random.uniform() < 0.5 ? -1 : 1) * (0.5 + random.uniform()))
export const bools = spec('bool', (random) => random.integer(2))
/** Whole numbers from `low` up to but not `high`. */
export const integers = (low: number, high: number, dtype: DType = 'int32') =>
  spec(dtype, (random) => low + random.integer(high - low))

/** Given elements, in a row or in the shape said. */
export const values = (
  list: readonly number[],
  shape: readonly number[] = [list.length],
  dtype: DType = 'float32',
): InputSpec => ({
  axes: shape,
  dtype,
  value: (_, position) => list[position]!,
})

export const sample = (
  inputs: readonly InputSpec[],
  call: Sample['call'],
  more: Omit<Sample, 'inputs' | 'call'> = {},
): Sample => ({
  inputs,
  call,
  ...more,
})

/** A call on numbers that must be refused. Each of `says` must occur in the message. */
export const refused = (call: () => unknown, ...says: string[]): ErrorSample => ({ call, says })

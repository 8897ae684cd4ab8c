/** Samples of the element-wise functions of one tensor, and of the activations made of them. */

import { apply1, type Tensor } from '../../src/graph/tensor.ts'
import { geluGateOp, normalCdfOp } from '../../src/ops/activations.ts'
import { input } from '../../src/ops/index.ts'
import {
  bools,
  floats,
  type InputSpec,
  integers,
  nonzero,
  type OpSamples,
  positive,
  refused,
  sample,
  values,
} from '../op-suite/sample.ts'

type Fill = (...axes: (number | string)[]) => InputSpec

/** Every form that a function of single elements can be met in; `far` are the magnitudes up to which it is checked. */
const forms = (f: (x: Tensor) => Tensor, far: readonly number[], fill: Fill = floats): OpSamples['samples'] => ({
  'a matrix': sample([fill(2, 3)], f),
  'a scalar': sample([fill()], f),
  'one element': sample([fill(1, 1)], f),
  'no elements': sample([fill(0, 3)], f),
  'large numbers': sample([values(far)], f),
  'many numbers': sample([fill(11, 29)], f),
  'a transposed matrix': sample([fill(3, 4)], (x) => f(x.transpose())),
  'named axes': sample([fill('b', 't', 2)], f, {
    sizes: [
      { b: 2, t: 3 },
      { b: 1, t: 1 },
      { b: 3, t: 5 },
      { b: 0, t: 2 },
    ],
  }),
})

/** Functions of floats: integers and booleans are refused. */
const ofFloats = (
  name: string,
  f: (x: Tensor) => Tensor,
  far: readonly number[],
  { fill = floats, more = {} }: { fill?: Fill; more?: OpSamples['samples'] } = {},
): OpSamples => ({
  samples: { ...forms(f, far, fill), ...more },
  errors: {
    integers: refused(() => f(input('x', [2, 3], 'int32')), `${name}([2, 3])`, 'float32', 'int32'),
    booleans: refused(() => f(input('x', [2], 'bool')), 'bool'),
  },
})

const everywhere = [-1e4, -37.5, -4, 4, 37.5, 1e4]
const negative = [-1e4, -100, -20, -1]

/** Functions of any number. */
const ofNumbers = (name: string, f: (x: Tensor) => Tensor, more: OpSamples['samples']): OpSamples => ({
  samples: {
    ...forms(f, everywhere, nonzero),
    ...more,
    int32: sample([integers(-5, 6)(2, 3)], f),
    int64: sample([integers(-5, 6, 'int64')(4)], f),
  },
  errors: { booleans: refused(() => f(input('x', [2], 'bool')), `${name}([2])`, 'float32', 'bool') },
})

const cast = (dtype: Parameters<Tensor['cast']>[0]) => (x: Tensor) => x.cast(dtype)
const back = (dtype: Parameters<Tensor['cast']>[0]) => (x: Tensor) => x.cast(dtype).cast('float32')

export const unarySamples: Record<string, OpSamples> = {
  neg: ofNumbers('neg', (x) => x.neg(), {}),
  abs: ofNumbers('abs', (x) => x.abs(), { zero: sample([values([0])], (x) => x.abs(), { derivative: [[0]] }) }),
  exp: ofFloats('exp', (x) => x.exp(), negative, {
    more: { overflow: sample([values([1e4, 88])], (x) => x.exp(), { derivative: 'none' }) },
  }),
  log: ofFloats('log', (x) => x.log(), [1e4, 37.5, 1e-2], {
    fill: positive,
    more: { 'zero and below': sample([values([0, -1])], (x) => x.log(), { derivative: 'none' }) },
  }),
  sqrt: ofFloats('sqrt', (x) => x.sqrt(), [1e4, 37.5, 1], { fill: positive }),
  tanh: ofFloats('tanh', (x) => x.tanh(), everywhere),
  sigmoid: ofFloats('sigmoid', (x) => x.sigmoid(), everywhere),
  erf: ofFloats('erf', (x) => x.erf(), everywhere),
  sin: ofFloats('sin', (x) => x.sin(), everywhere),
  cos: ofFloats('cos', (x) => x.cos(), everywhere),
  reciprocal: ofFloats('reciprocal', (x) => x.reciprocal(), everywhere, { fill: nonzero }),
  relu: ofFloats('relu', (x) => x.relu(), everywhere, {
    fill: nonzero,
    more: { zero: sample([values([0])], (x) => x.relu(), { derivative: [[0]] }) },
  }),
  softplus: ofFloats('softplus', (x) => x.softplus(), everywhere),
  floor: ofFloats('floor', (x) => x.floor(), [-1e4 + 0.5, -0.25, 0.25, 1e4 + 0.5]),
  sign: ofFloats('sign', (x) => x.sign(), everywhere, {
    fill: nonzero,
    more: { zero: sample([values([0])], (x) => x.sign(), { derivative: [[0]] }) },
  }),
  not: {
    samples: {
      'a matrix': sample([bools(2, 3)], (x) => x.not()),
      'a scalar': sample([bools()], (x) => x.not()),
      'one element': sample([bools(1)], (x) => x.not()),
      'no elements': sample([bools(0, 2)], (x) => x.not()),
      many: sample([bools(201)], (x) => x.not()),
      twice: sample([bools(5)], (x) => x.not().not()),
      'named axes': sample([bools('b', 2)], (x) => x.not(), { sizes: [{ b: 3 }, { b: 1 }] }),
    },
    errors: { floats: refused(() => input('x', [2]).not(), 'not([2])', 'bool', 'float32') },
  },
  cast: {
    samples: {
      'floats truncate': sample([values([-2.7, -0.5, 0, 0.5, 2.7, 1e4])], cast('int32'), { derivative: 'none' }),
      'floats to int64': sample([floats(2, 3)], (x) => x.mul(10).cast('int64'), { derivative: 'none' }),
      'floats to booleans': sample([values([-2, 0, 0.25])], cast('bool'), { derivative: 'none' }),
      'floats to bytes': sample([values([0, 1.5, 255])], cast('uint8'), { derivative: 'none' }),
      'bytes to floats': sample([integers(0, 256, 'uint8')(2, 2)], cast('float32')),
      'integers to floats': sample([integers(-9, 9)(2, 3)], cast('float32')),
      'int32 to int64': sample([integers(-9, 9)(3)], cast('int64')),
      'int64 to int32': sample([integers(-9, 9, 'int64')(3)], cast('int32')),
      'booleans to floats': sample([bools(5)], cast('float32')),
      'booleans to integers': sample([bools(5)], cast('int32')),
      'by way of float64': sample([floats(2, 3)], back('float64')),
      'by way of float16': sample([values([0.1, 1, 65504, 1e-7])], back('float16'), { derivative: 'none' }),
      'by way of bfloat16': sample([values([0.1, 1, 1e4])], back('bfloat16'), { derivative: 'none' }),
      'no elements': sample([floats(2, 0)], cast('int32'), { derivative: 'none' }),
      'one element': sample([floats(1, 1)], back('float64')),
      'many numbers': sample([floats(17, 19)], back('float64')),
      'named axes': sample([floats('b', 2)], back('int32'), { derivative: 'none', sizes: [{ b: 2 }, { b: 1 }] }),
    },
    errors: 'any dtype can become any other',
  },
  normalCdf: ofFloats('normalCdf', (x) => apply1(normalCdfOp, [x]), everywhere),
  geluGate: ofFloats('geluGate', (x) => apply1(geluGateOp, [x]), everywhere),
  gelu: ofFloats('gelu', (x) => x.gelu(), everywhere),
  geluTanh: ofFloats('geluTanh', (x) => x.gelu('tanh'), everywhere),
  silu: ofFloats('silu', (x) => x.silu(), everywhere),
  quickGelu: ofFloats('quickGelu', (x) => x.quickGelu(), everywhere),
}

/** Samples of products with weights in few bits. The codes are constants, as in a model: engines pack them when a program is made. */
import { constant, input } from '../../src/ops/index.ts'
import { blocksIn, quantizedMatmul, type WeightBits } from '../../src/ops/quantized.ts'
import { floats, type InputSpec, type OpSamples, refused, type Sample, sample, values } from '../op-suite/sample.ts'

/** Codes of any value and scales of both signs. */
function matrix(rows: number, inner: number, bits: WeightBits) {
  const [blocks, bytes] = [blocksIn(inner), 4 * bits]
  const codes = Array.from({ length: rows * blocks * bytes }, (_, i) => (i * 37 + (i >> 3) * 11 + 5) % 256)
  const scales = Array.from({ length: rows * blocks }, (_, i) => (((i * 7) % 11) - 4) / 64)
  return {
    codes: constant(codes, [rows, blocks, bytes], 'uint8'),
    scales: constant(scales, [rows, blocks]),
    bits,
  }
}

const product = (x: InputSpec, rows: number, inner: number, bits: WeightBits, options = {}): Sample =>
  sample([x], (x) => quantizedMatmul(x, matrix(rows, inner, bits)), { derivative: 'none', ...options })

/** A call with inputs of these shapes. */
const shapes = (x: readonly number[], codes: readonly number[], scales: readonly number[]) => () =>
  quantizedMatmul(input('x', x), { codes: input('codes', codes, 'uint8'), scales: input('scales', scales), bits: 8 })

export const quantizedSamples: Record<string, OpSamples> = {
  quantizedMatmul: {
    samples: {
      '8 bits, one row': product(floats(1, 64), 5, 64, 8),
      '4 bits, one row': product(floats(1, 64), 5, 64, 4),
      '8 bits, many rows': product(floats(7, 96), 33, 96, 8),
      '4 bits, many rows': product(floats(7, 96), 33, 96, 4),
      '8 bits, a block that is not full': product(floats(3, 40), 4, 40, 8),
      '4 bits, a block that is not full': product(floats(3, 24), 4, 24, 4),
      'rows by name': product(floats('m', 64), 16, 64, 8, { sizes: [{ m: 2 }, { m: 1 }, { m: 5 }] }),
      zeros: product(values(new Array(32).fill(0), [1, 32]), 3, 32, 4),
      'large and small numbers': product(
        values(
          Array.from({ length: 64 }, (_, i) => (i < 32 ? 1e4 : 1e-4) * ((i % 5) - 2)),
          [1, 64],
        ),
        4,
        64,
        8,
      ),
      'one output': product(floats(4, 128), 1, 128, 4),
      'one number': product(floats(1, 1), 1, 1, 8),
    },
    errors: {
      'three axes': refused(shapes([2, 1, 32], [4, 1, 32], [4, 1]), 'quantizedMatmul([2, 1, 32]', 'expected rows'),
      'rows of another length': refused(shapes([2, 96], [4, 1, 32], [4, 1]), 'codes of [rows, 3, 32]', '[4, 1, 32]'),
      'codes of other bits': refused(shapes([2, 32], [4, 1, 16], [4, 1]), '[rows, 1, 32]', '[4, 1, 16]'),
      'scales of another matrix': refused(shapes([2, 32], [4, 1, 32], [5, 1]), 'scales of [4, 1]', '[5, 1]'),
      'codes that are no bytes': refused(
        () => quantizedMatmul(input('x', [1, 32]), { ...matrix(1, 32, 8), codes: input('codes', [1, 1, 32]) }),
        'uint8',
        'float32',
      ),
    },
    neverEmpty: 'a matrix of weights has rows, and engines refuse one without',
  },
}

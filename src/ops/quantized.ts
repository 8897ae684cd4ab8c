/** Products with matrices of weights that are kept in few bits. */
import { type Axis, axesEqual, elements, shapeText } from '../graph/axis.ts'
import type { Blocks, OnnxWriter } from '../graph/op.ts'
import { apply1, shapeProblem, type Tensor } from '../graph/tensor.ts'
import { Value } from '../tensor/value.ts'
import { defineOp, expectDtype } from './define.ts'

/** Bits of one weight. */
export type WeightBits = Blocks['bits']

/** Weights that share one scale: so many neighbors along the axis that is summed. */
export const blockLength = 32

export const blocksIn = (length: number): number => Math.ceil(length / blockLength)

type Attributes = { bits: WeightBits; inner: number }

/** The weight at a position of a block, as a whole number around 0. Of two 4-bit codes in a byte the lower bits come first. */
export function codeAt(codes: ArrayLike<number>, block: number, position: number, bits: WeightBits): number {
  if (bits === 8) return codes[block * blockLength + position]! - 128
  const pair = codes[(block * blockLength + position) >> 1]!
  return (position & 1 ? pair >> 4 : pair & 15) - 8
}

/** In place of 0 as the largest of a block of zeros. */
const tiny = 1e-37

/** Nearest whole number, of two equally near ones the even one: what processors do. */
const roundToEven = (x: number): number => {
  const nearest = Math.round(x)
  return nearest - x === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest
}

/** A row's numbers as whole numbers of 8 bits, a scale for each block; written into `out`. Returns the scales. */
function quantizeRow(x: Float64Array, start: number, inner: number, out: Int8Array): Float64Array {
  const scales = new Float64Array(blocksIn(inner))
  for (let b = 0; b < scales.length; b++) {
    const end = Math.min(inner, (b + 1) * blockLength)
    let largest = 0
    for (let i = b * blockLength; i < end; i++) largest = Math.max(largest, Math.abs(x[start + i]!))
    scales[b] = largest / 127
    for (let i = b * blockLength; i < end; i++)
      out[i] = largest === 0 ? 0 : roundToEven((x[start + i]! * 127) / largest)
  }
  return scales
}

/**
 * x [m, k] · Wᵀ → [m, n], where row j of W is `codes` [n, blocks, bytes] (uint8) times `scales` [n, blocks]. The products of a block are
 * sums of whole numbers: x, too, is taken as 8-bit numbers with a scale for each block of a row. For inference only; it has no
 * derivative.
 */
export const quantizedMatmulOp = defineOp<Attributes>({
  name: 'quantizedMatmul',
  shape: ([x, codes, scales], { bits, inner }) => {
    expectDtype(x!, 'float32', 'float64')
    expectDtype(codes!, 'uint8')
    if (x!.rank !== 2 || x!.shape[1] !== inner)
      shapeProblem(`expected rows of ${inner} numbers, got ${shapeText(x!.shape)}`)
    const rows = codes!.shape[0] as Axis
    const expected = [blocksIn(inner), (blockLength * bits) / 8]
    if (codes!.rank !== 3 || expected.some((length, i) => codes!.shape[i + 1] !== length))
      shapeProblem(`expected codes of [rows, ${expected.join(', ')}], got ${shapeText(codes!.shape)}`)
    if (scales!.rank !== 2 || !axesEqual(scales!.shape[0]!, rows) || scales!.shape[1] !== expected[0])
      shapeProblem(`expected scales of [${rows}, ${expected[0]}], got ${shapeText(scales!.shape)}`)
    return { shape: [x!.shape[0]!, rows], dtype: x!.dtype }
  },
  flops: (_, [y], { inner }) => [elements([2, inner, ...y!.shape])],
  vjp: 'none',
  evaluate: ([x, codes, scales], { bits, inner }, [out]) => {
    const y = new Value(out!.shape, out!.dtype)
    const [m, n] = out!.shape as [number, number]
    const blocks = blocksIn(inner)
    const row = new Int8Array(blocks * blockLength)
    for (let i = 0; i < m; i++) {
      const rowScales = quantizeRow(x!.data, i * inner, inner, row)
      for (let j = 0; j < n; j++)
        for (let b = 0; b < blocks; b++) {
          let sum = 0
          for (let p = 0; p < blockLength; p++)
            sum += row[b * blockLength + p]! * codeAt(codes!.data, j * blocks + b, p, bits)
          y.data[i * n + j]! += sum * rowScales[b]! * scales!.data[j * blocks + b]!
        }
    }
    return y
  },
  onnx: (onnx, [x, codes, scales], { inputs, attributes: { bits, inner } }) => {
    const rows = inputs[1]!.shape[0] as number
    const whole = onnx.capabilities.integerBlocks
    return onnx.node(
      'MatMulNBits',
      [whole ? x! : rounded(onnx, x!, inputs[0]!, inner), codes!, scales!],
      // Level 4 allows the kernel 8-bit numbers on the left, level 1 keeps floats.
      { K: inner, N: rows, bits, block_size: blockLength, accuracy_level: whole ? 4 : 1 },
      { domain: 'com.microsoft' },
    )
  },
})

/** For kernels that take floats: x as the 8-bit numbers that it would be, times their scales. */
function rounded(onnx: OnnxWriter, x: string, { shape: [m] }: Tensor, inner: number): string {
  const padded = blocksIn(inner) * blockLength
  const ends = onnx.constant('int64', [4], [0, 0, 0, padded - inner])
  const full = padded === inner ? x : onnx.node('Pad', [x, ends])
  const blocks = onnx.reshape(full, [m!, padded], [m!, blocksIn(inner), blockLength])
  const last = onnx.constant('int64', [1], [2])
  const largest = onnx.node('ReduceMax', [onnx.node('Abs', [blocks]), last])
  const scale = onnx.node('Div', [
    onnx.node('Max', [largest, onnx.scalar('float32', tiny)]),
    onnx.scalar('float32', 127),
  ])
  const values = onnx.node('Mul', [onnx.node('Round', [onnx.node('Div', [blocks, scale])]), scale])
  const y = onnx.reshape(values, [m!, blocksIn(inner), blockLength], [m!, padded])
  if (padded === inner) return y
  return onnx.node('Slice', [y, ...[0, inner, 1].map((at) => onnx.constant('int64', [1], [at]))])
}

/** See `quantizedMatmulOp`. */
export const quantizedMatmul = (x: Tensor, { codes, scales, bits }: Blocks): Tensor =>
  apply1(quantizedMatmulOp, [x, codes, scales], { bits, inner: x.shape[1] as number })

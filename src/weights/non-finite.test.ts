import { expect, test } from 'vitest'
import { fromNested, ndarray } from '../tensor/array.ts'
import { type HalfType, widen } from '../tensor/half.ts'
import { countNonFinite, findNonFinite } from './non-finite.ts'
import { parseSafetensors } from './safetensors.ts'
import { encodeSafetensors } from './safetensors-write.ts'

const odd = [1, Number.NaN, Number.POSITIVE_INFINITY, -0, Number.NEGATIVE_INFINITY, 3e38]

test('floats of every precision are counted', () => {
  expect(countNonFinite(fromNested(odd, 'float32'))).toBe(3)
  expect(countNonFinite(fromNested(odd, 'float64'))).toBe(3)
  expect(countNonFinite(fromNested([1, 2], 'int64'))).toBe(0)
  const all = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits)
  for (const type of ['float16', 'bfloat16'] satisfies HalfType[]) {
    const expected = widen(all, type).filter((value) => !Number.isFinite(value)).length
    expect(countNonFinite(ndarray(type, [1 << 16], all))).toBe(expected)
  }
})

test('the tensors that hold some are named', async () => {
  const tensors = new Map([
    ['good', fromNested([1, 2], 'float32')],
    ['bad', fromNested(odd, 'float32')],
    ['ids', fromNested([1], 'int64')],
  ])
  const found = await findNonFinite(parseSafetensors(encodeSafetensors(tensors)))
  expect([...found]).toEqual([['bad', 3]])
})

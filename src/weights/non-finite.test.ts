import { expect, test } from 'vitest'
import { nonfinite, usageError } from '../base/errors.ts'
import { normal } from '../nn/init.ts'
import { parameter } from '../ops/index.ts'
import { fromNested, ndarray } from '../tensor/array.ts'
import { type HalfType, widen } from '../tensor/half.ts'
import { countNonFinite, describeDamage, findNonFinite, withDamage } from './non-finite.ts'
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
    ['float32', fromNested(odd, 'float32')],
    ['ids', fromNested([1], 'int64')],
    // Finite as float64, but not as the float32 that models compute with.
    ['float64', fromNested([1e39], 'float64')],
  ])
  const { entries, read } = parseSafetensors(encodeSafetensors(tensors))
  const constants = new Map(
    [...entries].map(([name, { dtype, shape }]) => [
      name,
      { tensor: parameter(shape, normal(1)), source: { dtype: dtype!, read: () => read(name) } },
    ]),
  )
  const found = await findNonFinite(constants)
  expect([...found]).toEqual([
    ['float64', 1],
    ['float32', 3],
  ])
  expect([...(await findNonFinite(constants, { limit: 1 }))]).toEqual([['float64', 1]])
  expect(describeDamage(found)).toBe('4 values are NaN or infinite, in 2 of its tensors, first float64')
  const error = nonfinite('NONFINITE_LOGITS', 'No numbers.\nMore.')
  expect(await withDamage(error, constants)).toMatchObject({
    code: 'NONFINITE_LOGITS',
    message: 'No numbers.\nThe weight float64 holds 1 NaN or infinite: load an undamaged copy.',
  })
  const other = usageError('BAD_VALUE', 'Something else.')
  expect(await withDamage(other, constants)).toBe(other)
  expect(await withDamage(error, new Map())).toBe(error)
})

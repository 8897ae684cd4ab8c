/** Results on their way out of a page: JSON in which typed arrays are lists of numbers. */
import { fromNumbers } from '../../src/tensor/array.ts'
import type { DType } from '../../src/tensor/dtype.ts'

export const pack = (value: unknown): string =>
  JSON.stringify(value, (_, x) => (ArrayBuffer.isView(x) ? Array.from(x as Float32Array, Number) : x))

/** The value that was packed, arrays included. */
export const unpack = <T>(text: string): T =>
  JSON.parse(text, (_, x: { dtype?: DType; data?: number[] } | null) =>
    x?.dtype && x.data ? { ...x, data: fromNumbers(x.dtype, x.data) } : x,
  )

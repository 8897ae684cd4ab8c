/** Short printing of arrays for people: element type, shape, and the values at the edges of every axis. */
import { type NdArray, sizeOf } from './array.ts'
import { widen } from './half.ts'

export type PrintOptions = {
  /** Items shown at each end of an axis that is longer than twice this. */
  edge?: number
  /** Significant digits of floats. */
  digits?: number
}

/** `float32 [3, 4]`, the heading of a printed array. */
export const describeArray = ({ dtype, shape }: Pick<NdArray, 'dtype' | 'shape'>): string =>
  `${dtype} [${shape.join(', ')}]`

/** A function that prints element i. */
function elementPrinter({ dtype, data }: NdArray, digits: number): (i: number) => string {
  if (dtype === 'bool') return (i) => (data[i] ? 'true' : 'false')
  const float = (value: number) => (Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : String(value))
  if (dtype === 'float16' || dtype === 'bfloat16')
    return (i) => float(widen((data as Uint16Array).subarray(i, i + 1), dtype)[0]!)
  return (i) => {
    const value = data[i]!
    return dtype === 'float32' || dtype === 'float64' ? float(Number(value)) : String(value)
  }
}

/**
 * An array as text: its heading, then its values in nested brackets, `…` for what is left out. The length is bounded for any
 * number of elements, though it grows with the rank.
 */
export function formatArray(array: NdArray, { edge = 3, digits = 4 }: PrintOptions = {}): string {
  const { shape } = array
  const print = elementPrinter(array, digits)
  const shown = shape.map((length) =>
    length <= 2 * edge
      ? Array.from({ length }, (_, i) => i)
      : [
          ...Array.from({ length: edge }, (_, i) => i),
          -1,
          ...Array.from({ length: edge }, (_, i) => length - edge + i),
        ],
  )
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))

  const cells = new Map<number, string>()
  const collect = (axis: number, offset: number): void => {
    if (axis === shape.length) cells.set(offset, print(offset))
    else for (const i of shown[axis]!) if (i >= 0) collect(axis + 1, offset + i * strides[axis]!)
  }
  collect(0, 0)
  const width = Math.max(0, ...Array.from(cells.values(), (cell) => cell.length))

  const render = (axis: number, offset: number): string => {
    if (axis === shape.length) return cells.get(offset)!.padStart(shape.length ? width : 0)
    const items = shown[axis]!.map((i) => (i < 0 ? '…' : render(axis + 1, offset + i * strides[axis]!)))
    const last = axis === shape.length - 1
    const separator = last ? ', ' : `,\n${' '.repeat(axis + 1)}`
    return `[${items.join(separator)}]`
  }
  return `${describeArray(array)}\n${render(0, 0)}`
}

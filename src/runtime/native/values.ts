/** ONNX Runtime tensors over typed arrays: no copy in either direction, one per (array, dtype, shape), reused for ever. */
import { failure } from '../../base/errors.ts'
import { type NdArray, sizeOf } from '../../tensor/array.ts'
import type { DType, TypedArray } from '../../tensor/dtype.ts'
import { created, nativeApi } from './api.ts'
import { environment } from './environment.ts'
import { nativeLibrary } from './library.ts'

/** Element type codes of the C header (ONNXTensorElementDataType), the same as in ONNX files. */
const elementTypes: Record<DType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
}

/**
 * Where an array's numbers are. V8 keeps arrays of up to 64 bytes in its own heap and may move them; asking for `.buffer` puts
 * them outside, for good.
 */
export function addressOf(array: TypedArray | BigUint64Array): bigint {
  array.buffer // pins
  return nativeLibrary().koffi.address(array)
}

/** What an empty tensor points to: ONNX Runtime refuses a null pointer even for no elements. */
let nowhere: Uint8Array | undefined

function createValue({ dtype, shape, data }: NdArray): bigint {
  if (data.length !== sizeOf(shape))
    throw failure('SHAPE_MISMATCH', `An array of ${data.length} values was passed for the shape [${shape}]`)
  const address = addressOf(data.length > 0 ? data : (nowhere ??= new Uint8Array(8)))
  const axes = BigInt64Array.from(shape, BigInt)
  const { api, memory } = environment()
  return created((out) =>
    api.CreateTensorWithDataAsOrtValue(memory, address, data.byteLength, axes, shape.length, elementTypes[dtype], out),
  )
}

type Values = Map<string, bigint>
const cache = new WeakMap<TypedArray, Values>()
/** Releases the tensors of arrays that are gone. Runs and bindings hold their arrays, so none of these is in use. */
const registry = new FinalizationRegistry<Values>((values) => {
  for (const value of values.values()) nativeApi().ReleaseValue(value)
})

/**
 * The tensor over an array. Throws SHAPE_MISMATCH if the shape does not fit the array, also when its buffer has been detached
 * (transferred to another thread, or a WebAssembly memory that grew).
 */
export function tensorOf(array: NdArray): bigint {
  let values = cache.get(array.data)
  if (!values) {
    values = new Map()
    cache.set(array.data, values)
    registry.register(array.data, values)
  }
  const key = `${array.dtype} ${array.shape}`
  let value = values.get(key)
  if (value === undefined) {
    value = createValue(array)
    values.set(key, value)
  }
  return value
}

/** Arrays as the engine's tensors and back; both share the array's memory. */
import { Tensor } from '#onnxruntime-web'
import type { NdArray } from '../../tensor/array.ts'
import { arrayOf, type DType } from '../../tensor/dtype.ts'

/** Element types of inputs and outputs. */
type FedType = Exclude<DType, 'bfloat16'>

/** Throws if the array does not fill its shape. */
export const tensorOf = ({ dtype, shape, data }: NdArray): Tensor => new Tensor(dtype as FedType, data as never, shape)

export function arrayOfTensor(tensor: Tensor): NdArray {
  const dtype = tensor.type as FedType
  const { buffer, byteOffset, length } = tensor.data as Float32Array
  return { dtype, shape: tensor.dims, data: new arrayOf[dtype](buffer, byteOffset, length) }
}

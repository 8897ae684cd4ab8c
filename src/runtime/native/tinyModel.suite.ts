/** Builds small ONNX models from messages, for the tests of this folder. */
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  ModelProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from '../../onnx/onnx_pb.ts'
import { sizeOf } from '../../tensor/array.ts'
import type { DType } from '../../tensor/dtype.ts'

const onnxType: Partial<Record<DType, number>> = {
  float32: TensorProto_DataType.FLOAT,
  float64: TensorProto_DataType.DOUBLE,
  int64: TensorProto_DataType.INT64,
  int32: TensorProto_DataType.INT32,
}

type Axis = number | string
/** "name": [axes], of float32 unless a dtype comes first. */
export type Signature = { readonly [name: string]: readonly Axis[] | readonly [DType, ...Axis[]] }

const isDType = (item: unknown): item is DType => typeof item === 'string' && item in onnxType

function valueInfo([name, type]: [string, readonly (Axis | DType)[]]): MessageInitShape<typeof ValueInfoProtoSchema> {
  const [first, ...rest] = type
  const dtype = isDType(first) ? first : 'float32'
  const dim = (isDType(first) ? rest : type).map((axis) =>
    typeof axis === 'number'
      ? ({ value: { case: 'dimValue', value: BigInt(axis) } } as const)
      : ({ value: { case: 'dimParam', value: axis } } as const),
  )
  return { name, type: { value: { case: 'tensorType', value: { elemType: onnxType[dtype]!, shape: { dim } } } } }
}

/** Numbers become INT, strings STRING attributes; { float } is a FLOAT. */
type TinyAttributes = { readonly [name: string]: number | { readonly float: number } }

const attribute = ([name, value]: [string, TinyAttributes[string]]): MessageInitShape<typeof AttributeProtoSchema> =>
  typeof value === 'number'
    ? { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) }
    : { name, type: AttributeProto_AttributeType.FLOAT, f: value.float }

export type TinyNode = {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly name?: string
  readonly domain?: string
  readonly attributes?: TinyAttributes
}

/** An initializer: float32 values, the place of such in a file, or integers (int64). */
export type TinyWeight = { readonly shape: readonly number[] } & (
  | { readonly values: Float32Array }
  | { readonly file: { readonly name: string; readonly offset: number } }
  | { readonly integers: readonly number[] }
)

function initializer([name, weight]: [string, TinyWeight]): MessageInitShape<typeof TensorProtoSchema> {
  const dims = weight.shape.map(BigInt)
  if ('integers' in weight)
    return { name, dims, dataType: TensorProto_DataType.INT64, int64Data: weight.integers.map(BigInt) }
  const head = { name, dims, dataType: TensorProto_DataType.FLOAT }
  if ('values' in weight) {
    const { buffer, byteOffset, byteLength } = weight.values
    return { ...head, rawData: new Uint8Array(buffer, byteOffset, byteLength) }
  }
  const place = { location: weight.file.name, offset: weight.file.offset, length: 4 * sizeOf(weight.shape) }
  return {
    ...head,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries(place).map(([key, value]) => ({ key, value: String(value) })),
  }
}

/** The serialized model of the given nodes. */
export function tinyModel(
  inputs: Signature,
  outputs: Signature,
  nodes: readonly TinyNode[],
  weights: { readonly [name: string]: TinyWeight } = {},
): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    producerName: 'test',
    opsetImport: [
      { domain: '', version: 21n },
      { domain: 'com.microsoft', version: 1n },
    ],
    graph: {
      name: 'tiny',
      node: nodes.map((node) => ({
        opType: node.op,
        name: node.name ?? '',
        domain: node.domain ?? '',
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: Object.entries(node.attributes ?? {}).map(attribute),
      })),
      input: Object.entries(inputs).map(valueInfo),
      output: Object.entries(outputs).map(valueInfo),
      initializer: Object.entries(weights).map(initializer),
    },
  })
  return toBinary(ModelProtoSchema, model)
}

/** Writes an ONNX graph node by node; equal nodes are written once. */
import { create } from '@bufbuild/protobuf'
import { failure } from '../base/errors.ts'
import type { Axis, Shape } from '../graph/axis.ts'
import { axesEqual, SymbolicAxis } from '../graph/axis.ts'
import type { Capabilities, InnerGraph, OnnxAttribute, OnnxSubgraph, OnnxWriter } from '../graph/op.ts'
import type { Node } from '../graph/tensor.ts'
import { fromNumbers } from '../tensor/array.ts'
import type { DType } from '../tensor/dtype.ts'
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from './onnx_pb.ts'

export const dataType: Record<DType, number> = {
  float32: DataType.FLOAT,
  float64: DataType.DOUBLE,
  float16: DataType.FLOAT16,
  bfloat16: DataType.BFLOAT16,
  int64: DataType.INT64,
  int32: DataType.INT32,
  int16: DataType.INT16,
  int8: DataType.INT8,
  uint8: DataType.UINT8,
  bool: DataType.BOOL,
}
const isDType = (text: string): text is DType => text in dataType

function attributeProto(name: string, value: OnnxAttribute): AttributeProto {
  const make = (type: number, fields: Partial<AttributeProto>) =>
    create(AttributeProtoSchema, { name, type: type as AttributeProto['type'], ...fields } as never)
  if (typeof value === 'number' || typeof value === 'bigint') return make(AttributeType.INT, { i: BigInt(value) })
  if (typeof value === 'string')
    return isDType(value)
      ? make(AttributeType.INT, { i: BigInt(dataType[value]) })
      : make(AttributeType.STRING, { s: new TextEncoder().encode(value) as never })
  if ('float' in value) return make(AttributeType.FLOAT, { f: value.float })
  if ('floats' in value) return make(AttributeType.FLOATS, { floats: [...value.floats] })
  if ('graph' in value) return make(AttributeType.GRAPH, { g: value.graph.proto as GraphProto })
  return make(AttributeType.INTS, { ints: value.map(BigInt) })
}

const keyOf = (value: OnnxAttribute): string =>
  typeof value === 'object' && 'graph' in value
    ? `graph${graphKeys++}`
    : JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `${v}n` : v))
let graphKeys = 0

export class GraphWriter implements OnnxWriter {
  readonly nodeProtos: NodeProto[] = []
  readonly initializers: TensorProto[] = []
  readonly capabilities: Capabilities
  /** The module path for names of nodes, which errors show. */
  scope = ''
  /** The graph's node that is being written, and for each ONNX node by name the one that it was first written for. */
  origin: Node | undefined
  readonly origins = new Map<string, Node>()
  readonly #memo = new Map<string, string[]>()
  /** Names of weights and constants. */
  readonly constants = new Set<string>()
  readonly #symbols: ReadonlyMap<string, { input: string; axis: number; coefficient: number }>
  readonly #lowerSubgraph: OnnxWriter['subgraph']
  readonly #prefix: string
  #count = 0

  constructor(
    capabilities: Capabilities,
    symbols: ReadonlyMap<string, { input: string; axis: number; coefficient: number }>,
    lowerSubgraph: OnnxWriter['subgraph'],
    prefix = '',
  ) {
    this.capabilities = capabilities
    this.#symbols = symbols
    this.#lowerSubgraph = lowerSubgraph
    this.#prefix = prefix
  }

  node(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, OnnxAttribute> = {},
    options: { domain?: string } = {},
  ): string {
    return this.nodes(type, inputs, 1, attributes, options)[0]!
  }

  nodes(
    type: string,
    inputs: readonly string[],
    outputs: number,
    attributes: Record<string, OnnxAttribute> = {},
    { domain = '' }: { domain?: string } = {},
  ): string[] {
    const entries = Object.entries(attributes)
    const key = [domain, type, outputs, ...inputs, ...entries.map(([name, value]) => `${name}=${keyOf(value)}`)].join(
      '\n',
    )
    const known = this.#memo.get(key)
    if (known) return known
    const name = this.unique(`${this.scope ? `${this.scope}/` : ''}${type}`)
    const output = Array.from({ length: outputs }, (_, i) => (outputs === 1 ? name : `${name}:${i}`))
    this.nodeProtos.push(
      create(NodeProtoSchema, {
        name,
        opType: type,
        domain,
        input: [...inputs],
        output,
        attribute: entries.map(([attribute, value]) => attributeProto(attribute, value)),
      }),
    )
    if (this.origin) this.origins.set(name, this.origin)
    this.#memo.set(key, output)
    return output
  }

  /** A name not used yet. */
  unique(stem: string): string {
    return `${this.#prefix}${stem}_${this.#count++}`
  }

  constant(dtype: DType, shape: readonly number[], values: ArrayLike<number>): string {
    const data = fromNumbers(dtype, values)
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    const small = raw.length <= 4096
    const key = small ? `constant\n${dtype}\n${shape}\n${raw.join()}` : ''
    const known = small ? this.#memo.get(key) : undefined
    if (known) return known[0]!
    const name = this.unique('constant')
    this.initializer(
      name,
      create(TensorProtoSchema, { name, dataType: dataType[dtype], dims: shape.map(BigInt), rawData: raw as never }),
    )
    if (small) this.#memo.set(key, [name])
    return name
  }

  scalar(dtype: DType, value: number): string {
    return this.constant(dtype, [], [value])
  }

  initializer(name: string, proto: TensorProto): void {
    this.initializers.push(proto)
    this.constants.add(name)
  }

  isConstant(name: string): boolean {
    return this.constants.has(name)
  }

  shape(shape: Shape): string {
    if (shape.every((axis) => typeof axis === 'number')) return this.constant('int64', [shape.length], shape)
    const parts = shape.map((axis) => this.#length(axis))
    return parts.length === 1 ? parts[0]! : this.node('Concat', parts, { axis: 0 })
  }

  /** One axis as an int64 vector of one element. */
  #length(axis: Axis): string {
    if (typeof axis === 'number') return this.constant('int64', [1], [axis])
    let length: string | undefined
    for (const [name, power] of axis.powers)
      for (let i = 0; i < power; i++)
        length = length ? this.node('Mul', [length, this.#symbol(name)]) : this.#symbol(name)
    return axis.coefficient === 1
      ? length!
      : this.node('Mul', [length!, this.constant('int64', [1], [axis.coefficient])])
  }

  #symbol(name: string): string {
    const place = this.#symbols.get(name)
    if (!place) throw failure('UNBOUND_AXIS', `No input of the program declares the axis ${name}.`)
    const length = this.node('Shape', [place.input], { start: place.axis, end: place.axis + 1 })
    return place.coefficient === 1
      ? length
      : this.node('Div', [length, this.constant('int64', [1], [place.coefficient])])
  }

  reshape(x: string, from: Shape, to: Shape): string {
    if (from.length === to.length && from.every((axis, i) => axesEqual(axis, to[i]!))) return x
    const symbolic = to.flatMap((axis, i) => (axis instanceof SymbolicAxis ? [i] : []))
    const changed = symbolic.filter((i) => from[i] === undefined || !axesEqual(from[i]!, to[i]!))
    // A computed target holds real lengths, so a 0 in it is a length; in a constant one 0 means 'as before' and −1 'what is left'.
    if (changed.length > 1 || to.includes(0)) return this.node('Reshape', [x, this.shape(to)], { allowzero: 1 })
    const target = to.map((axis, i) => (typeof axis === 'number' ? axis : changed.includes(i) ? -1 : 0))
    return this.node('Reshape', [x, this.constant('int64', [to.length], target)])
  }

  subgraph(name: string, graph: InnerGraph, outer: readonly string[]): OnnxSubgraph {
    return this.#lowerSubgraph(name, graph, outer)
  }
}

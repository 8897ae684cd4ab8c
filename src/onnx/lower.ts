/** Lowers a program to an ONNX model by asking each op for its nodes. */
import { create, toBinary } from '@bufbuild/protobuf'
import { failure } from '../base/errors.ts'
import { type Axis, type Shape, SymbolicAxis } from '../graph/axis.ts'
import { type Capabilities, isComposite, type OnnxWriter } from '../graph/op.ts'
import type { ConstantSource, Program } from '../graph/program.ts'
import { bodyOf, type Node, type Tensor } from '../graph/tensor.ts'
import { nodesOf } from '../graph/walk.ts'
import { sizeOf } from '../tensor/array.ts'
import type { DType } from '../tensor/dtype.ts'
import { bytesOf } from '../tensor/dtype.ts'
import {
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './onnx_pb.ts'
import { dataType, GraphWriter } from './writer.ts'

/** Versions of the operator sets that the lowerings are written for. */
export const opsets = { '': 20, 'com.microsoft': 1 } as const
/** ONNX IR version 10. */
const irVersion = 10n

export type LoweredModel = {
  readonly bytes: Uint8Array
  /** Weights that the model names but does not hold: the caller passes their bytes to the session. */
  readonly external: ReadonlyMap<string, ConstantSource>
  /** The program's node that each ONNX node was written for, by the ONNX node's name: for traces. */
  readonly origins: ReadonlyMap<string, Node>
}

const dimension = (axis: Axis) =>
  typeof axis === 'number'
    ? { value: { case: 'dimValue' as const, value: BigInt(axis) } }
    : { value: { case: 'dimParam' as const, value: axis.toString() } }

const valueInfo = (name: string, dtype: DType, shape: Shape): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: {
      value: { case: 'tensorType', value: { elemType: dataType[dtype], shape: { dim: shape.map(dimension) } } },
    },
  })

/** Where a symbol's value can be read: the first input axis that is the symbol alone. */
function symbolPlaces(inputs: ReadonlyMap<string, Tensor>) {
  const places = new Map<string, { input: string; axis: number; coefficient: number }>()
  for (const [input, tensor] of inputs)
    for (const [axis, length] of tensor.shape.entries()) {
      if (!(length instanceof SymbolicAxis)) continue
      const [name] = length.powers.keys()
      if (length.powers.size === 1 && !places.has(name!))
        places.set(name!, { input, axis, coefficient: length.coefficient })
    }
  return places
}

/** Lowers the nodes that `outputs` need; `names` maps what is already written and is extended. */
function lowerNodes(writer: GraphWriter, outputs: readonly Tensor[], names: Map<Node, readonly string[]>): string[] {
  // A composite without a fused form is replaced by its parts, so the order is found as the nodes are written.
  const write = (roots: readonly Tensor[], whole?: Node): void => {
    for (const node of pending(roots, names)) {
      if (names.has(node)) continue
      writer.scope = node.scope
      writer.origin = whole ?? node
      const inputs = node.inputs.map((x) => names.get(x.node)![x.index]!)
      const written = node.op.onnx?.(writer, inputs, node)
      if (written !== undefined)
        names.set(node, typeof written === 'string' ? [written] : (written as readonly string[]))
      else if (isComposite(node.op)) {
        const body = bodyOf(node)
        write(body, whole ?? node)
        names.set(
          node,
          body.map((y) => names.get(y.node)![y.index]!),
        )
      } else throw failure('NO_LOWERING', `${node.op.name} has no ONNX lowering.`)
    }
  }
  write(outputs)
  return outputs.map((y) => names.get(y.node)![y.index]!)
}

/** Nodes still to be written, inputs before users, not walking past what is written. */
const pending = (roots: readonly Tensor[], names: ReadonlyMap<Node, unknown>): Node[] =>
  nodesOf(
    roots.filter((x) => !names.has(x.node)),
    (node) => names.has(node),
  )

/** An output may have the name of an input (a cache updated in place); the model must tell them apart. */
export const outputName = (name: string): string => `output/${name}`

/** Gives values their final names: the node that makes a value writes it there at once; what no node makes, or was named before, is copied. */
function nameOutputs(writer: GraphWriter, wanted: readonly (readonly [value: string, name: string])[]): void {
  const made = new Set(writer.nodeProtos.flatMap((node) => node.output))
  const renamed = new Map<string, string>()
  for (const [value, name] of wanted) {
    if (made.has(value) && !renamed.has(value)) renamed.set(value, name)
    else writer.nodeProtos.push(create(NodeProtoSchema, { opType: 'Identity', name, input: [value], output: [name] }))
  }
  const rename = (nodes: readonly NodeProto[]): void => {
    for (const node of nodes) {
      node.input = node.input.map((name) => renamed.get(name) ?? name)
      node.output = node.output.map((name) => renamed.get(name) ?? name)
      for (const attribute of node.attribute) if (attribute.g) rename(attribute.g.node)
    }
  }
  rename(writer.nodeProtos)
}

/** Declares a weight; one stored in another dtype is converted by the graph. Returns the name of its value. */
function declare(
  writer: GraphWriter,
  name: string,
  tensor: Tensor,
  source: ConstantSource,
  memoryFile: string,
): string {
  const { dtype, location } = source
  const shape = tensor.shape as readonly number[]
  const place = {
    location: location ? (location.path.split(/[\\/]/).at(-1) ?? '') : memoryFile,
    offset: String(location?.offset ?? 0),
    length: String(sizeOf(shape) * bytesOf(dtype)),
  }
  writer.initializer(
    name,
    create(TensorProtoSchema, {
      name,
      dataType: dataType[dtype],
      dims: shape.map(BigInt),
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      externalData: Object.entries(place).map(([key, value]) => ({ key, value })),
    }),
  )
  if (dtype === tensor.dtype) return name
  const cast = writer.node('Cast', [name], { to: tensor.dtype })
  writer.constants.add(cast)
  return cast
}
/**
 * A program as an ONNX model. Constants that lie in a file are referred to there; others are left to the caller by name (with
 * `memoryFile` as the place that the format asks for), so weights are never copied into the message.
 */
export function lower(program: Program, capabilities: Capabilities, memoryFile = 'memory'): LoweredModel {
  const places = symbolPlaces(program.inputs)
  const names = new Map<Node, readonly string[]>()
  let graphs = 0
  const subgraph =
    (scope: () => string): OnnxWriter['subgraph'] =>
    (name, { inputs, outputs }, outer) => {
      const prefix = `${scope() ? `${scope()}/` : ''}${name}${graphs++}/`
      const inner: GraphWriter = new GraphWriter(capabilities, places, (...rest) => subgraph(scope)(...rest), prefix)
      const own = inputs.slice(0, inputs.length - outer.length)
      const values = [...own.map((_, i) => `${prefix}in${i}`), ...outer]
      const innerNames = new Map(inputs.map((x, i) => [x.node, [values[i]!]] as const))
      const wanted = lowerNodes(inner, outputs, innerNames).map((value, i) => [value, `${prefix}out${i}`] as const)
      nameOutputs(inner, wanted)
      return {
        proto: create(GraphProtoSchema, {
          name: prefix,
          node: inner.nodeProtos,
          initializer: inner.initializers,
          input: own.map((x, i) => valueInfo(values[i]!, x.dtype, x.shape)),
          output: outputs.map((x, i) => valueInfo(wanted[i]![1], x.dtype, x.shape)),
        }),
      }
    }
  const writer: GraphWriter = new GraphWriter(
    capabilities,
    places,
    subgraph(() => writer.scope),
  )
  for (const [name, tensor] of program.inputs) names.set(tensor.node, [name])
  const external = new Map<string, ConstantSource>()
  for (const [name, { tensor, source }] of program.constants) {
    external.set(name, source)
    names.set(tensor.node, [declare(writer, name, tensor, source, memoryFile)])
  }

  const written = lowerNodes(writer, [...program.outputs.values()], names)
  nameOutputs(
    writer,
    [...program.outputs.keys()].map((name, i) => [written[i]!, outputName(name)]),
  )
  const model = create(ModelProtoSchema, {
    irVersion,
    producerName: 'pellucid',
    opsetImport: Object.entries(opsets).map(([domain, version]) => ({ domain, version: BigInt(version) })),
    graph: {
      name: 'pellucid',
      node: writer.nodeProtos,
      initializer: writer.initializers,
      input: [...program.inputs].map(([name, x]) => valueInfo(name, x.dtype, x.shape)),
      output: [...program.outputs].map(([name, x]) => valueInfo(outputName(name), x.dtype, x.shape)),
    },
  })
  return { bytes: toBinary(ModelProtoSchema, model), external, origins: writer.origins }
}

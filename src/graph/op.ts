/** The Op contract: one record says everything about an operation. */

import type { NdArray } from '../tensor/array.ts'
import type { DType } from '../tensor/dtype.ts'
import type { Value } from '../tensor/value.ts'
import type { Axis, Shape } from './axis.ts'
import type { Node, Tensor } from './tensor.ts'

/** Shape and dtype of an output; a Tensor is one too. */
export type TensorType = { readonly shape: Shape; readonly dtype: DType }
/** Shape and dtype once every symbol has its value. */
export type ConcreteType = { readonly shape: readonly number[]; readonly dtype: DType }

export type Attribute =
  | Axis
  | number
  | boolean
  | string
  | undefined
  | NdArray
  | Shape
  | readonly number[]
  | readonly string[]
  | Init
  | InnerGraph
export type Attributes = { readonly [name: string]: Attribute }

/** How a parameter starts: filled in place from a stream of its own. See nn/init.ts. */
export type Init = {
  readonly name: string
  readonly fill: (out: Float32Array, shape: readonly number[], seed: number, site: number) => void
}

/** A graph of its own within a node (what a scan repeats): its leaves and what it computes from them. */
export type InnerGraph = { readonly inputs: readonly Tensor[]; readonly outputs: readonly Tensor[] }

type OneOrMore<T> = T | readonly T[]
/** Cotangent of each output (undefined: the output is not used) → cotangent of each input (undefined: no derivative). */
export type Vjp<A> = (
  dys: readonly (Tensor | undefined)[],
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  attributes: A,
) => readonly (Tensor | undefined)[]

/** Lowers one node: names of ONNX values in, names of ONNX values out. */
export type OnnxRule<A> = (onnx: OnnxWriter, inputs: string[], node: Node & { attributes: A }) => OneOrMore<string>

/** A matrix of weights in few bits; see `quantizedMatmulOp`. */
export type Blocks = { readonly codes: Tensor; readonly scales: Tensor; readonly bits: 4 | 8 }
/** A matrix as blocks along the axis that a product sums: its last one if `turned`, else its first. */
export type BlocksOf = (matrix: Tensor, turned: boolean) => Blocks | undefined

/** What transforms may ask of any op. */
type Uses<A> = {
  readonly name: string
  /** Its value comes from outside of the graph: an input or a parameter. */
  readonly external?: true
  /** What the op is when nothing is being trained, where that differs (dropout). */
  readonly atInference?: (inputs: readonly Tensor[], attributes: A) => Tensor | readonly Tensor[]
  /** For what is a sum onto zeros: the same sum onto `base`; undefined where adding afterwards is as good. */
  readonly onto?: (base: Tensor, inputs: readonly Tensor[], attributes: A) => Tensor | undefined
  /** For a product with a matrix on its right: the same with the matrix in few bits, where `blocksOf` has it so. */
  readonly inBlocks?: (inputs: readonly Tensor[], attributes: A, blocksOf: BlocksOf) => Tensor | undefined
  /**
   * Floating-point operations of its products and their sums, as terms of a sum; absent where it multiplies no matrices. 2·m·n·k for
   * [m, k] · [k, n]; what is done element by element is not counted anywhere.
   */
  readonly flops?: (inputs: readonly Tensor[], outputs: readonly Tensor[], attributes: A) => readonly Axis[]
  /** The path by which a tapped value is asked for. */
  readonly tapName?: (attributes: A, scope: string) => string
}

/** An op with rules of its own. Cotangents may come back in the broadcast shape: the walk sums them to the input's. */
export type Primitive<A> = Uses<A> & {
  /** Output types; throws with a message that names the axis and both sizes. */
  readonly shape: (inputs: readonly Tensor[], attributes: A) => OneOrMore<TensorType>
  /** 'none' for ops whose derivative is zero everywhere or that have integer results. */
  readonly vjp: Vjp<A> | 'none'
  /** The definition in float64; `outputs` are the resolved types. */
  readonly evaluate: (inputs: readonly Value[], attributes: A, outputs: readonly ConcreteType[]) => OneOrMore<Value>
  readonly onnx: OnnxRule<A>
}

/**
 * An op made of others: `body` is its definition and gives derivative, reference and lowering for free.
 * A fused lowering may return undefined where it does not apply; the body is lowered then.
 */
export type Composite<A> = Uses<A> & {
  readonly body: (inputs: readonly Tensor[], attributes: A) => OneOrMore<Tensor>
  readonly vjp?: Vjp<A>
  readonly onnx?: (...args: Parameters<OnnxRule<A>>) => OneOrMore<string> | undefined
}

// biome-ignore lint/suspicious/noExplicitAny: a table of ops with different attributes
export type Op<A = any> = Primitive<A> | Composite<A>

export type OnnxAttribute =
  | number
  | bigint
  | string
  | readonly number[]
  | { float: number }
  | { floats: readonly number[] }
  | { graph: OnnxSubgraph }
/** A finished inner graph (the body of a Scan or Loop). */
export type OnnxSubgraph = { readonly proto: unknown }

/** What a lowering rule may do: add nodes and constants to the graph being written. */
export interface OnnxWriter {
  /** Adds a node; equal nodes are written once. Returns the first output's name, or all of them when `outputs` > 1. */
  node(
    type: string,
    inputs: readonly string[],
    attributes?: Record<string, OnnxAttribute>,
    options?: { domain?: string },
  ): string
  nodes(
    type: string,
    inputs: readonly string[],
    outputs: number,
    attributes?: Record<string, OnnxAttribute>,
    options?: { domain?: string },
  ): string[]
  /** A constant from numbers. */
  constant(dtype: DType, shape: readonly number[], values: ArrayLike<number>): string
  scalar(dtype: DType, value: number): string
  /** An int64 vector with the lengths of a shape, symbols included. */
  shape(shape: Shape): string
  /** A reshape of `x` that picks the cheapest form (constant target with 0 and −1, else computed). */
  reshape(x: string, from: Shape, to: Shape): string
  /** Lowers an inner graph whose first leaves are its inputs; the leaves after those stand for the outer values named. */
  subgraph(name: string, graph: InnerGraph, outer: readonly string[]): OnnxSubgraph
  /** What the runtime that will run this graph can do. */
  readonly capabilities: Capabilities
  /** Whether a value is one of the program's constant weights. */
  isConstant(name: string): boolean
}

/** What a runtime offers beyond standard ONNX; lowerings consult it, never a runtime's name. */
export type Capabilities = {
  /** ORT's com.microsoft operators (FusedMatMul, GroupQueryAttention, …). */
  readonly contrib: boolean
  /** Whether its products with blocks of weights take both sides as whole numbers. */
  readonly integerBlocks: boolean
}

export const isComposite = (op: Op): op is Composite<unknown> => 'body' in op

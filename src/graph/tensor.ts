/** A traced Tensor: a name for a value in an immutable graph. It owns no memory. */
import { failure, PellucidError } from '../base/errors.ts'
import type { DType } from '../tensor/dtype.ts'
import { type Shape, shapeText } from './axis.ts'
import { type Attributes, isComposite, type Op, type TensorType } from './op.ts'
import { currentScope, inScope } from './scope.ts'

/** One use of an op. */
export type Node = {
  readonly op: Op
  readonly inputs: readonly Tensor[]
  // biome-ignore lint/suspicious/noExplicitAny: each op knows its own attributes
  readonly attributes: any
  /** Path of the module that made it (`h.0.attn`). */
  readonly scope: string
  readonly outputs: readonly Tensor[]
  /** Outputs of a composite in terms of its parts, traced on first use. */
  body?: readonly Tensor[]
}

/** Output `index` of `node`. Methods (`add`, `matmul`, `rearrange`, …) are defined in `ops/methods.ts`. */
export class Tensor {
  readonly node: Node
  readonly index: number
  readonly shape: Shape
  readonly dtype: DType
  constructor(node: Node, index: number, type: TensorType) {
    this.node = node
    this.index = index
    this.shape = type.shape
    this.dtype = type.dtype
  }
  get rank(): number {
    return this.shape.length
  }
  toString(): string {
    return `${this.dtype}${shapeText(this.shape)} from ${this.node.op.name}${where(this.node.scope)}`
  }
}

const where = (scope: string) => (scope ? ` (in ${scope})` : '')
const list = <T>(x: T | readonly T[]): readonly T[] => (Array.isArray(x) ? x : [x as T])

/** The parts of a composite node, traced in the node's own scope. */
export function bodyOf(node: Node): readonly Tensor[] {
  const op = node.op
  if (!isComposite(op)) throw failure('NOT_COMPOSITE', `${op.name} has no parts.`)
  node.body ??= inScope(node.scope, () => list(op.body(node.inputs, node.attributes)), true)
  return node.body
}

/** Adds a node; shape errors say which call, which axes and where in the model. */
export function apply(op: Op, inputs: readonly Tensor[], attributes: Attributes = {}): readonly Tensor[] {
  const scope = currentScope()
  const node = { op, inputs, attributes, scope, outputs: [] as Tensor[] }
  const types = inCall(op.name, inputs, () => (isComposite(op) ? bodyOf(node) : list(op.shape(inputs, attributes))))
  for (const [index, type] of types.entries()) node.outputs.push(new Tensor(node, index, type))
  return node.outputs
}

/**
 * Runs f; a shape problem in it becomes an error that names the call, its shapes and the module path. Where a part of a composite fails,
 * the call that was written in the model is named too.
 */
export function inCall<T>(name: string, inputs: readonly Tensor[], f: () => T): T {
  try {
    return f()
  } catch (error) {
    const call = () => `${name}(${inputs.map((x) => shapeText(x.shape)).join(', ')})`
    if (error instanceof ShapeProblem) throw failure('SHAPE', `${call()}: ${error.message}${where(currentScope())}`)
    if (!(error instanceof PellucidError) || error.code !== 'SHAPE') throw error
    const isNamed = error.message.includes('\n') || error.message.startsWith(call())
    throw isNamed ? error : failure('SHAPE', `${error.message}\nin the call ${call()}`)
  }
}

/** As `apply`, for ops with one output. */
export const apply1 = (op: Op, inputs: readonly Tensor[], attributes: Attributes = {}): Tensor =>
  apply(op, inputs, attributes)[0]!

/** Thrown by shape rules: what was expected and what arrived; `apply` adds the call and the module path. */
export class ShapeProblem extends Error {}
export const shapeProblem = (message: string): never => {
  throw new ShapeProblem(message)
}

/** A negative axis counts from the end. Throws when out of range. */
export function axisIndex(axis: number, rank: number): number {
  const index = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || index < 0 || index >= rank) shapeProblem(`axis ${axis} is outside a rank of ${rank}`)
  return index
}

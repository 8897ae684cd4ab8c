/** How much memory a run takes, found before any of it is. */
import { failure } from '../base/errors.ts'
import { type MemoryLimit, memoryText } from '../base/memory.ts'
import type { Node, Tensor } from '../graph/tensor.ts'
import { nodesOf } from '../graph/walk.ts'
import { parameters as parametersOf } from '../nn/index.ts'
import { byteLengthOf } from '../weights/safetensors-write.ts'
import { optimizerFloats } from './optimizers/index.ts'
import type { StepPlan } from './step.ts'
import { type StepGraph, traceStep } from './step-graph.ts'

/** Bytes. */
export type MemoryNeed = {
  /** Parameters, the gradients of each part and micro-batch, the optimizer's state. */
  readonly state: number
  /** What a step and an evaluation keep between their operations, and dropout masks. */
  readonly activations: number
  readonly total: number
}

/** The graphs that the prediction was made from, so that nobody needs to trace them again. */
export type Prediction = MemoryNeed & { readonly graph: StepGraph }

/** Node, ONNX Runtime and their programs. */
const programBytes = 140e6
/** ONNX Runtime gives out memory in blocks that are not always filled. */
const blockLoss = 1.1

const bytesOf = ({ shape, dtype }: Tensor) => byteLengthOf({ shape: shape as readonly number[], dtype })
const isLeaf = (node: Node) => node.inputs.length === 0
const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0)

/**
 * The most bytes that results of a graph's nodes take at one time, each from its node to the last that reads it. Leaves and outputs
 * are not counted: their memory is somebody else's. Nodes are taken in the order in which they are written down.
 */
export function peakBytes(outputs: readonly Tensor[]): number {
  const order = nodesOf(outputs)
  const kept = new Set(outputs)
  const lastUse = new Map<Tensor, number>()
  for (const [i, { inputs }] of order.entries()) for (const x of inputs) lastUse.set(x.node.outputs[x.index]!, i)
  const ends = new Map<number, number>()
  let [live, peak] = [0, 0]
  for (const [i, node] of order.entries()) {
    if (!isLeaf(node))
      for (const y of node.outputs) {
        if (kept.has(y)) continue
        const end = lastUse.get(y) ?? i
        live += bytesOf(y)
        ends.set(end, (ends.get(end) ?? 0) + bytesOf(y))
      }
    peak = Math.max(peak, live)
    live -= ends.get(i) ?? 0
  }
  return peak
}

/** Parameters, gradients and optimizer state. */
function stateBytes({ network, optimizer, splits, micros }: StepPlan): number {
  const buffers = splits * (micros > 1 ? 2 : 1)
  const shapes = [...parametersOf(network).values()].map(({ shape }) => shape as readonly number[])
  return 4 * sum(shapes.map((shape) => optimizerFloats(optimizer, shape, buffers)))
}

/** What the step's parts and the evaluation, programs of their own, need at most: from the graphs that they will run. */
function activationBytes({ loss, gradients, masks, evaluation }: StepGraph, splits: number): number {
  const ofMasks = sum(masks.map(bytesOf))
  return blockLoss * (splits * peakBytes([loss, ...gradients]) + peakBytes([evaluation.loss])) + splits * ofMasks
}

/**
 * What a run will need at its peak: within 30 % of what is measured. Throws MEMORY if that is more than `limit`; a model too large by
 * itself is refused without a look at its graph.
 */
export function predictMemory(plan: StepPlan, limit: MemoryLimit | undefined): Prediction {
  const refuse = (needs: string, parts: string) =>
    failure(
      'MEMORY',
      `This run needs ${needs} of memory (${parts}); ${memoryText(limit!.bytes)} is ${limit!.source}.\n` +
        'Choose a smaller batchSize (with more gradientAccumulation), contextLength, model.width or model.layers,\n' +
        'or try it all the same with --max-memory.',
    )
  const state = stateBytes(plan)
  const ofState = `${memoryText(state)} parameters, gradients and optimizer`
  if (limit && state > limit.bytes) throw refuse(`more than ${memoryText(state)}`, ofState)
  const graph = traceStep(plan)
  const activations = activationBytes(graph, plan.splits)
  const total = state + activations + programBytes
  if (limit && total > limit.bytes)
    throw refuse(
      `about ${memoryText(total)}`,
      `${ofState}, ${memoryText(activations)} activations of ${plan.batchSize} × ${plan.contextLength} tokens`,
    )
  return { state, activations, total, graph }
}

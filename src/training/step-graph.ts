/** The graphs of a training step and of an evaluation: traced once, for what they take in memory and for the programs made of them. */
import type { Tensor } from '../graph/tensor.ts'
import { nodesOf } from '../graph/walk.ts'
import type { Network } from '../models/definition.ts'
import { parameters as parametersOf } from '../nn/index.ts'
import { gradients } from '../transforms/gradients.ts'
import { atInference } from '../transforms/inference.ts'
import type { Objective, Traced } from './objective.ts'

/** What decides the graphs of a step. */
export type GraphPlan = {
  network: Network
  objective: Objective
  /** Sequences of a micro-batch, in `splits` equal parts computed side by side. */
  batchSize: number
  splits: number
  contextLength: number
}

export type StepGraph = {
  /** The parameters by name. */
  readonly leaves: ReadonlyMap<string, Tensor>
  /** What a part of a micro-batch reads, its loss, and the gradient of each parameter in their order. */
  readonly inputs: Traced['inputs']
  readonly loss: Tensor
  readonly gradients: readonly Tensor[]
  /** Leaves that are dropout masks. */
  readonly masks: readonly Tensor[]
  /** A whole micro-batch, without dropout and derivatives. */
  readonly evaluation: Traced
}

const masksOf = (outputs: readonly Tensor[]): Tensor[] =>
  nodesOf(outputs).flatMap((node) =>
    node.inputs.length === 0 && node.attributes.rate !== undefined ? [node.outputs[0]!] : [],
  )

export function traceStep({ network, objective, batchSize, splits, contextLength }: GraphPlan): StepGraph {
  const leaves = parametersOf(network)
  const traced = objective.trace(network, batchSize / splits, contextLength)
  const derived = gradients(traced.loss, [...leaves.values()])
  const seen = objective.trace(network, batchSize, contextLength)
  return {
    leaves,
    inputs: traced.inputs,
    loss: derived.loss,
    gradients: derived.gradients,
    masks: masksOf([derived.loss, ...derived.gradients]),
    evaluation: { inputs: seen.inputs, loss: atInference([seen.loss])[0]! },
  }
}

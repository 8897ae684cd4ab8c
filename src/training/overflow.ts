/** Where a number stops being finite on its way through a model: sought when a loss is no number although every parameter is. */
import type { Tensor } from '../graph/tensor.ts'
import { nodesOf } from '../graph/walk.ts'
import type { Network } from '../models/definition.ts'
import { parameters as parametersOf } from '../nn/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { NdArray } from '../tensor/array.ts'
import { isFloat } from '../tensor/dtype.ts'
import { atInference } from '../transforms/inference.ts'
import { countNonFinite } from '../weights/non-finite.ts'
import { emptyBatch, type Objective } from './objective.ts'

/** Windows that are looked at, one after another. */
const mostWindows = 32

/** What each module gives out last, in the order of computation, by the module's path. */
function moduleOutputs(loss: Tensor): Map<string, Tensor> {
  const outputs = new Map<string, Tensor>()
  for (const { scope, inputs, outputs: values } of nodesOf([loss])) {
    if (scope === '' || inputs.length === 0 || !isFloat(values[0]!.dtype)) continue
    outputs.delete(scope)
    outputs.set(scope, values[0]!)
  }
  return outputs
}

/** The first module, in the order of computation, whose output is not finite for one of the windows; dropout is left out. */
export async function firstOverflow(
  model: {
    readonly network: Network
    readonly objective: Objective
    readonly runtime: Runtime
    readonly parameters: ReadonlyMap<string, NdArray>
    readonly contextLength: number
  },
  windows: readonly Int32Array[],
): Promise<string | undefined> {
  const traced = model.objective.trace(model.network, 1, model.contextLength)
  const outputs = moduleOutputs(atInference([traced.loss])[0]!)
  const leaves = Object.fromEntries(parametersOf(model.network))
  const inputs = new Map(Object.entries({ ...traced.inputs, ...leaves }))
  const executable = await model.runtime.compile({ inputs, constants: new Map(), outputs })
  try {
    const batch = emptyBatch(traced.inputs)
    for (const window of windows.slice(0, mostWindows)) {
      model.objective.fill(batch, 0, window)
      const found = await executable.run({ ...batch, ...Object.fromEntries(model.parameters) })
      for (const scope of outputs.keys()) if (countNonFinite(found[scope]!) > 0) return scope
    }
    return undefined
  } finally {
    await executable.dispose()
  }
}

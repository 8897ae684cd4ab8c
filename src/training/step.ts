/** One training step: loss and gradients of every micro-batch, then the optimizer; all on buffers made once. */
import { randomBits, siteOf } from '../base/random.ts'
import type { Tensor } from '../graph/tensor.ts'
import { nodesOf } from '../graph/walk.ts'
import type { Network } from '../models/definition.ts'
import { parameters as parametersOf } from '../nn/index.ts'
import type { Executable, Runtime } from '../runtime/runtime.ts'
import { type NdArray, zeros } from '../tensor/array.ts'
import { gradients } from '../transforms/gradients.ts'
import { atInference } from '../transforms/inference.ts'
import type { Batch, Objective } from './objective.ts'
import { createOptimizer, type Optimizer, type OptimizerConfig, type StepReport } from './optimizers/index.ts'

export type StepPlan = {
  network: Network
  objective: Objective
  runtime: Runtime
  optimizer: OptimizerConfig
  seed: number
  /** Sequences of a micro-batch, in `splits` equal parts computed side by side. */
  batchSize: number
  splits: number
  contextLength: number
  /** Micro-batches of a step. */
  micros: number
  threads?: number | undefined
}

/** A part of a micro-batch: its inputs, its dropout masks, its loss. */
type Part = {
  readonly batch: Batch
  readonly masks: readonly { readonly array: NdArray; readonly rate: number; readonly site: number }[]
  readonly loss: Float32Array
  /** Runs that write the gradients to the part's own buffer, and to a second one for sums over micro-batches. */
  readonly runs: readonly (() => Promise<void>)[]
}

/** Leaves of a graph that are dropout masks. */
const masksOf = (outputs: readonly Tensor[]): Tensor[] =>
  nodesOf(outputs).flatMap((node) =>
    node.inputs.length === 0 && node.attributes.rate !== undefined ? [node.outputs[0]!] : [],
  )

/** 0 with probability `rate`, else 1/(1 − rate). */
function fillMask(out: Float32Array, rate: number, seed: number, step: number, site: number): void {
  const bits = randomBits({ seed, purpose: 'dropout', step, site }, out.length)
  const [threshold, kept] = [rate * 2 ** 32, 1 / (1 - rate)]
  for (let i = 0; i < out.length; i++) out[i] = bits[i]! < threshold ? 0 : kept
}

/** Everything a run computes with. Parameters live in the optimizer's arena; gradients are written there by the programs. */
export class TrainingStep {
  readonly optimizer: Optimizer
  readonly parameters: ReadonlyMap<string, NdArray>
  readonly #plan: StepPlan
  readonly #parts: readonly Part[]
  readonly #evaluation: Part
  readonly #executables: readonly Executable[]

  private constructor(
    plan: StepPlan,
    optimizer: Optimizer,
    parameters: ReadonlyMap<string, NdArray>,
    parts: Part[],
    evaluation: Part,
    executables: Executable[],
  ) {
    this.#plan = plan
    this.optimizer = optimizer
    this.parameters = parameters
    this.#parts = parts
    this.#evaluation = evaluation
    this.#executables = executables
  }

  static async create(plan: StepPlan): Promise<TrainingStep> {
    const leaves = parametersOf(plan.network)
    const optimizer = createOptimizer(
      plan.optimizer,
      [...leaves].map(([name, x]) => ({ name, shape: x.shape as readonly number[] })),
      { gradients: plan.splits * (plan.micros > 1 ? 2 : 1) },
    )
    const arrays = new Map(
      [...leaves].map(([name, x]) => [
        name,
        { dtype: x.dtype, shape: x.shape as readonly number[], data: optimizer.parameters.get(name)! },
      ]),
    )
    for (const [name, x] of leaves)
      x.node.attributes.init.fill(arrays.get(name)!.data, x.shape, plan.seed, siteOf(name))
    const weights = Object.fromEntries(arrays)
    const rows = plan.batchSize / plan.splits
    const threads = plan.splits > 1 ? 1 : plan.threads

    const traced = plan.objective.trace(plan.network, rows, plan.contextLength)
    const derived = gradients(traced.loss, [...leaves.values()])
    const masks = masksOf([derived.loss, ...derived.gradients])
    const maskInputs = Object.fromEntries(masks.map((mask, i) => [`mask.${i}`, mask]))
    const names = [...leaves.keys()]
    const training = {
      inputs: new Map(Object.entries({ ...traced.inputs, ...Object.fromEntries(leaves), ...maskInputs })),
      constants: new Map(),
      outputs: new Map([
        ['loss', derived.loss],
        ...names.map((name, i) => [`gradient.${name}`, derived.gradients[i]!] as const),
      ]),
    }
    const allocate = (tensors: Readonly<Record<string, Tensor>>) =>
      Object.fromEntries(
        Object.entries(tensors).map(([name, x]) => [name, zeros(x.dtype, x.shape as readonly number[])]),
      )
    const step = await plan.runtime.compile(training, { threads })
    const parts = Array.from({ length: plan.splits }, (_, split): Part => {
      const batch = allocate(traced.inputs)
      const filled = allocate(maskInputs)
      const loss = zeros('float32', [])
      const runTo = (buffer: number) => {
        const into = optimizer.gradients[buffer]!
        const outputs = names.map((name) => [`gradient.${name}`, { ...arrays.get(name)!, data: into.get(name)! }])
        return step.bind({ ...batch, ...weights, ...filled }, { loss, ...Object.fromEntries(outputs) })
      }
      return {
        batch,
        masks: masks.map((mask, i) => ({
          array: filled[`mask.${i}`]!,
          rate: mask.node.attributes.rate,
          site: i * plan.splits + split,
        })),
        loss: loss.data as Float32Array,
        runs: [runTo(split), ...(plan.micros > 1 ? [runTo(plan.splits + split)] : [])],
      }
    })

    const seen = plan.objective.trace(plan.network, plan.batchSize, plan.contextLength)
    const measured = await plan.runtime.compile(
      {
        inputs: new Map(Object.entries({ ...seen.inputs, ...Object.fromEntries(leaves) })),
        constants: new Map(),
        outputs: new Map([['loss', atInference([seen.loss])[0]!]]),
      },
      { threads: plan.threads },
    )
    const batch = allocate(seen.inputs)
    const loss = zeros('float32', [])
    const evaluation = {
      batch,
      masks: [],
      loss: loss.data as Float32Array,
      runs: [measured.bind({ ...batch, ...weights }, { loss })],
    }
    return new TrainingStep(plan, optimizer, arrays, parts, evaluation, [step, measured])
  }
  /** The arrays of split `split`, to be filled with its rows of the next micro-batch. */
  batch(split: number): Batch {
    return this.#parts[split]!.batch
  }

  /** The arrays of an evaluation batch. */
  get evaluationBatch(): Batch {
    return this.#evaluation.batch
  }

  /**
   * Starts computing loss and gradients of the micro-batch in the arrays; resolves to its loss when they are added to the step's.
   * Parts run side by side but are summed in their order, so threads change nothing.
   */
  async accumulate(step: number, micro: number): Promise<number> {
    const { seed, splits } = this.#plan
    const target = micro === 0 ? 0 : 1
    const running = this.#parts.map(({ masks, runs }) => {
      for (const { array, rate, site } of masks)
        fillMask(array.data as Float32Array, rate, seed, step, site + micro * 2 ** 16)
      return runs[target]!()
    })
    await Promise.all(running)
    if (micro > 0) for (let split = 0; split < splits; split++) this.optimizer.accumulate(split, splits + split)
    return this.#parts.reduce((sum, { loss }) => sum + loss[0]!, 0) / splits
  }

  /** Updates the parameters with the mean over the accumulated micro-batches. */
  async update(learningRate: number, clip: number | undefined): Promise<StepReport> {
    const { splits, micros } = this.#plan
    return await this.optimizer.stepInSlices(learningRate, {
      sources: splits,
      scale: 1 / (micros * splits),
      ...(clip !== undefined && { clip }),
    })
  }

  /** Loss of the evaluation batch, without dropout. */
  async evaluate(): Promise<number> {
    await this.#evaluation.runs[0]!()
    return this.#evaluation.loss[0]!
  }

  async dispose(): Promise<void> {
    for (const executable of this.#executables) await executable.dispose()
  }
}

/** One training step: loss and gradients of every micro-batch, then the optimizer; all on buffers made once. */
import { fileError } from '../base/errors.ts'
import { siteOf } from '../base/random.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Executable, Runtime } from '../runtime/runtime.ts'
import { type NdArray, zeros } from '../tensor/array.ts'
import { describeArray } from '../tensor/print.ts'
import { createMasks, type Masks } from './masks/masks.ts'
import { type Batch, emptyBatch } from './objective.ts'
import { createOptimizer, type Optimizer, type OptimizerConfig, type StepReport } from './optimizers/index.ts'
import { type GraphPlan, type StepGraph, traceStep } from './step-graph.ts'

export type StepPlan = GraphPlan & {
  runtime: Runtime
  optimizer: OptimizerConfig
  /** Draws the first weights and the dropout masks. */
  seed: number
  /** First weights by parameter, all of them, instead of drawn ones. */
  initial?: ReadonlyMap<string, NdArray> | undefined
  /** Micro-batches of a step. */
  micros: number
  threads?: number | undefined
}

/** A part of a micro-batch: its inputs and its loss. */
type Part = {
  readonly batch: Batch
  readonly loss: Float32Array
  /** Runs that write the gradients to the part's own buffer, and to a second one for sums over micro-batches. */
  readonly runs: readonly (() => Promise<void>)[]
}

/** Gives every parameter its first value. Throws WRONG_SHAPE. */
function initialize(
  arrays: ReadonlyMap<string, NdArray>,
  leaves: ReadonlyMap<string, Tensor>,
  { initial, seed }: StepPlan,
): void {
  for (const [name, array] of arrays) {
    const data = array.data as Float32Array
    if (!initial) {
      leaves.get(name)!.node.attributes.init.fill(data, array.shape, seed, siteOf(name))
      continue
    }
    const given = initial.get(name)
    if (!given || describeArray(given) !== describeArray(array))
      throw fileError(
        'WRONG_SHAPE',
        `First weights: ${name} is ${given ? describeArray(given) : 'missing'}, expected ${describeArray(array)}.`,
      )
    data.set(given.data as Float32Array)
  }
}

/** Everything a run computes with. Parameters live in the optimizer's arena; gradients are written there by the programs. */
export class TrainingStep {
  readonly optimizer: Optimizer
  readonly parameters: ReadonlyMap<string, NdArray>
  readonly #plan: StepPlan
  readonly #parts: readonly Part[]
  readonly #masks: Masks
  readonly #evaluation: Part
  readonly #executables: readonly Executable[]

  private constructor(
    plan: StepPlan,
    optimizer: Optimizer,
    parameters: ReadonlyMap<string, NdArray>,
    parts: Part[],
    masks: Masks,
    evaluation: Part,
    executables: Executable[],
  ) {
    this.#plan = plan
    this.optimizer = optimizer
    this.parameters = parameters
    this.#parts = parts
    this.#masks = masks
    this.#evaluation = evaluation
    this.#executables = executables
  }

  static async create(plan: StepPlan, graph: StepGraph = traceStep(plan)): Promise<TrainingStep> {
    const { leaves } = graph
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
    initialize(arrays, leaves, plan)
    const weights = Object.fromEntries(arrays)
    const threads = plan.splits > 1 ? 1 : plan.threads

    const maskInputs = Object.fromEntries(graph.masks.map((mask, i) => [`mask.${i}`, mask]))
    const masks = createMasks(
      graph.masks.map(({ shape, node }) => ({ shape: shape as readonly number[], rate: node.attributes.rate })),
      plan.splits,
      plan.seed,
    )
    const names = [...leaves.keys()]
    const training = {
      inputs: new Map(Object.entries({ ...graph.inputs, ...Object.fromEntries(leaves), ...maskInputs })),
      constants: new Map(),
      outputs: new Map([
        ['loss', graph.loss],
        ...names.map((name, i) => [`gradient.${name}`, graph.gradients[i]!] as const),
      ]),
    }
    const step = await plan.runtime.compile(training, { threads })
    const parts = Array.from({ length: plan.splits }, (_, split): Part => {
      const batch = emptyBatch(graph.inputs)
      const filled = Object.fromEntries(masks.arrays[split]!.map((array, i) => [`mask.${i}`, array]))
      const loss = zeros('float32', [])
      const runTo = (buffer: number) => {
        const into = optimizer.gradients[buffer]!
        const outputs = names.map((name) => [`gradient.${name}`, { ...arrays.get(name)!, data: into.get(name)! }])
        return step.bind({ ...batch, ...weights, ...filled }, { loss, ...Object.fromEntries(outputs) })
      }
      return {
        batch,
        loss: loss.data as Float32Array,
        runs: [runTo(split), ...(plan.micros > 1 ? [runTo(plan.splits + split)] : [])],
      }
    })

    const { evaluation: seen } = graph
    const measured = await plan.runtime.compile(
      {
        inputs: new Map(Object.entries({ ...seen.inputs, ...Object.fromEntries(leaves) })),
        constants: new Map(),
        outputs: new Map([['loss', seen.loss]]),
      },
      { threads: plan.threads },
    )
    const batch = emptyBatch(seen.inputs)
    const loss = zeros('float32', [])
    const evaluation = {
      batch,
      loss: loss.data as Float32Array,
      runs: [measured.bind({ ...batch, ...weights }, { loss })],
    }
    return new TrainingStep(plan, optimizer, arrays, parts, masks, evaluation, [step, measured])
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
    const { splits, threads } = this.#plan
    const target = micro === 0 ? 0 : 1
    await this.#masks.fill(step, micro)
    if (threads === 1) for (const { runs } of this.#parts) await runs[target]!()
    else await Promise.all(this.#parts.map(({ runs }) => runs[target]!()))
    if (micro > 0) for (let split = 0; split < splits; split++) await this.optimizer.accumulate(split, splits + split)
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

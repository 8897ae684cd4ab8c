/** createOptimizer: parameters, gradients and state in one arena, and the step that changes them. */
import * as z from 'zod'
import { failure, fileError } from '../../base/errors.ts'
import { giveWay } from '../../base/event-loop.ts'
import { type NdArray, sizeOf } from '../../tensor/array.ts'
import { adafactor } from './adafactor.ts'
import { adam, adamw } from './adam.ts'
import { type Arena, type ArenaOptions, createArena, paddedLength, viewOf, viewsOf } from './arena.ts'
import { loadKernel } from './kernel.ts'
import type { Bound, Rule, StepValues } from './rule.ts'
import { sgd } from './sgd.ts'

/** Elements handled without looking up: 2–4 ms of work. Fixed, because the norm is summed piece by piece. */
const pieceLength = 2 ** 22
const rules = { adamw, adam, sgd, adafactor }

/** The `optimizer` part of a recipe. */
export const optimizerSchema = z.discriminatedUnion('name', [adamw.schema, adam.schema, sgd.schema, adafactor.schema])
/** An optimizer with every default filled in. */
export type OptimizerConfig = z.output<typeof optimizerSchema>

/** A parameter to train. Weight decay applies to matrices (two axes or more) unless `decay` says otherwise. */
export type TrainedParameter = { name: string; shape: readonly number[]; decay?: boolean }

export type StepOptions = {
  /** Largest norm of all gradients together; larger gradients are scaled down to it. */
  clip?: number
  /** Factor in front of the sum of the gradients, 1/K for the mean over K micro-batches. */
  scale?: number
  /** How many of the gradient buffers to sum, from the first on, in order. */
  sources?: number
}

/** The norm is that of the scaled sum before clipping. `nonfinite` names the first parameter whose gradient is not finite. */
export type StepReport = { gradientNorm: number; nonfinite?: string }

export type Optimizer = {
  readonly arena: Arena
  /** The parameters by name, in order: views into the arena, changed in place by `step`. */
  readonly parameters: ReadonlyMap<string, Float32Array>
  /** Buffers for gradients by parameter name, one map for each source. */
  readonly gradients: readonly ReadonlyMap<string, Float32Array>[]
  /** Adds the gradients of buffer `from` to those of buffer `into`; the event loop gets its turn every few milliseconds. */
  accumulate(into: number, from: number): Promise<void>
  /**
   * Sums the sources into the first buffer, measures, clips and updates. Gradients that are not finite change nothing: the
   * report names them and the step does not count. Sums run in one order, so the result does not depend on threads.
   */
  step(learningRate: number, options?: StepOptions): StepReport
  /** The same step and result, but the event loop gets its turn every few milliseconds. Touch nothing until it resolves. */
  stepInSlices(learningRate: number, options?: StepOptions): Promise<StepReport>
  /** What a checkpoint must hold besides the parameters: `step` and `<slot>.<parameter>`. Views: write before the next step. */
  state(): Map<string, NdArray>
  /** Restores a saved state bit for bit. Throws a file error if names or shapes do not fit. */
  load(state: ReadonlyMap<string, NdArray>): void
}

/** Floats that a parameter of some shape takes: itself, its gradient buffers, its state and working memory. */
export function optimizerFloats(config: OptimizerConfig, shape: readonly number[], gradientBuffers: number): number {
  const rule = rules[config.name] as Rule<z.ZodType<OptimizerConfig>>
  const state = Object.values(rule.state(config, shape)).map(sizeOf)
  const scratch = Object.values(rule.scratch?.(config, shape) ?? {})
  return [...state, ...scratch].reduce((sum, floats) => sum + floats, (1 + gradientBuffers) * sizeOf(shape))
}

/**
 * An optimizer over zeroed parameters, to be filled by the caller. `gradients` is the number of gradient buffers: 2 for
 * accumulation over micro-batches, or one for each worker thread (then with `shared`).
 */
export function createOptimizer(
  config: OptimizerConfig,
  parameters: readonly TrainedParameter[],
  options: ArenaOptions & { gradients?: number } = {},
): Optimizer {
  const rule = rules[config.name] as Rule<z.ZodType<OptimizerConfig>>
  const sources = Array.from({ length: options.gradients ?? 1 }, (_, i) => `gradient${i}`)
  const saved = new Map<string, { slot: string; shape: readonly number[]; parameter: string }>()

  const items = parameters.map(({ name, shape }) => {
    const slots: Record<string, number> = { parameter: sizeOf(shape) }
    for (const source of sources) slots[source] = sizeOf(shape)
    for (const [slot, stateShape] of Object.entries(rule.state(config, shape))) {
      slots[slot] = sizeOf(stateShape)
      saved.set(`${slot}.${name}`, { slot, shape: stateShape, parameter: name })
    }
    return { name, slots: { ...slots, ...rule.scratch?.(config, shape) } }
  })
  const arena = createArena(items, options)
  const kernels = arena.memories.map(loadKernel)

  /** The elements [start, start + size) of a parameter, for a rule to bind. */
  const part = ({ name, shape, decay = shape.length >= 2 }: TrainedParameter, start: number, size: number): Bound => {
    const regions = arena.regions.get(name)!
    const pointer = (slot: string) => regions[slot]!.offset + 4 * start
    const { memory } = regions.parameter!
    const doubles = (slot: string) =>
      new Float64Array(arena.memories[memory]!.buffer, pointer(slot), regions[slot]!.length / 2)
    const floats = (slot: string) => viewOf(arena, name, slot)
    return { kernel: kernels[memory]!, shape, decay, size, padded: paddedLength(size), pointer, floats, doubles }
  }
  const pieces = parameters.flatMap((parameter) => {
    const size = sizeOf(parameter.shape)
    const starts = Array.from({ length: Math.ceil(size / pieceLength) }, (_, i) => i * pieceLength)
    return starts.map((start) => ({
      name: parameter.name,
      ...part(parameter, start, Math.min(pieceLength, size - start)),
    }))
  })
  const wholes = () => parameters.map((parameter) => part(parameter, 0, sizeOf(parameter.shape)))
  const updates = (rule.elementwise ? pieces : wholes()).map((bound) => ({
    size: bound.size,
    apply: rule.bind(config, bound),
  }))
  let steps = 0

  /** Sums the first `count` sources into the first, and returns the sum of squares of the result. */
  function gather({ kernel, padded, pointer }: Bound, count: number): number {
    const into = pointer('gradient0')
    if (count === 1) return kernel.sumOfSquares(into, padded)
    for (const source of sources.slice(1, count - 1)) kernel.add(into, pointer(source), padded)
    return kernel.addAndSumSquares(into, pointer(sources[count - 1]!), padded)
  }

  /** A step; yields the number of elements after each piece of work. */
  function* run(learningRate: number, options: StepOptions): Generator<number, StepReport> {
    const { clip, scale = 1, sources: count = 1 } = options
    if (count < 1 || count > sources.length)
      throw failure('GRADIENT_SOURCES', `step: ${count} gradient buffers asked for, there are ${sources.length}.`)
    let squares = 0
    let nonfinite: string | undefined
    for (const piece of pieces) {
      const sum = gather(piece, count)
      if (!Number.isFinite(sum)) nonfinite ??= piece.name
      squares += sum
      yield piece.size
    }
    const gradientNorm = Math.abs(scale) * Math.sqrt(squares)
    if (nonfinite !== undefined) return { gradientNorm, nonfinite }
    // The small number is PyTorch's (clip_grad_norm_): it keeps the quotient finite.
    const clipping = clip === undefined ? 1 : Math.min(1, clip / (gradientNorm + 1e-6))
    const values: StepValues = { step: ++steps, learningRate, scale: scale * clipping }
    for (const { apply, size } of updates) {
      apply(values)
      yield size
    }
    return { gradientNorm }
  }

  /** Adds one gradient buffer to another; yields like `run`. */
  function* add(into: number, from: number): Generator<number, void> {
    for (const { kernel, padded, pointer, size } of pieces) {
      kernel.add(pointer(`gradient${into}`), pointer(`gradient${from}`), padded)
      yield size
    }
  }

  return {
    arena,
    parameters: viewsOf(arena, 'parameter'),
    gradients: sources.map((source) => viewsOf(arena, source)),
    accumulate: (into, from) => inSlices(add(into, from)),
    step(learningRate, options = {}) {
      const work = run(learningRate, options)
      for (;;) {
        const { done, value } = work.next()
        if (done) return value
      }
    },
    stepInSlices: (learningRate, options = {}) => inSlices(run(learningRate, options)),
    state() {
      const out = new Map<string, NdArray>([
        ['step', { dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(steps)) }],
      ])
      for (const [name, { parameter, slot, shape }] of saved)
        out.set(name, { dtype: 'float32', shape, data: viewOf(arena, parameter, slot) })
      return out
    },
    load(state) {
      const wanted = new Map<string, { dtype: string; shape: readonly number[] }>([
        ['step', { dtype: 'int64', shape: [] }],
      ])
      for (const [name, { shape }] of saved) wanted.set(name, { dtype: 'float32', shape })
      checkState(state, wanted, config.name)
      for (const [name, { parameter, slot }] of saved)
        viewOf(arena, parameter, slot).set(state.get(name)!.data as Float32Array)
      steps = Number((state.get('step')!.data as BigInt64Array)[0])
    },
  }
}

/** Runs work that yields how many elements each piece had, and lets the event loop go round in between. */
async function inSlices<R>(work: Generator<number, R>): Promise<R> {
  for (let since = 0; ; ) {
    const { done, value } = work.next()
    if (done) return value
    since += value
    if (since < pieceLength) continue
    since = 0
    await giveWay()
  }
}

/** Throws unless the state holds exactly the tensors that this optimizer keeps. */
function checkState(
  state: ReadonlyMap<string, NdArray>,
  wanted: ReadonlyMap<string, { dtype: string; shape: readonly number[] }>,
  optimizer: string,
) {
  const refuse = (problem: string) =>
    fileError(
      'OPTIMIZER_STATE',
      `Optimizer state: ${problem} (for ${optimizer}).\nIt was saved by another optimizer or for another model.`,
    )
  for (const [name, { dtype, shape }] of wanted) {
    const found = state.get(name)
    if (!found) throw refuse(`${name} is missing`)
    if (found.dtype !== dtype || found.shape.join() !== shape.join())
      throw refuse(`${name} is ${found.dtype} [${found.shape}], expected ${dtype} [${shape}]`)
  }
  for (const name of state.keys()) if (!wanted.has(name)) throw refuse(`${name} is not known`)
}

/** The contract of an optimizer: what it remembers of each parameter, and how it changes one in a step. */
import type { z } from 'zod'
import type { Kernel, Pointer } from './kernel.ts'

/** What is the same for all parameters in one step. */
export type StepValues = {
  /** Number of this step, from 1. */
  step: number
  learningRate: number
  /** Factor in front of the gradients as they lie in memory: averaging over micro-batches, times clipping. */
  scale: number
}

/** One parameter, or a piece of one, as a rule sees it. Slots: `parameter`, `gradient0`, and those that the rule asked for. */
export type Bound = {
  kernel: Kernel
  shape: readonly number[]
  /** Whether weight decay applies to it. */
  decay: boolean
  /** Number of elements, and the same with the padding of the arena. */
  size: number
  padded: number
  pointer(slot: string): Pointer
  floats(slot: string): Float32Array
  doubles(slot: string): Float64Array
}

export type Rule<S extends z.ZodType> = {
  /** Its part of a recipe. */
  schema: S
  /** State to be saved in checkpoints: slot → shape, for a parameter of some shape. */
  state(config: z.output<S>, shape: readonly number[]): Record<string, readonly number[]>
  /** Working memory, in floats. */
  scratch?(config: z.output<S>, shape: readonly number[]): Record<string, number>
  /** Whether each element is updated by itself, so that a large parameter may be bound in pieces. */
  elementwise: boolean
  /** The update of one parameter, to be called once a step. */
  bind(config: z.output<S>, parameter: Bound): (values: StepValues) => void
}

/** Checks a rule against the contract and keeps its types. */
export const defineRule = <S extends z.ZodType>(rule: Rule<S>): Rule<S> => rule

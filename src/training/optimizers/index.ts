/** Optimizers: their configuration, their memory and their step. */
export { type Arena, type ArenaOptions, arenaBytes, type Region, viewOf, viewsOf } from './arena.ts'
export {
  createOptimizer,
  type Optimizer,
  type OptimizerConfig,
  optimizerFloats,
  optimizerSchema,
  type StepOptions,
  type StepReport,
  type TrainedParameter,
} from './optimizer.ts'

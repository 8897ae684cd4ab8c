/** What models are written with. */
export type { Tensor } from '../graph/tensor.ts'
export { arange, concat, constant, crossEntropy, einsum, where } from '../ops/index.ts'
export { type Activation, type ActivationName, activationNames, activations } from './activations.ts'
export { type AttendOptions, attend } from './attention.ts'
export { Cache, type CacheShape, LayerCache } from './cache.ts'
export { filled, type Init, normal, uniform } from './init.ts'
export { Embedding, LayerNorm, Linear, RmsNorm, takeRows } from './layers.ts'
export { type AnyModule, type Module, module, param, parameters, repeat, valuesIn } from './module.ts'
export { patches } from './patches.ts'
export {
  alibiBias,
  alibiSlopes,
  type BucketOptions,
  distanceBuckets,
  type RotaryOptions,
  type RotaryScaling,
  type Rotation,
  rotate,
  rotation,
  sinusoids,
} from './positions.ts'
export { Gru, Lstm, type RecurrentOptions, type RecurrentOutputs, Rnn } from './recurrent.ts'

/** What models are written with. */
export type { Tensor } from '../graph/tensor.ts'
export { arange, concat, constant, crossEntropy, einsum, where } from '../ops/index.ts'
export { type Activation, type ActivationName, activationNames, activations } from './activations.ts'
export { type AttendOptions, attend } from './attention.ts'
export { Cache, type CacheShape, LayerCache } from './cache.ts'
export { filled, type Init, normal, uniform } from './init.ts'
export { Embedding, LayerNorm, Linear, RmsNorm } from './layers.ts'
export { type AnyModule, type Module, module, param, parameters, repeat } from './module.ts'

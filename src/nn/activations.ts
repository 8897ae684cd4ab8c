/** Activation functions by the names that configuration files use. */
import type { Tensor } from '../graph/tensor.ts'

export type Activation = (x: Tensor) => Tensor

const geluTanh: Activation = (x) => x.gelu('tanh')

export const activations = {
  gelu: (x) => x.gelu(),
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  gelu_fast: geluTanh,
  quick_gelu: (x) => x.quickGelu(),
  relu: (x) => x.relu(),
  silu: (x) => x.silu(),
  swish: (x) => x.silu(),
  tanh: (x) => x.tanh(),
  sigmoid: (x) => x.sigmoid(),
} satisfies Record<string, Activation>

export type ActivationName = keyof typeof activations
export const activationNames = Object.keys(activations) as [ActivationName, ...ActivationName[]]

/** Layers against PyTorch's modules: outputs, loss, and the gradient of every parameter and input, on every runtime. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { program } from '../../src/graph/program.ts'
import type { Tensor } from '../../src/graph/tensor.ts'
import {
  attend,
  crossEntropy,
  Embedding,
  Gru,
  Linear,
  Lstm,
  module,
  param,
  parameters,
  Rnn,
} from '../../src/nn/index.ts'
import type { AnyModule } from '../../src/nn/module.ts'
import { input, layerNorm, rmsNorm } from '../../src/ops/index.ts'
import { nativeRuntime } from '../../src/runtime/native/native.ts'
import { referenceRuntime } from '../../src/runtime/reference.ts'
import { webRuntime } from '../../src/runtime/web.ts'
import { type NdArray, toNumbers } from '../../src/tensor/array.ts'
import { isFloat } from '../../src/tensor/dtype.ts'
import { capture } from '../../src/transforms/capture.ts'
import { gradients } from '../../src/transforms/gradients.ts'
import { parseSafetensors } from '../../src/weights/safetensors.ts'
import { type Arrays, differences, openOracle, tolerance } from './oracle.ts'

type Named<T> = { readonly [name: string]: T }
type Case = {
  readonly name: string
  readonly net: AnyModule
  /** The module's outputs by their recorded names. */
  readonly outputs: (inputs: Named<Tensor>) => Named<Tensor>
  /** Taps that are recorded as outputs. */
  readonly taps?: Named<string>
  /** The loss, where it is not the sum of the outputs times their recorded weights. */
  readonly loss?: (inputs: Named<Tensor>, outputs: Named<Tensor>) => Tensor
}

const rnn = Rnn(12, 16, { layers: 2 })
const gru = Gru(12, 16, { layers: 2 })
const lstm = Lstm(12, 16, { layers: 2 })

const norms = module(
  {
    affine: module({ weight: param([20]), bias: param([20]) }, (m, x: Tensor) => layerNorm(x, m.weight, m.bias)),
    no_bias: module({ weight: param([20]) }, (m, x: Tensor) => layerNorm(x, m.weight)),
    rms: module({ weight: param([20]) }, (m, x: Tensor) => rmsNorm(x, m.weight, 1e-5)),
  },
  (m, x: Tensor) => ({ affine: m.affine(x), no_bias: m.no_bias(x), plain: layerNorm(x), rms: m.rms(x) }),
)

const words = module({ embedding: Embedding(50, 12), linear: Linear(12, 50) }, (m, context: Tensor) =>
  m.linear(m.embedding(context).mean(1)),
)

/** torch.nn.MultiheadAttention: the projections of queries, keys and values in one matrix. */
const Multihead = () =>
  module(
    { in_proj_weight: param([72, 24]), in_proj_bias: param([72]), out_proj: Linear(24, 24) },
    (m, q: Tensor, kv: Tensor, padding: Tensor, causal: boolean) => {
      const weights = m.in_proj_weight.split(0, [24, 24, 24])
      const biases = m.in_proj_bias.split(0, [24, 24, 24])
      const [query, key, value] = [q, kv, kv].map((x, i) => x.matmul(weights[i]!, { transB: true }).add(biases[i]!))
      return m.out_proj(attend(query!, key!, value!, { heads: 4, causal, mask: padding.not() }))
    },
  )
const attention = module({ self: Multihead(), cross: Multihead() }, (m, i: Named<Tensor>) => ({
  self: m.self(i.x!, i.x!, i.key_padding_mask!, true),
  cross: m.cross(i.x!, i.memory!, i.memory_key_padding_mask!, false),
}))

const cases: Case[] = [
  {
    name: 'rnn-tanh',
    net: rnn,
    outputs: ({ x, h0 }) => {
      const { output, hidden } = rnn(x!, h0!)
      return { y: output, hn: hidden }
    },
  },
  {
    name: 'gru',
    net: gru,
    outputs: ({ x, h0 }) => {
      const { output, hidden } = gru(x!, h0!)
      return { y: output, hn: hidden }
    },
  },
  {
    name: 'lstm',
    net: lstm,
    outputs: ({ x, h0, c0 }) => {
      const { output, hidden, cell } = lstm(x!, h0!, c0!)
      return { y: output, hn: hidden, cn: cell }
    },
  },
  { name: 'layernorm', net: norms, outputs: ({ x }) => norms(x!) },
  {
    name: 'multihead-attention',
    net: attention,
    outputs: (inputs) => attention(inputs),
    taps: { attention_self: 'self.weights', attention_cross: 'cross.weights' },
  },
  {
    name: 'cbow',
    net: words,
    outputs: ({ context }) => ({ logits: words(context!) }),
    loss: ({ target }, { logits }) => crossEntropy(logits!, target!),
  },
]

/** Ids as programs take them. */
const fed = (array: NdArray): NdArray =>
  array.dtype === 'int64' ? { ...array, dtype: 'int32', data: Int32Array.from(toNumbers(array)) } : array

const prefixed = <T>(prefix: string, entries: Iterable<readonly [string, T]>): Named<T> =>
  Object.fromEntries([...entries].map(([name, value]) => [prefix + name, value]))

/** The case as a program whose outputs have the recorded names, and what it is fed. */
function programOf({ name, net, outputs, taps = {}, loss }: Case) {
  const oracle = openOracle(name)
  const stored = parseSafetensors(readFileSync(`${oracle.model}/model.safetensors`))
  const recorded = new Map([...oracle.under('input.')].map(([key, array]) => [key, fed(array)]))
  const weights: Arrays = loss ? new Map() : oracle.under('weight.')
  const leaves = (arrays: Arrays, prefix: string) =>
    new Map([...arrays].map(([key, { shape, dtype }]) => [key, input(prefix + key, shape, dtype)] as const))
  const [inputs, factors] = [leaves(recorded, 'input.'), leaves(weights, 'weight.')]
  const results = outputs(Object.fromEntries(inputs))
  const total =
    loss?.(Object.fromEntries(inputs), results) ??
    Object.entries(results)
      .map(([key, y]) => y.mul(factors.get(key)!).sum())
      .reduce((a, b) => a.add(b))
  const opened = capture([total, ...Object.values(results)], Object.values(taps))
  const [start, ...values] = opened.outputs
  const tapped = Object.entries(taps).map(([key, path]) => [key, opened.captured.get(path)!] as const)
  const wanted = [...parameters(net)]
  const differentiated = [...inputs].filter(([, x]) => isFloat(x.dtype))
  const found = gradients(
    start!,
    [...wanted, ...differentiated].map(([, x]) => x),
    [...values, ...tapped.map(([, y]) => y)],
  )
  const named = [...Object.keys(results), ...tapped.map(([key]) => key)]
  return {
    oracle,
    program: program(
      { ...prefixed('input.', inputs), ...prefixed('weight.', factors), ...prefixed('parameter.', wanted) },
      {
        'output.loss': found.loss,
        ...prefixed(
          'output.',
          named.map((key, i) => [key, found.outputs[i]!]),
        ),
        ...prefixed(
          'grad.',
          wanted.map(([key], i) => [key, found.gradients[i]!]),
        ),
        ...prefixed(
          'grad_input.',
          differentiated.map(([key], i) => [key, found.gradients[wanted.length + i]!]),
        ),
      },
    ),
    feeds: {
      ...prefixed('input.', recorded),
      ...prefixed('weight.', weights),
      ...prefixed(
        'parameter.',
        wanted.map(([key]) => [key, stored.get(key)]),
      ),
    },
  }
}

describe.each([referenceRuntime(), nativeRuntime(), webRuntime()])('on the runtime $name', (runtime) => {
  test.each(cases)('$name', async (each) => {
    const { oracle, program, feeds } = programOf(each)
    const executable = await runtime.compile(program)
    const found = await executable.run(feeds)
    await executable.dispose()
    const under = (prefix: string): Arrays =>
      new Map(
        Object.entries(found).flatMap(([key, array]) =>
          key.startsWith(prefix) ? [[key.slice(prefix.length), array]] : [],
        ),
      )
    expect(differences(under('output.'), oracle.under('output.'), tolerance.output)).toEqual([])
    expect(differences(under('grad.'), oracle.under('grad.'), tolerance.gradient)).toEqual([])
    if (under('grad_input.').size > 0)
      expect(differences(under('grad_input.'), oracle.under('grad_input.'), tolerance.gradient)).toEqual([])
  })
})

/** GPT-2 (Radford et al. 2019, "Language models are unsupervised multitask learners"): a pre-norm decoder with learned positions and a tied output layer. */
//   b batch · t tokens · h heads · c model width · v vocabulary
import type { ActivationName, Cache, LayerCache, Tensor } from '../nn/index.ts'
import {
  activations,
  arange,
  attend,
  crossEntropy,
  Embedding,
  einsum,
  LayerNorm,
  Linear,
  module,
  normal,
  param,
  repeat,
  takeRows,
} from '../nn/index.ts'
import type { Definition, ModelInputs, ModelOutputs, Network, Size } from './definition.ts'
import { causalInputs } from './definition.ts'

export type Gpt2Config = Size & {
  dropout: number
  embeddingDropout: number
  attentionDropout: number
  /** Width of the hidden layer of the MLP; 4·width as published. */
  inner: number
  activation: ActivationName
  epsilon: number
  /** Scores times 1/√(width of a head). */
  scaleAttention: boolean
  /** Scores divided by the layer's number, from 1 (Mistral's training runs). */
  scaleByLayer: boolean
  /** The output layer is the token embedding. */
  tied: boolean
  initializerRange: number
}

const published = { context: 1024, vocabulary: 50257 }
/** The published sizes; the last column is how the paper's table 2 counts them. */
export const gpt2Sizes = {
  gpt2: { ...published, layers: 12, heads: 12, width: 768, parameters: 124_439_808, paper: '117M' },
  'gpt2-medium': { ...published, layers: 24, heads: 16, width: 1024, parameters: 354_823_168, paper: '345M' },
  'gpt2-large': { ...published, layers: 36, heads: 20, width: 1280, parameters: 774_030_080, paper: '762M' },
  'gpt2-xl': { ...published, layers: 48, heads: 25, width: 1600, parameters: 1_557_611_200, paper: '1542M' },
}

/** The published weights lie as [in, out]. */
const Dense = (inputs: number, outputs: number, deviation: number) =>
  Linear(inputs, outputs, { init: normal(deviation), layout: 'in out' })

/** Projections into the residual stream start smaller, because 2·layers of them add up there (paper, §2.3). */
const residual = (c: Gpt2Config) => c.initializerRange / Math.sqrt(2 * c.layers)

/** softmax(QKᵀ/√d)·V for every head at once; a query sees itself and what came before it. */
const Attention = (c: Gpt2Config, layer: number) =>
  module(
    { c_attn: Dense(c.width, 3 * c.width, c.initializerRange), c_proj: Dense(c.width, c.width, residual(c)) },
    (m, x: Tensor, mask?: Tensor, cache?: LayerCache) => {
      const [q, k, v] = m.c_attn(x).split(-1, [c.width, c.width, c.width]) as [Tensor, Tensor, Tensor]
      const scale = (c.scaleAttention ? 1 / Math.sqrt(c.width / c.heads) : 1) / (c.scaleByLayer ? layer + 1 : 1)
      const mixed = attend(q, k, v, { heads: c.heads, causal: true, mask, scale, dropout: c.attentionDropout, cache })
      return m.c_proj(mixed).dropout(c.dropout)
    },
  )

const Mlp = (c: Gpt2Config) =>
  module(
    { c_fc: Dense(c.width, c.inner, c.initializerRange), c_proj: Dense(c.inner, c.width, residual(c)) },
    (m, x: Tensor) => m.c_proj(activations[c.activation](m.c_fc(x))).dropout(c.dropout),
  )

const Block = (c: Gpt2Config, layer: number) =>
  module(
    {
      ln_1: LayerNorm(c.width, c.epsilon),
      attn: Attention(c, layer),
      ln_2: LayerNorm(c.width, c.epsilon),
      mlp: Mlp(c),
    },
    (m, x: Tensor, mask?: Tensor, cache?: LayerCache) => {
      x = x.add(m.attn(m.ln_1(x), mask, cache))
      return x.add(m.mlp(m.ln_2(x)))
    },
  )

/** Token ids [b, t] → the last layer's states [b, t, c]. */
const Transformer = (c: Gpt2Config) =>
  module(
    {
      wte: Embedding(c.vocabulary, c.width, normal(c.initializerRange)),
      wpe: Embedding(c.context, c.width, normal(c.initializerRange)),
      h: repeat(c.layers, (i) => Block(c, i)),
      ln_f: LayerNorm(c.width, c.epsilon),
    },
    (m, ids: Tensor, positions: Tensor, mask?: Tensor, cache?: Cache) => {
      let x = m.wte(ids).add(m.wpe(positions)).tap('embeddings').dropout(c.embeddingDropout)
      for (const [i, block] of m.h.entries()) x = block(x, mask, cache?.layer(i))
      return m.ln_f(x)
    },
  )

/** Token ids [b, t] → logits [b, t, v], or [b, k, v] at k places; with labels [b, t] also the mean loss of each next token. */
export const Gpt2 = (c: Gpt2Config): Network =>
  module(
    {
      transformer: Transformer(c),
      ...(!c.tied && { lm_head: module({ weight: param([c.vocabulary, c.width]) }, (m) => m.weight) }),
    },
    (m, { input_ids, attention_mask, position_ids, labels, logits_at }: ModelInputs, cache?: Cache): ModelOutputs => {
      const steps = arange(input_ids!.shape[1]!)
      const positions = position_ids ?? (cache ? cache.starts.unsqueeze(1).add(steps) : steps)
      const x = m.transformer(input_ids!, positions, attention_mask, cache)
      const head = (m.lm_head ?? m.transformer.wte).weight
      const logits = einsum('b t c, v c -> b t v', logits_at ? takeRows(x, logits_at) : x, head)
      return labels ? { logits, loss: crossEntropy(logits, labels.shift(1, -1, -100)) } : { logits }
    },
  ) as unknown as Network

const blocks = (c: Gpt2Config) => Array.from({ length: c.layers }, (_, i) => `transformer.h.${i}`)

export const gpt2: Definition<Gpt2Config> = {
  type: 'gpt2',
  architecture: 'GPT2LMHeadModel',
  paper: 'GPT-2, Radford et al. 2019',
  inputs: causalInputs,
  build: Gpt2,
  configure: ({ dropout = 0.1, ...size }) => ({
    ...size,
    dropout,
    embeddingDropout: dropout,
    attentionDropout: dropout,
    inner: 4 * size.width,
    activation: 'gelu_new',
    epsilon: 1e-5,
    scaleAttention: true,
    scaleByLayer: false,
    tied: true,
    initializerRange: 0.02,
  }),
  sizes: gpt2Sizes,
  hiddenStates: (c) => ['transformer.embeddings', ...blocks(c).slice(0, -1), 'transformer.ln_f'],
  attentions: (c) => blocks(c).map((block) => `${block}.attn.weights`),
  residual: (c) => blocks(c).map((end) => ({ adds: { attention: `${end}.attn`, mlp: `${end}.mlp` }, end })),
  cache: (c) => ({ layers: c.layers, keyHeads: c.heads, headWidth: c.width / c.heads }),
  vocabulary: (c) => c.vocabulary,
  context: (c) => c.context,
}

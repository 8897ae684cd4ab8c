/** GPT-2 as Hugging Face stores it. */
import * as z from 'zod'
import { type Gpt2Config, gpt2 } from '../models/gpt2.ts'
import { activationNames } from '../nn/index.ts'
import { count, deviation, epsilon, flag, rate } from './fields.ts'
import { defineFormat } from './format.ts'

const fields = {
  vocab_size: count.default(50257),
  n_positions: count.default(1024),
  n_embd: count.default(768),
  n_layer: count.max(10_000, 'at most 10000').default(12),
  n_head: count.default(12),
  n_inner: count.nullish(),
  activation_function: z.enum(activationNames).default('gelu_new'),
  resid_pdrop: rate.default(0.1),
  embd_pdrop: rate.default(0.1),
  attn_pdrop: rate.default(0.1),
  layer_norm_epsilon: epsilon.default(1e-5),
  initializer_range: deviation.default(0.02),
  scale_attn_weights: flag.default(true),
  scale_attn_by_inverse_layer_idx: flag.default(false),
  tie_word_embeddings: flag.default(true),
  add_cross_attention: z.literal(false, 'false: cross-attention is not supported').default(false),
}

const config = z
  .looseObject(fields)
  .refine((c) => c.n_embd % c.n_head === 0, {
    path: ['n_embd'],
    message: 'a multiple of n_head',
    when: ({ issues }) => issues.length === 0,
  })
  .transform(
    (c): Gpt2Config => ({
      vocabulary: c.vocab_size,
      context: c.n_positions,
      layers: c.n_layer,
      heads: c.n_head,
      width: c.n_embd,
      inner: c.n_inner ?? 4 * c.n_embd,
      activation: c.activation_function,
      dropout: c.resid_pdrop,
      embeddingDropout: c.embd_pdrop,
      attentionDropout: c.attn_pdrop,
      epsilon: c.layer_norm_epsilon,
      scaleAttention: c.scale_attn_weights,
      scaleByLayer: c.scale_attn_by_inverse_layer_idx,
      tied: c.tie_word_embeddings,
      initializerRange: c.initializer_range,
    }),
  )

/** Fields that say nothing about the numbers of a language model: older names, and the head of a classifier. */
const others = [
  ...['n_ctx', 'reorder_and_upcast_attn', 'predict_special_tokens', 'summary_activation', 'summary_first_dropout'],
  ...['summary_proj_to_labels', 'summary_type', 'summary_use_proj'],
]

/** Masks that old files carry as tensors. */
const buffer = /\.attn\.(bias|masked_bias)$/

export const gpt2Format = defineFormat<Gpt2Config>({
  definition: gpt2,
  config,
  known: [...Object.keys(fields), ...others],
  fields: (c) => ({
    vocab_size: c.vocabulary,
    n_positions: c.context,
    n_embd: c.width,
    n_layer: c.layers,
    n_head: c.heads,
    n_inner: c.inner === 4 * c.width ? null : c.inner,
    activation_function: c.activation,
    resid_pdrop: c.dropout,
    embd_pdrop: c.embeddingDropout,
    attn_pdrop: c.attentionDropout,
    layer_norm_epsilon: c.epsilon,
    initializer_range: c.initializerRange,
    scale_attn_weights: c.scaleAttention,
    scale_attn_by_inverse_layer_idx: c.scaleByLayer,
    tie_word_embeddings: c.tied,
    use_cache: true,
  }),
  parameterOf: (stored, c) => {
    if (buffer.test(stored)) return undefined
    if (stored === 'lm_head.weight') return c.tied ? undefined : stored
    return stored.startsWith('transformer.') ? stored : `transformer.${stored}`
  },
  copies: (c) => new Map(c.tied ? [['lm_head.weight', 'transformer.wte.weight']] : []),
})

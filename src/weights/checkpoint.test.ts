import { describe, expect, it } from 'vitest'
import { parameters } from '../nn/index.ts'
import { zeros } from '../tensor/array.ts'
import { configFile, matchWeights, parseConfig } from './checkpoint.ts'
import { gpt2Format } from './gpt2.ts'
import { parseSafetensors } from './safetensors.ts'
import { encodeSafetensors } from './safetensors-write.ts'

const good = { model_type: 'gpt2', vocab_size: 10, n_positions: 4, n_embd: 8, n_layer: 1, n_head: 2 }
const parse = (change: object) => parseConfig({ ...good, ...change }, 'config.json')

/** The message of a refusal; at most three lines. */
function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    const { message } = error as Error
    expect(message.split('\n').length).toBeLessThanOrEqual(3)
    return message
  }
  throw new Error('was accepted')
}

describe('config.json', () => {
  it.each([
    ['no model_type', { model_type: undefined }, /model_type is missing[\s\S]*gpt2/],
    ['an unknown model_type', { model_type: 'zpt' }, /model_type is "zpt"[\s\S]*gpt2/],
    ['a number as model_type', { model_type: 7 }, /model_type is 7/],
    ['a width that heads do not divide', { n_embd: 9 }, /n_embd is 9, expected a multiple of n_head/],
    ['no heads', { n_head: 0 }, /n_head is 0, expected a positive whole number/],
    ['negative heads', { n_head: -2 }, /n_head is -2/],
    ['no layers', { n_layer: 0 }, /n_layer is 0/],
    ['layers beyond reason', { n_layer: 1e9 }, /n_layer is 1000000000, expected at most 10000/],
    ['a string as a number', { n_layer: '2' }, /n_layer is "2", expected a positive whole number/],
    ['a fraction', { n_layer: 2.5 }, /n_layer is 2.5/],
    ['infinity', { n_layer: Number.POSITIVE_INFINITY }, /n_layer/],
    ['a boolean', { n_layer: true }, /n_layer is true/],
    ['an unknown activation', { activation_function: 'zelu' }, /activation_function is "zelu", expected .*gelu_new/],
    ['a negative epsilon', { layer_norm_epsilon: -1 }, /layer_norm_epsilon is -1/],
    ['a dropout of two', { resid_pdrop: 2 }, /resid_pdrop is 2, expected a rate/],
    ['cross-attention', { add_cross_attention: true }, /add_cross_attention/],
  ])('refuses %s', (_, change, message) => {
    expect(refusal(() => parse(change))).toMatch(message)
  })

  it.each([[[]], [null], ['x'], [3]])('refuses %j as the root', (root) => {
    expect(refusal(() => parseConfig(root, 'config.json'))).toMatch(/root must be an object/)
  })

  it('keeps unknown fields and comes back as it was written', () => {
    const { format, config, file } = parse({ custom: { a: 1 }, n_inner: 5, scale_attn_by_inverse_layer_idx: true })
    const written = configFile(format, config, file)
    expect(written).toMatchObject({ ...good, custom: { a: 1 }, n_inner: 5, scale_attn_by_inverse_layer_idx: true })
    expect(parseConfig(written, 'config.json').config).toEqual(config)
  })
})

describe('weights', () => {
  const described = parse({})
  const tensors = () =>
    new Map(
      [...parameters(gpt2Format.definition.build(described.config))].map(([name, x]) => [
        name,
        zeros('float32', x.shape as number[]),
      ]),
    )
  const match = (change: (all: ReturnType<typeof tensors>) => void, others = described) => {
    const all = tensors()
    change(all)
    return matchWeights(others, parseSafetensors(encodeSafetensors(all)), 'model.safetensors')
  }

  it('match with and without the prefix, and without the masks of old files', () => {
    const all = tensors()
    const short = new Map([...all].map(([name, x]) => [name.replace('transformer.', ''), x]))
    short.set('h.0.attn.bias', zeros('float32', [1, 1, 4, 4]))
    const found = matchWeights(described, parseSafetensors(encodeSafetensors(short)), 'model.safetensors')
    expect([...found.constants.keys()].sort()).toEqual([...all.keys()].sort())
    expect(found.warnings).toEqual([])
  })

  it('are refused when one is missing, and the message names it', () => {
    expect(refusal(() => match((all) => void all.delete('transformer.h.0.mlp.c_fc.bias')))).toMatch(
      /1 of 16 tensors are missing: transformer\.h\.0\.mlp\.c_fc\.bias/,
    )
  })

  it('are refused when a shape differs, with both shapes', () => {
    expect(refusal(() => match((all) => void all.set('transformer.wpe.weight', zeros('float32', [5, 8]))))).toMatch(
      /wpe\.weight is \[5, 8\].*\[4, 8\]/,
    )
  })

  it('are refused when the vocabulary is beyond reason, before anything is allocated', () => {
    expect(refusal(() => match(() => {}, parse({ vocab_size: 1e15 })))).toMatch(/\[10, 8\].*\[1000000000000000, 8\]/)
  })

  it('are refused when they are integers', () => {
    expect(refusal(() => match((all) => void all.set('transformer.ln_f.bias', zeros('int32', [8]))))).toMatch(
      /I32, expected floats/,
    )
  })

  it('that the model does not have are named', () => {
    expect(match((all) => void all.set('extra', zeros('float32', [1]))).warnings).toEqual([
      'model.safetensors: not part of the model, so ignored: "extra".',
    ])
  })
})

import { describe, expect, it } from 'vitest'
import { parameters } from '../nn/index.ts'
import { input } from '../ops/index.ts'
import { gpt2, gpt2Sizes } from './gpt2.ts'

const count = (config: Parameters<typeof gpt2.build>[0]) =>
  [...parameters(gpt2.build(config)).values()].reduce(
    (sum, x) => sum + (x.shape as number[]).reduce((a, b) => a * b, 1),
    0,
  )

describe('GPT-2', () => {
  it.each(Object.entries(gpt2Sizes))(
    '%s has the published number of parameters',
    (_, { parameters: published, paper, ...size }) => {
      expect(count(gpt2.configure(size))).toBe(published)
    },
  )

  it('names its parameters as the published files do', () => {
    const names = [
      ...parameters(gpt2.build(gpt2.configure({ layers: 1, heads: 2, width: 8, context: 4, vocabulary: 10 }))).keys(),
    ]
    expect(names).toEqual([
      'transformer.wte.weight',
      'transformer.wpe.weight',
      ...[
        'ln_1.weight',
        'ln_1.bias',
        'attn.c_attn.weight',
        'attn.c_attn.bias',
        'attn.c_proj.weight',
        'attn.c_proj.bias',
      ].map((n) => `transformer.h.0.${n}`),
      ...['ln_2.weight', 'ln_2.bias', 'mlp.c_fc.weight', 'mlp.c_fc.bias', 'mlp.c_proj.weight', 'mlp.c_proj.bias'].map(
        (n) => `transformer.h.0.${n}`,
      ),
      'transformer.ln_f.weight',
      'transformer.ln_f.bias',
    ])
  })

  it('has a head of its own when untied', () => {
    const config = { ...gpt2.configure({ layers: 1, heads: 2, width: 8, context: 4, vocabulary: 10 }), tied: false }
    expect(parameters(gpt2.build(config)).get('lm_head.weight')?.shape).toEqual([10, 8])
  })

  it('says where in the model shapes do not fit', () => {
    const network = gpt2.build({ ...gpt2.configure({ layers: 2, heads: 3, width: 8, context: 4, vocabulary: 10 }) })
    expect(() => network({ input_ids: input('input_ids', [1, 4], 'int32') })).toThrow(
      /8.*\(in transformer\.h\.0\.attn\)/s,
    )
  })
})

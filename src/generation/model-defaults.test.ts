import { describe, expect, it } from 'vitest'
import { withModelDefaults } from './model-defaults.ts'

const file = { do_sample: true, temperature: 0.7, top_k: 20, top_p: 0.8, repetition_penalty: 1.05, eos_token_id: 2 }

describe('defaults of a model', () => {
  it('are taken where its file says that texts are drawn', () => {
    const asked = { temperature: 0.7, topK: 20, topP: 0.8, repetitionPenalty: 1.05 }
    expect(withModelDefaults({}, file)).toEqual(asked)
    expect(withModelDefaults({ topK: 5, seed: 3 }, file)).toEqual({ ...asked, topK: 5, seed: 3 })
  })

  it('are left alone otherwise, or where nothing is drawn', () => {
    for (const generation of [undefined, {}, { ...file, do_sample: false }, { ...file, do_sample: undefined }])
      expect(withModelDefaults({ seed: 1 }, generation)).toEqual({ seed: 1 })
    for (const options of [{ temperature: 0 }, { beams: 2 }, { contrastivePenalty: 0.5 }])
      expect(withModelDefaults(options, file)).toEqual(options)
  })

  it('do not count where they mean nothing', () => {
    const nothing = { temperature: 1, top_k: 0, top_p: 1, typical_p: 1, epsilon_cutoff: 0, eta_cutoff: 0, min_p: null }
    expect(withModelDefaults({}, { do_sample: true, ...nothing, repetition_penalty: 1 })).toEqual({})
  })

  it.each([
    ['top_p', 2, /generation_config\.json: top_p is 2, expected a number above 0 and at most 1/],
    ['top_k', 'all', /top_k is "all", expected a whole number/],
    ['temperature', -1, /temperature is -1, expected a number of 0 or more/],
  ])('are refused where they are wrong: %s %j', (field, value, says) => {
    expect(() => withModelDefaults({}, { ...file, [field]: value })).toThrow(says)
    expect(withModelDefaults({ temperature: 0 }, { ...file, [field]: value })).toEqual({ temperature: 0 })
  })
})

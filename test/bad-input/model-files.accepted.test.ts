/** Model directories that are odd and yet usable: they load, warnings say what is odd, and generation ends. */
import { symlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type NdArray, zeros } from '../../src/tensor/array.ts'
import { narrow } from '../../src/tensor/half.ts'
import { configFile, parseConfig, readParameters } from '../../src/weights/checkpoint.ts'
import { type ModelDirectory, tinyConfig, tinyFile, tinyWeights, withHeader } from './model-files.fixture.ts'
import { loaded, write } from './model-files.loaded.ts'

const wte = 'transformer.wte.weight'

type Oddity = readonly [what: string, spoil: (model: ModelDirectory) => unknown, warnings: readonly (string | RegExp)[]]

/** Each generates three tokens after its warnings. */
const oddities: readonly Oddity[] = [
  ['nothing at all', () => {}, []],
  [
    'fields that all config.json may have',
    (m) => m.config({ architectures: ['A'], use_cache: true, _name_or_path: 'x', n_ctx: 8 }),
    [],
  ],
  [
    'an unknown field',
    (m) => m.config({ custom: { a: 1 } }),
    ['config.json: fields that are not understood are kept, but change nothing: "custom".'],
  ],
  [
    'many unknown fields',
    (m) => m.config(Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`f${i}`, i]))),
    [/: "f0", "f1", "f2", "f3", … \(900 in all\)\.$/],
  ],
  [
    'auto_map',
    (m) => m.config({ auto_map: { AutoModel: 'modeling.Evil' } }),
    ['config.json: auto_map names program code; it is never run.'],
  ],
  [
    'an end token beyond the vocabulary',
    (m) => m.config({ eos_token_id: 999 }),
    ['config.json: outside of the vocabulary of 16, so ignored: eos_token_id 999.'],
  ],
  [
    'negative and missing special tokens',
    (m) => m.config({ eos_token_id: null, pad_token_id: -1 }),
    [/vocabulary of 16, so ignored: pad_token_id -1/],
  ],
  [
    'end tokens of which one is beyond',
    (m) => m.write('generation_config.json', '{"eos_token_id":[15,16]}'),
    [/^generation_config\.json: .*eos_token_id 16/],
  ],
  [
    'an extra tensor',
    (m) => m.weights((all) => void all.set('extra', zeros('float32', [1]))),
    ['model.safetensors: not part of the model, so ignored: "extra".'],
  ],
  [
    'an extra tensor of integers',
    (m) => m.weights((all) => void all.set('position_ids', zeros('int64', [1, 8]))),
    [/"position_ids"/],
  ],
  [
    'the masks of old files',
    (m) => m.weights((all) => void all.set('transformer.h.0.attn.bias', zeros('uint8', [1, 1, 8, 8]))),
    [],
  ],
  [
    'names without their prefix',
    (m) => m.weights((all) => renameAll(all, (name) => name.replace('transformer.', ''))),
    [],
  ],
  ['an equal copy of a tied tensor', (m) => m.weights((all) => void all.set('lm_head.weight', all.get(wte)!)), []],
  [
    'a copy of a tied tensor that differs',
    (m) => m.weights((all) => void all.set('lm_head.weight', zeros('float32', [16, 8]))),
    [
      'model.safetensors: "lm_head.weight" differs from "transformer.wte.weight", to which it is tied; "transformer.wte.weight" is used.',
    ],
  ],
  [
    'a copy of a tied tensor of another shape',
    (m) => m.weights((all) => void all.set('lm_head.weight', zeros('float32', [3]))),
    [/"lm_head\.weight" differs/],
  ],
  [
    'only the copy of a tied tensor',
    (m) => m.weights((all) => renameAll(all, (name) => (name === wte ? 'lm_head.weight' : name))),
    [],
  ],
  ['shards', (m) => m.shards(), []],
  [
    'a wrong total size',
    (m) => m.shards((index) => ({ ...index, metadata: { total_size: 7 } })),
    [/gives a total_size of 7 bytes, but the tensors have \d+\.$/],
  ],
  [
    'a total size that is no number',
    (m) => m.shards((index) => ({ ...index, metadata: { total_size: 'big' } })),
    [/total_size of "big" bytes/],
  ],
  ['metadata that is no object', (m) => m.shards((index) => ({ ...index, metadata: [] as never })), []],
  [
    'one file beside an index',
    (m) => {
      m.shards()
      m.write('model.safetensors', tinyFile())
    },
    ['model.safetensors.index.json: is not read, because model.safetensors lies beside it.'],
  ],
  [
    'a tensor in two shards',
    (m) => {
      m.shards()
      m.write('a.safetensors', tinyFile())
    },
    [/index\.json: tensors elsewhere than it says are ignored: .* \(27 in all\)/],
  ],
  [
    'a link to the file, as in the Hugging Face cache',
    (m) => {
      m.write('blob', tinyFile())
      m.remove('model.safetensors')
      symlinkSync('blob', m.at('model.safetensors'))
    },
    [],
  ],
  [
    'leading and trailing spaces in the header',
    (m) =>
      m.write(
        'model.safetensors',
        withHeader((json) => `  ${json}   `),
      ),
    [],
  ],
  [
    'a field of a tensor that is not known',
    (m) =>
      m.write(
        'model.safetensors',
        withHeader((json) => json.replace('"dtype"', '"stride":[1],"dtype"')),
      ),
    [],
  ],
  [
    'metadata null',
    (m) =>
      m.write(
        'model.safetensors',
        withHeader((json) => json.replace('{"format":"pt"}', 'null')),
      ),
    [],
  ],
]

function renameAll(all: Map<string, NdArray>, rename: (name: string) => string): void {
  for (const [name, array] of [...all]) {
    all.delete(name)
    all.set(rename(name), array)
  }
}

test.each(oddities)('loads with %s', async (_, spoil, expected) => {
  await loaded(spoil, {}, async (model, warnings) => {
    expect(warnings).toHaveLength(expected.length)
    for (const [i, says] of expected.entries()) expect(warnings[i]).toMatch(says)
    expect((await write(model)).length).toBeGreaterThan(2)
  })
})

test.each(['float16', 'bfloat16', 'float64'] as const)(
  'weights of %s are those of float32, as near as they come',
  async (dtype) => {
    const convert = ({ shape, data }: NdArray): NdArray => ({
      dtype,
      shape,
      data: dtype === 'float64' ? Float64Array.from(data as Float32Array) : narrow(data as Float32Array, dtype),
    })
    const spoil = (model: ModelDirectory) =>
      model.weights((all) => {
        for (const [name, array] of [...all]) all.set(name, convert(array))
      })
    await loaded(spoil, {}, async ({ checkpoint }, warnings) => {
      expect(warnings).toEqual([])
      const values = await readParameters(checkpoint)
      for (const [name, { data }] of tinyWeights())
        for (const [i, value] of (values.get(name)!.data as Float32Array).entries())
          expect(Math.abs(value - Number(data[i]))).toBeLessThanOrEqual(Math.abs(Number(data[i])) / 128)
    })
  },
)

test('unknown fields come back when the config is written', () => {
  const fields = { ...tinyConfig, custom: { a: [1] }, auto_map: { b: 'c' } }
  const { format, config, file } = parseConfig(fields, 'config.json')
  expect(configFile(format, config, file)).toMatchObject(fields)
})

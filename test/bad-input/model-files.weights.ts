/** Weights that must be refused: files that do not fit the model, damaged copies of a valid file, shards and their index. */
import { zeros } from '../../src/tensor/array.ts'
import { tinyFile, withHeader } from './model-files.fixture.ts'
import { malformedFiles } from './model-files.headers.ts'
import type { ModelCase } from './model-files.ts'

const wte = 'transformer.wte.weight'
const bias = 'transformer.h.0.ln_1.bias'

/** A case whose model.safetensors is made of the tiny model's. */
const file = (name: string, make: () => Uint8Array, code: string, says: RegExp): ModelCase => ({
  name: `weights: ${name}`,
  build: (model) => model.write('model.safetensors', make()),
  code,
  says,
})

/** Damage to one byte after another would be found by the same rules; these are the places where they differ. */
const damaged: readonly ModelCase[] = [
  file('cut in the header', () => tinyFile().subarray(0, 500), 'ST_TRUNCATED_HEADER', /but only 492 follow/),
  file('cut in the data', () => tinyFile().subarray(0, -100), 'ST_TRUNCATED_DATA', /ends at byte \d+ of the data/),
  file('a byte too many', () => Uint8Array.from([...tinyFile(), 0]), 'ST_TRAILING_BYTES', /1 bytes follow the last/),
  file('twice in a row', () => Uint8Array.from([...tinyFile(), ...tinyFile()]), 'ST_TRAILING_BYTES', /bytes follow/),
  file(
    'length one less',
    () => {
      const bytes = tinyFile()
      new DataView(bytes.buffer).setUint8(0, bytes[0]! - 1)
      return bytes
    },
    'ST_TRAILING_BYTES',
    /1 bytes follow/,
  ),
  file(
    'length in the wrong byte order',
    () => {
      const bytes = tinyFile()
      bytes.subarray(0, 8).reverse()
      return bytes
    },
    'ST_HEADER_TOO_LARGE',
    /claims a header of \d{12,} bytes/,
  ),
  file(
    'a bit of the header flipped',
    () => withHeader((json) => json.replace('"F32"', '"F72"')),
    'ST_BAD_DTYPE',
    /"F72"/,
  ),
  file('half the element size', () => withHeader((json) => json.replace('"F32"', '"F16"')), 'ST_SIZE_MISMATCH', /F16/),
  file(
    'a number with a digit less',
    () => withHeader((json) => json.replace(/"data_offsets":\[0,(\d)\d*/, '"data_offsets":[0,$1')),
    'ST_SIZE_MISMATCH',
    /takes \d bytes/,
  ),
  file(
    'a name twice',
    () => withHeader((json) => json.replace('ln_1.weight', 'ln_1.bias')),
    'ST_DUPLICATE_KEY',
    /"transformer/,
  ),
  file(
    'two tensors swapped in size',
    () => withHeader((json) => json.replace('[16,8]', '[8,8]')),
    'ST_SIZE_MISMATCH',
    /\[8,8\]/,
  ),
  file(
    'metadata that is a list',
    () => withHeader((json) => json.replace('{"format":"pt"}', '["pt"]')),
    'ST_BAD_METADATA',
    /\["pt"\]/,
  ),
]

/** Files in order, for another model. */
const mismatched: readonly ModelCase[] = [
  {
    name: 'weights: a layer less than the config has',
    build: (model) => model.config({ n_layer: 3 }),
    code: 'MISSING_TENSORS',
    says: /12 of 40 tensors are missing: transformer\.h\.2\.ln_1\.weight, .*\n.*--allow-missing/,
  },
  {
    name: 'weights: ten thousand layers in the config',
    build: (model) => model.config({ n_layer: 10_000 }),
    code: 'MISSING_TENSORS',
    says: /holds 28 tensors, but config\.json asks for 10000 layers/,
  },
  {
    name: 'weights: another vocabulary',
    build: (model) => model.config({ vocab_size: 17 }),
    code: 'WRONG_SHAPE',
    says: /transformer\.wte\.weight is \[16, 8\], config\.json asks for \[17, 8\]/,
  },
  {
    name: 'weights: a vocabulary of 10^15',
    build: (model) => model.config({ vocab_size: 1e15 }),
    code: 'WRONG_SHAPE',
    says: /is \[16, 8\], config\.json asks for \[1000000000000000, 8\]/,
  },
  {
    name: 'weights: a context of 2^53 - 1',
    build: (model) => model.config({ n_positions: Number.MAX_SAFE_INTEGER }),
    code: 'WRONG_SHAPE',
    says: /transformer\.wpe\.weight is \[8, 8\], config\.json asks for \[9007199254740991, 8\]/,
  },
  {
    name: 'weights: a width of 10^12',
    build: (model) => model.config({ n_embd: 1e12 }),
    code: 'WRONG_SHAPE',
    says: /config\.json asks for \[/,
  },
  {
    name: 'weights: another hidden width',
    build: (model) => model.config({ n_inner: 33 }),
    code: 'WRONG_SHAPE',
    says: /transformer\.h\.0\.mlp\.c_fc\.(weight|bias) is \[.*32\], config\.json asks for \[.*33\]/,
  },
  {
    name: 'weights: not tied, without an output layer',
    build: (model) => model.config({ tie_word_embeddings: false }),
    code: 'MISSING_TENSORS',
    says: /1 of 29 tensors are missing: lm_head\.weight/,
  },
  {
    name: 'weights: one tensor missing',
    build: (model) => model.weights((tensors) => void tensors.delete(bias)),
    code: 'MISSING_TENSORS',
    says: /1 of 28 tensors are missing: transformer\.h\.0\.ln_1\.bias\./,
  },
  {
    name: 'weights: no tensors at all',
    build: (model) => model.weights((tensors) => tensors.clear()),
    code: 'MISSING_TENSORS',
    says: /holds 0 tensors, but config\.json asks for 2 layers/,
  },
  {
    name: 'weights: tensors of another kind of model',
    build: (model) =>
      model.weights((tensors) => {
        for (const [name, array] of [...tensors]) {
          tensors.delete(name)
          tensors.set(`bert.${name}`, array)
        }
      }),
    code: 'MISSING_TENSORS',
    says: /28 of 28 tensors are missing/,
  },
  {
    name: 'weights: transposed',
    build: (model) => model.weights((tensors) => void tensors.set(wte, zeros('float32', [8, 16]))),
    code: 'WRONG_SHAPE',
    says: /is \[8, 16\], config\.json asks for \[16, 8\]/,
  },
  {
    name: 'weights: a rank more',
    build: (model) => model.weights((tensors) => void tensors.set(bias, zeros('float32', [1, 8]))),
    code: 'WRONG_SHAPE',
    says: /is \[1, 8\], config\.json asks for \[8\]/,
  },
  {
    name: 'weights: rank 100',
    build: (model) => model.weights((tensors) => void tensors.set(bias, zeros('float32', Array(100).fill(1)))),
    code: 'WRONG_SHAPE',
    says: /is of rank 100, config\.json asks for \[8\]/,
  },
  {
    name: 'weights: a scalar',
    build: (model) => model.weights((tensors) => void tensors.set(bias, zeros('float32', []))),
    code: 'WRONG_SHAPE',
    says: /is \[\], config\.json asks for \[8\]/,
  },
  ...(['int32', 'int64', 'int8', 'uint8', 'bool'] as const).map(
    (dtype): ModelCase => ({
      name: `weights: ${dtype}`,
      build: (model) => model.weights((tensors) => void tensors.set(bias, zeros(dtype, [8]))),
      code: 'WRONG_DTYPE',
      says: /transformer\.h\.0\.ln_1\.bias is (I32|I64|I8|U8|BOOL), expected floats/,
    }),
  ),
  file(
    '8-bit floats',
    () =>
      withHeader((json) =>
        json.replace(/("transformer\.wpe\.weight":\{"dtype":)"F32","shape":\[8,8\]/, '$1"F8_E4M3","shape":[32,8]'),
      ),
    'WRONG_SHAPE',
    /wpe\.weight is \[32, 8\]/,
  ),
  {
    name: 'weights: a parameter under two names',
    build: (model) => model.weights((tensors) => void tensors.set('wte.weight', zeros('float32', [16, 8]))),
    code: 'DUPLICATE_TENSOR',
    says: /transformer\.wte\.weight and wte\.weight are both the model's transformer\.wte\.weight\. Keep one/,
  },
]

type Index = { metadata?: unknown; weight_map: Record<string, unknown> }

const shard = (name: string, change: (index: Index) => unknown, code: string, says: RegExp): ModelCase => ({
  name: `shards: ${name}`,
  build: (model) => model.shards(change as never),
  code,
  says,
})

/** Names that lead out of the directory, or nowhere. */
const names: readonly unknown[] = [
  ...['../a.safetensors', '/etc/a.safetensors', './a.safetensors', 'sub/a.safetensors', '..\\a.safetensors'],
  ...['C:a.safetensors', 'a\0.safetensors', 'a\n.safetensors', '.', '..', '', 'a.bin', 'model.safetensors.index.json'],
  ...[null, 3, ['a.safetensors'], {}],
]

const sharded: readonly ModelCase[] = [
  ...names.map((target) =>
    shard(
      `a tensor in ${JSON.stringify(target)}`,
      ({ weight_map }) => ({ weight_map: { ...weight_map, [wte]: target } }),
      'BAD_INDEX',
      /index\.json: places tensor "transformer\.wte\.weight" in .*\nExpected the plain name of a \.safetensors file/,
    ),
  ),
  shard('an index that is []', () => [], 'BAD_INDEX', /index\.json: holds \[\], expected an object/),
  shard('an index that is null', () => null, 'BAD_INDEX', /holds null/),
  shard('an index without a map', () => ({ metadata: {} }), 'BAD_INDEX', /has "weight_map" undefined/),
  shard('a map that is a list', () => ({ weight_map: [] }), 'BAD_INDEX', /has "weight_map" \[\]/),
  shard('an empty index', () => '', 'BAD_JSON', /index\.json: is empty/),
  shard('an index that is cut', (index) => JSON.stringify(index).slice(0, -3), 'BAD_JSON', /index\.json:1:\d+: /),
  shard('an index that is a web page', () => '<html>', 'BAD_JSON', /this is a web page/),
  shard(
    'a tensor twice in the index',
    (index) => JSON.stringify(index).replace('{"weight_map":{', `{"weight_map":{"${bias}":"a.safetensors",`),
    'BAD_JSON',
    /duplicate key "transformer\.h\.0\.ln_1\.bias"/,
  ),
  shard(
    'a missing shard',
    ({ weight_map }) => ({ weight_map: { ...weight_map, [wte]: 'c.safetensors' } }),
    'MISSING_SHARD',
    /c\.safetensors: is missing, but model\.safetensors\.index\.json lists it/,
  ),
  shard(
    'a tensor in the wrong shard',
    ({ weight_map }) => ({ weight_map: { ...weight_map, [bias]: 'a.safetensors' } }),
    'BAD_INDEX',
    /places tensor "transformer\.h\.0\.ln_1\.bias" in a\.safetensors, which lacks it; b\.safetensors holds it/,
  ),
  shard(
    'a tensor that no shard has',
    ({ weight_map }) => ({ weight_map: { ...weight_map, other: 'a.safetensors' } }),
    'BAD_INDEX',
    /places tensor "other" in a\.safetensors, which lacks it; no shard of the index holds it/,
  ),
  shard('an empty map', () => ({ weight_map: {} }), 'MISSING_TENSORS', /holds 0 tensors/),
  shard(
    'a parameter that the index leaves out',
    ({ weight_map: { [wte]: _, ...others } }) => ({ weight_map: others }),
    'MISSING_TENSORS',
    /1 of 28 tensors are missing: transformer\.wte\.weight/,
  ),
  {
    name: 'shards: a shard that is cut',
    build: (model) => {
      model.shards()
      model.write('b.safetensors', tinyFile().subarray(0, 700))
    },
    code: 'ST_TRUNCATED_HEADER',
    says: /b\.safetensors: claims a header/,
  },
  {
    name: 'shards: a shard that is a Git LFS pointer',
    build: (model) => {
      model.shards()
      model.write('a.safetensors', 'version https://git-lfs.github.com/spec/v1\n')
    },
    code: 'ST_NOT_SAFETENSORS',
    says: /a\.safetensors: this is a Git LFS pointer/,
  },
]

export const weightCases: readonly ModelCase[] = [
  ...malformedFiles.map(
    ([name, bytes, code, says = /./]): ModelCase => ({
      name: `model.safetensors: ${name}`,
      build: (model) => model.write('model.safetensors', typeof bytes === 'function' ? bytes() : bytes),
      code,
      says,
      ...(name.startsWith('100 000 tensors') && { milliseconds: 1000 }),
    }),
  ),
  ...damaged,
  ...mismatched,
  ...sharded,
]

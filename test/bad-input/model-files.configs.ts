/** config.json and generation_config.json that must be refused: not JSON, not an object, or fields that describe no model. */
import type { ModelCase } from './model-files.ts'

type Row = readonly [name: string, fields: Readonly<Record<string, unknown>>, says: RegExp, code?: string]

/** Fields that are changed in a valid config; undefined takes one out. */
const fields: readonly Row[] = [
  [
    'no model_type',
    { model_type: undefined },
    /config\.json: model_type is missing\.\nSupported: gpt2/,
    'UNKNOWN_MODEL',
  ],
  ['unknown model_type', { model_type: 'gpt9' }, /model_type is "gpt9"\.\nSupported: gpt2/, 'UNKNOWN_MODEL'],
  ['model_type a number', { model_type: 7 }, /model_type is 7/, 'UNKNOWN_MODEL'],
  ['model_type a list', { model_type: ['gpt2'] }, /model_type is \["gpt2"\]/, 'UNKNOWN_MODEL'],
  ['model_type of an object', { model_type: '__proto__' }, /model_type is "__proto__"/, 'UNKNOWN_MODEL'],
  ['model_type very long', { model_type: 'x'.repeat(1e6) }, /model_type is "x{50,60}…/, 'UNKNOWN_MODEL'],
  ['width that heads do not divide', { n_embd: 9 }, /n_embd is 9, expected a multiple of n_head/],
  ['more heads than width', { n_head: 16 }, /n_embd is 8, expected a multiple of n_head/],
  ['n_head 0', { n_head: 0 }, /n_head is 0, expected a positive whole number/],
  ['n_head -2', { n_head: -2 }, /n_head is -2, expected a positive whole number/],
  ['n_head null', { n_head: null }, /n_head is null, expected/],
  ['n_layer 0', { n_layer: 0 }, /n_layer is 0, expected/],
  ['n_layer -1', { n_layer: -1 }, /n_layer is -1, expected/],
  ['n_layer "2"', { n_layer: '2' }, /n_layer is "2", expected a positive whole number/],
  ['n_layer 2.5', { n_layer: 2.5 }, /n_layer is 2\.5, expected/],
  ['n_layer true', { n_layer: true }, /n_layer is true, expected/],
  ['n_layer [2]', { n_layer: [2] }, /n_layer is \[2\], expected/],
  ['n_layer {}', { n_layer: {} }, /n_layer is \{\}, expected/],
  ['n_layer 2^53', { n_layer: 2 ** 53 }, /n_layer is 9007199254740992, expected/],
  ['n_layer a billion', { n_layer: 1e9 }, /n_layer is 1000000000, expected at most 10000/],
  ['n_embd 0', { n_embd: 0 }, /n_embd is 0/],
  ['n_embd 1e300', { n_embd: 1e300 }, /n_embd is 1e\+300, expected a positive whole number/],
  ['n_inner 0', { n_inner: 0 }, /n_inner is 0/],
  ['n_inner -32', { n_inner: -32 }, /n_inner is -32/],
  ['n_positions 0', { n_positions: 0 }, /n_positions is 0/],
  ['n_positions a text', { n_positions: 'long' }, /n_positions is "long"/],
  ['vocab_size 0', { vocab_size: 0 }, /vocab_size is 0/],
  ['vocab_size -16', { vocab_size: -16 }, /vocab_size is -16/],
  ['vocab_size false', { vocab_size: false }, /vocab_size is false/],
  ['unknown activation', { activation_function: 'zelu' }, /activation_function is "zelu", expected one of.*"gelu_new"/],
  ['activation __proto__', { activation_function: '__proto__' }, /activation_function is "__proto__"/],
  ['activation null', { activation_function: null }, /activation_function is null, expected one of/],
  ['activation a list', { activation_function: ['relu', 'relu'] }, /activation_function is \["relu","relu"\]/],
  ['layer_norm_epsilon -1', { layer_norm_epsilon: -1 }, /layer_norm_epsilon is -1, expected a small number above 0/],
  ['layer_norm_epsilon 0', { layer_norm_epsilon: 0 }, /layer_norm_epsilon is 0, expected/],
  ['layer_norm_epsilon "1e-5"', { layer_norm_epsilon: '1e-5' }, /layer_norm_epsilon is "1e-5"/],
  ['layer_norm_epsilon 10^300', { layer_norm_epsilon: 1e300 }, /layer_norm_epsilon is 1e\+300/],
  ['resid_pdrop 2', { resid_pdrop: 2 }, /resid_pdrop is 2, expected a rate from 0 to below 1/],
  ['attn_pdrop -0.1', { attn_pdrop: -0.1 }, /attn_pdrop is -0\.1/],
  ['embd_pdrop a text', { embd_pdrop: '0.1' }, /embd_pdrop is "0\.1"/],
  ['initializer_range -1', { initializer_range: -1 }, /initializer_range is -1, expected a number of 0 or more/],
  ['tie_word_embeddings "yes"', { tie_word_embeddings: 'yes' }, /tie_word_embeddings is "yes", expected true or false/],
  ['scale_attn_weights 1', { scale_attn_weights: 1 }, /scale_attn_weights is 1, expected true or false/],
  ['cross-attention', { add_cross_attention: true }, /add_cross_attention is true, expected false/],
  [
    'quantized',
    { quantization_config: { bits: 4 } },
    /quantized by undefined, which is not supported/,
    'QUANTIZED_MODEL',
  ],
  ['eos_token_id a text', { eos_token_id: '</s>' }, /eos_token_id is "<\/s>", expected a token id/],
  ['eos_token_id 1.5', { eos_token_id: 1.5 }, /eos_token_id is 1\.5/],
  ['bos_token_id a list of texts', { bos_token_id: ['a'] }, /bos_token_id is \["a"\]/],
  ['several faults', { n_layer: 0, n_head: 'x', layer_norm_epsilon: -1 }, /config\.json: n_(layer|head) is/],
]

type TextRow = readonly [name: string, text: string | Uint8Array, says: RegExp, code: string]

/** The whole of config.json. */
const texts: readonly TextRow[] = [
  ['empty', '', /config\.json: is empty, expected JSON/, 'BAD_JSON'],
  ['only spaces', ' \n\t ', /config\.json: is empty/, 'BAD_JSON'],
  ['{', '{', /config\.json:1:2: not valid JSON: expected a key in quotes, found the end/, 'BAD_JSON'],
  ['cut', '{\n  "model_type": "gpt2",\n  "n_la', /config\.json:3:/, 'BAD_JSON'],
  ['[]', '[]', /holds \[\], but the root must be an object/, 'BAD_CONFIG'],
  ['null', 'null', /holds null, but the root/, 'BAD_CONFIG'],
  ['a text', '"gpt2"', /holds "gpt2", but the root/, 'BAD_CONFIG'],
  ['a number', '7', /holds 7, but the root/, 'BAD_CONFIG'],
  ['byte order mark', '\ufeff{"model_type":"gpt2"}', /:1:1: .* byte order mark; save it as UTF-8 without/, 'BAD_JSON'],
  [
    'UTF-16',
    Buffer.from('\ufeff{"model_type":"gpt2"}', 'utf16le'),
    /byte 0 \(0xff\); this is UTF-16 text\. Save it as UTF-8/,
    'BAD_UTF8',
  ],
  [
    'Latin-1',
    Buffer.from('{"model_type":"gpt2","author":"Zoé"}', 'latin1'),
    /not UTF-8 at byte 33 \(0xe9\)/,
    'BAD_UTF8',
  ],
  ['duplicate key', '{"model_type":"gpt2",\n"n_layer":1,\n"n_layer":2}', /:3:1: .*duplicate key "n_layer"/, 'BAD_JSON'],
  ['duplicate key within', '{"model_type":"gpt2","a":{"b":1,"b":1}}', /duplicate key "b"/, 'BAD_JSON'],
  ['NaN', '{"model_type":"gpt2","layer_norm_epsilon":NaN}', /:1:43: .*found "N"/, 'BAD_JSON'],
  ['Infinity', '{"model_type":"gpt2","layer_norm_epsilon":-Infinity}', /:1:43: .*expected a value/, 'BAD_JSON'],
  ['1e400', '{"model_type":"gpt2","n_layer":1e400}', /:1:32: .*the number 1e400 is out of range/, 'BAD_JSON'],
  ['hexadecimal', '{"model_type":"gpt2","n_layer":0x2}', /:1:33: /, 'BAD_JSON'],
  ['a comment', '{\n// ours\n"model_type":"gpt2"}', /:2:1: /, 'BAD_JSON'],
  ['trailing comma', '{"model_type":"gpt2",}', /:1:22: .*found "}"/, 'BAD_JSON'],
  ['single quotes', "{'model_type':'gpt2'}", /:1:2: /, 'BAD_JSON'],
  ['text behind', '{"model_type":"gpt2"} {}', /:1:23: .*expected the end/, 'BAD_JSON'],
  ['half a surrogate pair', '{"model_type":"gpt2","a":"\\ud800"}', /half of a surrogate pair/, 'BAD_JSON'],
  ['100 000 deep', `{"a":${'['.repeat(100_000)}`, /nested more than 128 deep/, 'BAD_JSON'],
  [
    'web page',
    '<!DOCTYPE html><html>Not found</html>',
    /config\.json: expected JSON, but this is a web page/,
    'BAD_JSON',
  ],
  [
    'Git LFS pointer',
    'version https://git-lfs.github.com/spec/v1\noid sha256:0\n',
    /this is a Git LFS pointer/,
    'BAD_JSON',
  ],
  ['zip', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0), /this is a zip archive/, 'BAD_JSON'],
  ['YAML', 'model_type: gpt2\nn_layer: 2\n', /:1:1: .*expected a value, found "m"/, 'BAD_JSON'],
]

const generation: readonly TextRow[] = [
  ['cut', '{"eos_token_id": ', /generation_config\.json:1:18: /, 'BAD_JSON'],
  ['empty', '', /generation_config\.json: is empty/, 'BAD_JSON'],
  ['[]', '[]', /generation_config\.json: holds \[\], expected an object/, 'BAD_CONFIG'],
  ['null', 'null', /generation_config\.json: holds null/, 'BAD_CONFIG'],
  ['eos a text', '{"eos_token_id":"<eos>"}', /generation_config\.json: eos_token_id is "<eos>"/, 'BAD_CONFIG'],
  ['eos with a fraction', '{"eos_token_id":[1,2.5]}', /eos_token_id is \[1,2\.5\]/, 'BAD_CONFIG'],
  ['web page', '<html></html>', /generation_config\.json: expected JSON, but this is a web page/, 'BAD_JSON'],
]

export const configCases: readonly ModelCase[] = [
  ...fields.map(
    ([name, changes, says, code = 'BAD_CONFIG']): ModelCase => ({
      name: `config: ${name}`,
      build: (model) => model.config(changes),
      code,
      says,
    }),
  ),
  ...texts.map(
    ([name, text, says, code]): ModelCase => ({
      name: `config.json: ${name}`,
      build: (model) => model.write('config.json', text),
      code,
      says,
    }),
  ),
  ...generation.map(
    ([name, text, says, code]): ModelCase => ({
      name: `generation_config.json: ${name}`,
      build: (model) => model.write('generation_config.json', text),
      code,
      says,
    }),
  ),
  {
    name: 'config.json: 100 MB',
    build: (model) => model.sparse('config.json', 100_000_000, '{"model_type":"gpt2"'),
    code: 'FILE_TOO_LARGE',
    says: /config\.json: 100000000 bytes, too many/,
  },
  {
    name: 'config.json: 3 MB, cut',
    build: (model) => model.write('config.json', `{"model_type":"gpt2","notes":"${'n'.repeat(3_000_000)}`),
    code: 'BAD_JSON',
    says: /without its closing quote/,
  },
]

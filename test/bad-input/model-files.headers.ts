/** Files that are not safetensors, or not quite: one rule of the format broken in each. */

export const utf8 = (text: string) => new TextEncoder().encode(text)

/** A file with this header, exactly as spelled, and this many bytes of data. */
export function fileOf(header: string | Uint8Array, dataBytes = 0, length?: bigint): Uint8Array {
  const json = typeof header === 'string' ? utf8(header) : header
  const bytes = new Uint8Array(8 + json.length + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}

/** One tensor "t" whose fields are spelled as given. */
export const tensor = (dtype: string, shape: string, offsets: string): string =>
  `{"t":{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}}`
export const f32 = (shape: string, offsets: string): string => tensor('"F32"', shape, offsets)
export const part = (name: string, offsets: string, shape = '[1]'): string =>
  `${JSON.stringify(name)}:{"dtype":"F32","shape":${shape},"data_offsets":${offsets}}`

export type HeaderCase = readonly [what: string, bytes: Uint8Array | (() => Uint8Array), code: string, message?: RegExp]

export const malformedFiles: readonly HeaderCase[] = [
  ['empty file', new Uint8Array(0), 'ST_TRUNCATED_HEADER', /0 bytes/],
  ['7 bytes', new Uint8Array(7), 'ST_TRUNCATED_HEADER', /7 bytes/],
  ['N = 0', fileOf(''), 'ST_BAD_HEADER', /header is empty/],
  ['N larger than the file', fileOf('{}', 0, 100n), 'ST_TRUNCATED_HEADER', /header of 100 bytes, but only 2/],
  ['N = 100 000 001', fileOf('{}', 0, 100_000_001n), 'ST_HEADER_TOO_LARGE', /100000001/],
  ['N = 2^63', fileOf('{}', 0, 2n ** 63n), 'ST_HEADER_TOO_LARGE', /9223372036854775808/],
  ['N = 2^64 - 1', fileOf('{}', 0, 2n ** 64n - 1n), 'ST_HEADER_TOO_LARGE'],
  ['N = 2^53 + 1', fileOf('{}', 0, 2n ** 53n + 1n), 'ST_HEADER_TOO_LARGE', /9007199254740993/],
  ['not UTF-8', fileOf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), 'ST_BAD_HEADER', /not UTF-8 at byte 2/],
  ['cut JSON', fileOf('{"t":{"dtype":"F32"'), 'ST_BAD_HEADER', /1:20: expected ',' or '}', found the end/],
  ['[]', fileOf('[]'), 'ST_BAD_HEADER', /holds \[\], expected an object/],
  ['null', fileOf('null'), 'ST_BAD_HEADER', /holds null/],
  ['a text', fileOf('"x"'), 'ST_BAD_HEADER', /holds "x"/],
  ['a number', fileOf('1.5'), 'ST_BAD_HEADER', /holds 1.5/],
  ['trailing NULs', fileOf('{}\0\0'), 'ST_BAD_HEADER', /expected the end/],
  ['{}{}', fileOf('{}{}'), 'ST_BAD_HEADER', /expected the end, found "{"/],
  ['byte order mark', fileOf('\ufeff{}'), 'ST_BAD_HEADER', /byte order mark/],
  ['no dtype', fileOf('{"t":{"shape":[1],"data_offsets":[0,4]}}', 4), 'ST_BAD_DTYPE', /"t" has dtype nothing/],
  ['unknown dtype', fileOf(tensor('"F33"', '[1]', '[0,4]'), 4), 'ST_BAD_DTYPE', /"F33", expected one of BOOL F4 /],
  ['lower case dtype', fileOf(tensor('"f32"', '[1]', '[0,4]'), 4), 'ST_BAD_DTYPE', /"f32"/],
  ['dtype "constructor"', fileOf(tensor('"constructor"', '[1]', '[0,4]'), 4), 'ST_BAD_DTYPE'],
  ['no shape', fileOf('{"t":{"dtype":"F32","data_offsets":[0,4]}}', 4), 'ST_BAD_SHAPE', /"t" has shape nothing/],
  ['no data_offsets', fileOf('{"t":{"dtype":"F32","shape":[1]}}', 4), 'ST_BAD_OFFSETS', /data_offsets nothing/],
  ['negative dimensions', fileOf(f32('[-2,-2]', '[0,16]'), 16), 'ST_BAD_SHAPE', /dimension -2/],
  ['dimension 2.0', fileOf(f32('[2.0]', '[0,8]'), 8), 'ST_BAD_SHAPE', /dimension 2\.0/],
  ['dimension "2"', fileOf(f32('["2"]', '[0,8]'), 8), 'ST_BAD_SHAPE', /dimension "2"/],
  ['dimension 2^64', fileOf(f32('[18446744073709551616]', '[0,4]'), 4), 'ST_BAD_SHAPE', /18446744073709551616/],
  ['product overflows', fileOf(f32('[4294967296,4294967296]', '[0,4]'), 4), 'ST_OVERFLOW'],
  ['size overflows', fileOf(f32('[9007199254740991]', '[0,4]'), 4), 'ST_OVERFLOW'],
  ['dimension 2^53 + 1', fileOf(f32('[9007199254740993]', '[0,4]'), 4), 'ST_BAD_SHAPE', /9007199254740993/],
  ['offsets reversed', fileOf(f32('[1]', '[4,0]'), 4), 'ST_BAD_OFFSETS', /\[4,0\]/],
  ['offset negative', fileOf(f32('[1]', '[-4,0]'), 4), 'ST_BAD_OFFSETS', /-4/],
  ['offset past the end', fileOf(f32('[2]', '[0,8]'), 4), 'ST_TRUNCATED_DATA', /byte 8 .* only 4/],
  ['one offset', fileOf(f32('[1]', '[4]'), 4), 'ST_BAD_OFFSETS', /\[4\], expected two/],
  ['three offsets', fileOf(f32('[1]', '[0,4,4]'), 4), 'ST_BAD_OFFSETS', /\[0,4,4\]/],
  ['offset 4.0', fileOf(f32('[1]', '[0,4.0]'), 4), 'ST_BAD_OFFSETS', /4\.0/],
  ['size against shape', fileOf(f32('[3]', '[0,8]'), 8), 'ST_SIZE_MISMATCH', /takes 8 bytes, .*\[3\] needs 12/],
  [
    'full overlap',
    fileOf(`{${part('a', '[0,4]')},${part('b', '[0,4]')}}`, 4),
    'ST_OVERLAP',
    /up to "b" overlap: .* 4 bytes more/,
  ],
  ['partial overlap', fileOf(`{${part('a', '[0,8]', '[2]')},${part('b', '[4,12]', '[2]')}}`, 12), 'ST_OVERLAP'],
  [
    'partial overlap with a hole behind',
    fileOf(`{${part('a', '[0,8]', '[2]')},${part('b', '[4,12]', '[2]')}}`, 16),
    'ST_OVERLAP',
    /"b" begins at byte 4 .* expected 8/,
  ],
  ['hole between', fileOf(`{${part('a', '[0,4]')},${part('b', '[8,12]')}}`, 12), 'ST_HOLE', /8 .* expected 4/],
  ['hole at 0', fileOf(f32('[1]', '[4,8]'), 8), 'ST_HOLE', /byte 4 .* expected 0/],
  ['trailing bytes', fileOf(f32('[1]', '[0,4]'), 5), 'ST_TRAILING_BYTES', /^.*: 1 bytes follow/],
  ['one byte missing', fileOf(f32('[1]', '[0,4]'), 3), 'ST_TRUNCATED_DATA', /byte 4 .* only 3/],
  ['duplicate key, same value', fileOf(`{${part('a', '[0,4]')},${part('a', '[0,4]')}}`, 4), 'ST_DUPLICATE_KEY', /"a"/],
  ['duplicate key, other value', fileOf(`{${part('a', '[0,4]')},${part('a', '[4,8]')}}`, 8), 'ST_DUPLICATE_KEY'],
  ['metadata a number', fileOf('{"__metadata__":{"a":1}}'), 'ST_BAD_METADATA', /holds 1 under "a"/],
  ['metadata nested', fileOf('{"__metadata__":{"a":{}}}'), 'ST_BAD_METADATA'],
  ['metadata an array', fileOf('{"__metadata__":["a"]}'), 'ST_BAD_METADATA', /is \["a"\]/],
  ['duplicate metadata', fileOf('{"__metadata__":{},"__metadata__":{}}'), 'ST_DUPLICATE_KEY', /"__metadata__"/],
  ['overflow beside 0', fileOf(f32('[4294967296,4294967296,0]', '[0,0]')), 'ST_OVERFLOW'],
  ['overflow behind 0', fileOf(f32('[0,4294967296,4294967296]', '[0,0]')), 'ST_OVERFLOW'],
  ['lone surrogate', fileOf(`{${part('a', '[0,4]').replace('"a"', '"\\ud800"')}}`, 4), 'ST_BAD_HEADER', /surrogate/],
  ['F4, odd count', fileOf(tensor('"F4"', '[3]', '[0,2]'), 2), 'ST_SIZE_MISMATCH', /F4 of shape \[3\] needs 1\.5/],
  ['deep nesting', fileOf('{"a":'.repeat(100_000)), 'ST_BAD_HEADER', /nested more than 128 deep/],
  [
    '100 000 tensors over the same bytes',
    () => {
      const shared = Array.from({ length: 100_000 }, (_, i) => part(`t${i}`, '[0,160000]', '[40000]'))
      return fileOf(`{${shared.join(',')}}`, 160_000)
    },
    'ST_OVERLAP',
  ],
  ['dimension 2e0', fileOf(f32('[2e0]', '[0,8]'), 8), 'ST_BAD_SHAPE', /dimension 2e0/],
  ['shape null', fileOf(f32('null', '[0,4]'), 4), 'ST_BAD_SHAPE', /"t" has shape null/],
  ['tensor null', fileOf('{"t":null}'), 'ST_BAD_FIELD', /"t" is null/],
  ['web page', utf8('<!DOCTYPE html>\n<html><body>Sign in</body></html>'), 'ST_NOT_SAFETENSORS', /web page/],
  ['web page, plain', utf8('\n<html><head></head></html>'), 'ST_NOT_SAFETENSORS', /web page/],
  [
    'Git LFS pointer',
    utf8('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 548105171\n'),
    'ST_NOT_SAFETENSORS',
    /Git LFS pointer.*git lfs pull/,
  ],
  ['zip', Uint8Array.from([0x50, 0x4b, 3, 4, ...Array(96).fill(1)]), 'ST_NOT_SAFETENSORS', /PyTorch.*Convert/],
  ['pickle', Uint8Array.from([0x80, 2, ...Array(98).fill(0x8a)]), 'ST_NOT_SAFETENSORS', /pickle.*Convert/],
  ['GGUF', utf8(`GGUF${'\u0003'.repeat(60)}`), 'ST_NOT_SAFETENSORS', /GGUF/],
  ['duplicate dtype', fileOf('{"t":{"dtype":"F32","dtype":"F32"}}'), 'ST_DUPLICATE_KEY', /"dtype"/],
  ['dimension -0', fileOf(f32('[-0]', '[0,0]')), 'ST_BAD_SHAPE', /-0/],
  ['nested number in shape', fileOf(f32('[[1]]', '[0,4]'), 4), 'ST_BAD_SHAPE', /\[1\]/],
  ['gzip', Uint8Array.from([0x1f, 0x8b, 8, 0, ...Array(60).fill(0xaa)]), 'ST_NOT_SAFETENSORS', /gzip. Unpack/],
  ['HDF5', Uint8Array.from([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10, 0]), 'ST_NOT_SAFETENSORS', /HDF5.*Convert/],
  ['NumPy', Uint8Array.from([0x93, ...utf8('NUMPY'), 1, 0, ...Array(60).fill(32)]), 'ST_NOT_SAFETENSORS', /NumPy/],
  ['bare JSON', utf8(' {"model_type":"gpt2","n_layer":2}'), 'ST_NOT_SAFETENSORS', /bare JSON/],
  ['N that looks like a pickle, file cut', fileOf('{}', 0, 0x0380n), 'ST_TRUNCATED_HEADER', /header of 896 bytes/],
  ['plain text', utf8('These are the weights.\n'), 'ST_HEADER_TOO_LARGE'],
  ['a long header of zeros', () => fileOf(new Uint8Array(3_000_000)), 'ST_BAD_HEADER', /begins with byte 0x00/],
  ['a long header of spaces', () => fileOf(' '.repeat(1_500_000)), 'ST_BAD_HEADER', /1:1500001: .* found the end/],
  ['trailing comma', fileOf(`{${part('t', '[0,4]')},}`, 4), 'ST_BAD_HEADER', /expected a key in quotes, found "}"/],
  ['single quotes', fileOf("{'t':1}"), 'ST_BAD_HEADER', /1:2: expected a key in quotes, found "'"/],
  ['a comment', fileOf('{/* t */}'), 'ST_BAD_HEADER', /found "\/"/],
  ['a control character in a name', fileOf('{"a\nb":1}'), 'ST_BAD_HEADER', /without its closing quote/],
  [
    'a million dimensions',
    () => fileOf(f32(`[${'1,'.repeat(1e6)}1]`, '[0,8]'), 8),
    'ST_BAD_HEADER',
    /a list of more than 1024 items/,
  ],
  ['a tensor that is a list', fileOf('{"t":["F32",[1],[0,4]]}', 4), 'ST_BAD_FIELD', /"t" is \["F32",\[1\],\[0,4\]\]/],
  ['offsets 2^64', fileOf(f32('[1]', '[0,18446744073709551616]'), 4), 'ST_BAD_OFFSETS', /18446744073709551616/],
  ['dtype a number', fileOf(tensor('32', '[1]', '[0,4]'), 4), 'ST_BAD_DTYPE', /dtype 32/],
  [
    'a name that would color the terminal',
    fileOf('{"\\u001b[31mred\u009b0m":null}'),
    'ST_BAD_FIELD',
    /"\\u001b\[31mred\\u009b0m" is null/,
  ],
  ['two faults at once', fileOf('{"t":{"dtype":"F33","shape":null},"t":1}'), 'ST_BAD_DTYPE', /"t" has dtype "F33"/],
]

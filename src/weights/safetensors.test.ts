import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { PellucidError } from '../base/errors.ts'
import { openSafetensors, parseSafetensors } from './safetensors.ts'

const directory = mkdtempSync(join(tmpdir(), 'pellucid-safetensors-'))
afterAll(() => rmSync(directory, { recursive: true }))

const utf8 = (text: string) => new TextEncoder().encode(text)

/** A file with this header, exactly as spelled, and this many bytes of data. */
function fileOf(header: string | Uint8Array, dataBytes = 0, length?: bigint): Uint8Array {
  const json = typeof header === 'string' ? utf8(header) : header
  const bytes = new Uint8Array(8 + json.length + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}

/** One tensor "t" whose fields are spelled as given. */
const tensor = (dtype: string, shape: string, offsets: string): string =>
  `{"t":{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}}`
const f32 = (shape: string, offsets: string): string => tensor('"F32"', shape, offsets)
const part = (name: string, offsets: string, shape = '[1]'): string =>
  `${JSON.stringify(name)}:{"dtype":"F32","shape":${shape},"data_offsets":${offsets}}`

/** The numbers are those of the list of cases in the project's reliability requirements. */
type Case = [number: string, what: string, bytes: Uint8Array | (() => Uint8Array), code: string, message?: RegExp]

const rejected: Case[] = [
  ['1', 'empty file', new Uint8Array(0), 'ST_TRUNCATED_HEADER', /0 bytes/],
  ['2', '7 bytes', new Uint8Array(7), 'ST_TRUNCATED_HEADER', /7 bytes/],
  ['3', 'N = 0', fileOf(''), 'ST_BAD_HEADER', /header is empty/],
  ['4', 'N larger than the file', fileOf('{}', 0, 100n), 'ST_TRUNCATED_HEADER', /header of 100 bytes, but only 2/],
  ['5', 'N = 100 000 001', fileOf('{}', 0, 100_000_001n), 'ST_HEADER_TOO_LARGE', /100000001/],
  ['6', 'N = 2^63', fileOf('{}', 0, 2n ** 63n), 'ST_HEADER_TOO_LARGE', /9223372036854775808/],
  ['7', 'N = 2^64 - 1', fileOf('{}', 0, 2n ** 64n - 1n), 'ST_HEADER_TOO_LARGE'],
  ['8', 'N = 2^53 + 1', fileOf('{}', 0, 2n ** 53n + 1n), 'ST_HEADER_TOO_LARGE', /9007199254740993/],
  ['9', 'not UTF-8', fileOf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), 'ST_BAD_HEADER', /not UTF-8 at byte 2/],
  ['10', 'cut JSON', fileOf('{"t":{"dtype":"F32"'), 'ST_BAD_HEADER', /1:20: expected ',' or '}', found the end/],
  ['11', '[]', fileOf('[]'), 'ST_BAD_HEADER', /holds \[\], expected an object/],
  ['12', 'null', fileOf('null'), 'ST_BAD_HEADER', /holds null/],
  ['13', 'a text', fileOf('"x"'), 'ST_BAD_HEADER', /holds "x"/],
  ['13b', 'a number', fileOf('1.5'), 'ST_BAD_HEADER', /holds 1.5/],
  ['16', 'trailing NULs', fileOf('{}\0\0'), 'ST_BAD_HEADER', /expected the end/],
  ['17', '{}{}', fileOf('{}{}'), 'ST_BAD_HEADER', /expected the end, found "{"/],
  ['18', 'byte order mark', fileOf('\ufeff{}'), 'ST_BAD_HEADER', /byte order mark/],
  ['19', 'no dtype', fileOf('{"t":{"shape":[1],"data_offsets":[0,4]}}', 4), 'ST_BAD_DTYPE', /"t" has dtype nothing/],
  [
    '20',
    'unknown dtype',
    fileOf(tensor('"F33"', '[1]', '[0,4]'), 4),
    'ST_BAD_DTYPE',
    /"F33", expected one of BOOL F4 /,
  ],
  ['21', 'lower case dtype', fileOf(tensor('"f32"', '[1]', '[0,4]'), 4), 'ST_BAD_DTYPE', /"f32"/],
  ['21b', 'dtype "constructor"', fileOf(tensor('"constructor"', '[1]', '[0,4]'), 4), 'ST_BAD_DTYPE'],
  ['22', 'no shape', fileOf('{"t":{"dtype":"F32","data_offsets":[0,4]}}', 4), 'ST_BAD_SHAPE', /"t" has shape nothing/],
  ['23', 'no data_offsets', fileOf('{"t":{"dtype":"F32","shape":[1]}}', 4), 'ST_BAD_OFFSETS', /data_offsets nothing/],
  ['24', 'negative dimensions', fileOf(f32('[-2,-2]', '[0,16]'), 16), 'ST_BAD_SHAPE', /dimension -2/],
  ['25', 'dimension 2.0', fileOf(f32('[2.0]', '[0,8]'), 8), 'ST_BAD_SHAPE', /dimension 2\.0/],
  ['26', 'dimension "2"', fileOf(f32('["2"]', '[0,8]'), 8), 'ST_BAD_SHAPE', /dimension "2"/],
  ['27', 'dimension 2^64', fileOf(f32('[18446744073709551616]', '[0,4]'), 4), 'ST_BAD_SHAPE', /18446744073709551616/],
  ['28', 'product overflows', fileOf(f32('[4294967296,4294967296]', '[0,4]'), 4), 'ST_OVERFLOW'],
  ['29', 'size overflows', fileOf(f32('[9007199254740991]', '[0,4]'), 4), 'ST_OVERFLOW'],
  ['30', 'dimension 2^53 + 1', fileOf(f32('[9007199254740993]', '[0,4]'), 4), 'ST_BAD_SHAPE', /9007199254740993/],
  ['31', 'offsets reversed', fileOf(f32('[1]', '[4,0]'), 4), 'ST_BAD_OFFSETS', /\[4,0\]/],
  ['32', 'offset negative', fileOf(f32('[1]', '[-4,0]'), 4), 'ST_BAD_OFFSETS', /-4/],
  ['33', 'offset past the end', fileOf(f32('[2]', '[0,8]'), 4), 'ST_TRUNCATED_DATA', /byte 8 .* only 4/],
  ['34', 'one offset', fileOf(f32('[1]', '[4]'), 4), 'ST_BAD_OFFSETS', /\[4\], expected two/],
  ['35', 'three offsets', fileOf(f32('[1]', '[0,4,4]'), 4), 'ST_BAD_OFFSETS', /\[0,4,4\]/],
  ['35b', 'offset 4.0', fileOf(f32('[1]', '[0,4.0]'), 4), 'ST_BAD_OFFSETS', /4\.0/],
  ['36', 'size against shape', fileOf(f32('[3]', '[0,8]'), 8), 'ST_SIZE_MISMATCH', /takes 8 bytes, .*\[3\] needs 12/],
  [
    '37',
    'full overlap',
    fileOf(`{${part('a', '[0,4]')},${part('b', '[0,4]')}}`, 4),
    'ST_OVERLAP',
    /up to "b" overlap: .* 4 bytes more/,
  ],
  ['38', 'partial overlap', fileOf(`{${part('a', '[0,8]', '[2]')},${part('b', '[4,12]', '[2]')}}`, 12), 'ST_OVERLAP'],
  [
    '38b',
    'partial overlap with a hole behind',
    fileOf(`{${part('a', '[0,8]', '[2]')},${part('b', '[4,12]', '[2]')}}`, 16),
    'ST_OVERLAP',
    /"b" begins at byte 4 .* expected 8/,
  ],
  ['39', 'hole between', fileOf(`{${part('a', '[0,4]')},${part('b', '[8,12]')}}`, 12), 'ST_HOLE', /8 .* expected 4/],
  ['40', 'hole at 0', fileOf(f32('[1]', '[4,8]'), 8), 'ST_HOLE', /byte 4 .* expected 0/],
  ['41', 'trailing bytes', fileOf(f32('[1]', '[0,4]'), 5), 'ST_TRAILING_BYTES', /^.*: 1 bytes follow/],
  ['42', 'one byte missing', fileOf(f32('[1]', '[0,4]'), 3), 'ST_TRUNCATED_DATA', /byte 4 .* only 3/],
  [
    '43',
    'duplicate key, same value',
    fileOf(`{${part('a', '[0,4]')},${part('a', '[0,4]')}}`, 4),
    'ST_DUPLICATE_KEY',
    /"a"/,
  ],
  ['44', 'duplicate key, other value', fileOf(`{${part('a', '[0,4]')},${part('a', '[4,8]')}}`, 8), 'ST_DUPLICATE_KEY'],
  ['45', 'metadata a number', fileOf('{"__metadata__":{"a":1}}'), 'ST_BAD_METADATA', /holds 1 under "a"/],
  ['46', 'metadata nested', fileOf('{"__metadata__":{"a":{}}}'), 'ST_BAD_METADATA'],
  ['47', 'metadata an array', fileOf('{"__metadata__":["a"]}'), 'ST_BAD_METADATA', /is \["a"\]/],
  ['49', 'duplicate metadata', fileOf('{"__metadata__":{},"__metadata__":{}}'), 'ST_DUPLICATE_KEY', /"__metadata__"/],
  ['56', 'overflow beside 0', fileOf(f32('[4294967296,4294967296,0]', '[0,0]')), 'ST_OVERFLOW'],
  ['56b', 'overflow behind 0', fileOf(f32('[0,4294967296,4294967296]', '[0,0]')), 'ST_OVERFLOW'],
  [
    '61',
    'lone surrogate',
    fileOf(`{${part('a', '[0,4]').replace('"a"', '"\\ud800"')}}`, 4),
    'ST_BAD_HEADER',
    /surrogate/,
  ],
  [
    '65',
    'F4, odd count',
    fileOf(tensor('"F4"', '[3]', '[0,2]'), 2),
    'ST_SIZE_MISMATCH',
    /F4 of shape \[3\] needs 1\.5/,
  ],
  ['68', 'deep nesting', fileOf('{"a":'.repeat(100_000)), 'ST_BAD_HEADER', /nested more than 128 deep/],
  [
    '69',
    '100 000 tensors over the same bytes',
    () => {
      const shared = Array.from({ length: 100_000 }, (_, i) => part(`t${i}`, '[0,160000]', '[40000]'))
      return fileOf(`{${shared.join(',')}}`, 160_000)
    },
    'ST_OVERLAP',
  ],
  ['71', 'dimension 2e0', fileOf(f32('[2e0]', '[0,8]'), 8), 'ST_BAD_SHAPE', /dimension 2e0/],
  ['72', 'shape null', fileOf(f32('null', '[0,4]'), 4), 'ST_BAD_SHAPE', /"t" has shape null/],
  ['73', 'tensor null', fileOf('{"t":null}'), 'ST_BAD_FIELD', /"t" is null/],
  ['75', 'web page', utf8('<!DOCTYPE html>\n<html><body>Sign in</body></html>'), 'ST_NOT_SAFETENSORS', /web page/],
  ['75b', 'web page, plain', utf8('\n<html><head></head></html>'), 'ST_NOT_SAFETENSORS', /web page/],
  [
    '76',
    'Git LFS pointer',
    utf8('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 548105171\n'),
    'ST_NOT_SAFETENSORS',
    /Git LFS pointer.*git lfs pull/,
  ],
  ['77', 'zip', Uint8Array.from([0x50, 0x4b, 3, 4, ...Array(96).fill(1)]), 'ST_NOT_SAFETENSORS', /PyTorch.*Convert/],
  ['77b', 'pickle', Uint8Array.from([0x80, 2, ...Array(98).fill(0x8a)]), 'ST_NOT_SAFETENSORS', /pickle.*Convert/],
  ['77c', 'GGUF', utf8(`GGUF${'\u0003'.repeat(60)}`), 'ST_NOT_SAFETENSORS', /GGUF/],
  ['78', 'duplicate dtype', fileOf('{"t":{"dtype":"F32","dtype":"F32"}}'), 'ST_DUPLICATE_KEY', /"dtype"/],
  ['+', 'dimension -0', fileOf(f32('[-0]', '[0,0]')), 'ST_BAD_SHAPE', /-0/],
  ['+', 'nested number in shape', fileOf(f32('[[1]]', '[0,4]'), 4), 'ST_BAD_SHAPE', /\[1\]/],
]

/** The error that a file is refused with, which must be short and name the file. */
const refusal = (run: () => unknown): PellucidError => {
  try {
    run()
  } catch (error) {
    if (!(error instanceof PellucidError)) throw error
    expect(error.kind).toBe('file')
    expect(error.message.split('\n').length).toBeLessThanOrEqual(3)
    return error
  }
  throw new Error('was accepted')
}

describe('refused', () => {
  test.each(rejected)('%s: %s', async (number, _, made, code, message = /./) => {
    const bytes = typeof made === 'function' ? made() : made
    // Time of the processor: the clock would measure what else the machine does.
    const started = process.cpuUsage()
    const error = refusal(() => parseSafetensors(bytes, 'some.safetensors'))
    const { user, system } = process.cpuUsage(started)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(/^some\.safetensors: /)
    expect(error.message).toMatch(message)
    expect((user + system) / 1000).toBeLessThan(number === '69' ? 1000 : 50)

    const file = join(directory, 'refused.safetensors')
    writeFileSync(file, bytes)
    const reason = await openSafetensors(file).catch((thrown: unknown) => thrown)
    expect(reason).toMatchObject({ code, message: error.message.replace('some.safetensors', file) })
  })

  test('a huge file with a huge header length is refused without reading it', async () => {
    const file = join(directory, 'huge.safetensors')
    writeFileSync(file, fileOf('{}', 0, 100_000_001n))
    truncateSync(file, 2 ** 40)
    const before = process.memoryUsage().rss
    await expect(openSafetensors(file)).rejects.toMatchObject({ code: 'ST_HEADER_TOO_LARGE' })
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 2 ** 20)
  })
})

describe('accepted', () => {
  test.each<[string, string, Uint8Array, Record<string, number[]>]>([
    ['14', 'leading spaces', fileOf(`   ${f32('[1]', '[0,4]')}`, 4), { t: [1] }],
    ['15', 'trailing spaces', fileOf(`${f32('[1]', '[0,4]')}   `, 4), { t: [1] }],
    ['48', 'metadata null', fileOf('{"__metadata__":null}'), {}],
    ['50', 'an extra field', fileOf(f32('[1]', '[0,4],"stride":[1]'), 4), { t: [1] }],
    ['51', 'shape [2,0]', fileOf(f32('[2,0]', '[0,0]')), { t: [2, 0] }],
    ['52', 'shape []', fileOf(f32('[]', '[0,4]'), 4), { t: [] }],
    ['53', 'no tensors', fileOf('{}'), {}],
    [
      '54',
      'an empty tensor in the middle',
      fileOf(`{${part('a', '[0,4]')},${part('b', '[4,4]', '[0]')},${part('c', '[4,8]')}}`, 8),
      { a: [1], b: [0], c: [1] },
    ],
    ['57', '__proto__', fileOf(`{${part('__proto__', '[0,4]')}}`, 4), JSON.parse('{"__proto__":[1]}')],
    ['58', 'constructor', fileOf(`{${part('constructor', '[0,4]')}}`, 4), { constructor: [1] } as never],
    ['59', 'the empty name', fileOf(`{${part('', '[0,4]')}}`, 4), { '': [1] }],
    ['60', 'a\\0b', fileOf(`{${part('a\0b', '[0,4]')}}`, 4), { 'a\0b': [1] }],
    ['62', 'a path', fileOf(`{${part('../../etc/x', '[0,4]')}}`, 4), { '../../etc/x': [1] }],
    ['79', 'rank 100', fileOf(f32(`[${Array(100).fill(1)}]`, '[0,4]'), 4), { t: Array(100).fill(1) }],
    ['+', 'any order of entries', fileOf(`{${part('b', '[4,8]')},${part('a', '[0,4]')}}`, 8), { a: [1], b: [1] }],
  ])('%s: %s', async (_, __, bytes, shapes) => {
    const file = join(directory, 'accepted.safetensors')
    writeFileSync(file, bytes)
    for (const opened of [parseSafetensors(bytes), await openSafetensors(file)]) {
      expect(Object.fromEntries([...opened.entries].map(([name, { shape }]) => [name, shape]))).toEqual(shapes)
      for (const [name, shape] of Object.entries(shapes)) {
        const array = await opened.read(name)
        expect(array.shape).toEqual(shape)
        expect([...array.data]).toEqual(Array(array.data.length).fill(0))
      }
    }
  })

  test('66: booleans other than 0 and 1 are read as 1', async () => {
    const bytes = fileOf(tensor('"BOOL"', '[4]', '[0,4]'), 4)
    bytes.set([0, 1, 2, 255], bytes.length - 4)
    expect([...parseSafetensors(bytes).get('t').data]).toEqual([0, 1, 1, 1])
  })

  test('67: NaN and infinities are values', () => {
    const bytes = fileOf(f32('[3]', '[0,12]'), 12)
    const values = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, -0)
    bytes.set(new Uint8Array(values.buffer), bytes.length - 12)
    expect(parseSafetensors(bytes).get('t').data).toEqual(values)
  })

  test('an element type without a counterpart is listed, and refused when read', async () => {
    const bytes = fileOf(tensor('"F8_E4M3"', '[4]', '[0,4]'), 4)
    bytes.set([1, 2, 3, 4], bytes.length - 4)
    const opened = parseSafetensors(bytes)
    expect(opened.entries.get('t')).toMatchObject({ stored: 'F8_E4M3', dtype: undefined, byteLength: 4 })
    expect(refusal(() => opened.get('t')).message).toMatch(
      /"t" has dtype F8_E4M3, which is not supported.\nSupported: BOOL /,
    )
    expect([...(await opened.readBytes('t'))]).toEqual([1, 2, 3, 4])
  })

  test('metadata and unaligned data', () => {
    const bytes = fileOf(`{"__metadata__":{"__proto__":"x","format":"pt"},${part('t', '[0,4]')}} `, 4)
    new DataView(bytes.buffer).setFloat32(bytes.length - 4, 1.5, true)
    const file = parseSafetensors(bytes)
    expect([...file.metadata]).toEqual([
      ['__proto__', 'x'],
      ['format', 'pt'],
    ])
    expect((bytes.length - 4) % 4).not.toBe(0)
    expect(file.get('t').data).toEqual(Float32Array.of(1.5))
  })
})

describe('files', () => {
  const header = `{${part('a', '[0,8]', '[2]')},${part('b', '[8,12]')}}`
  const bytes = fileOf(header, 12)
  new Uint8Array(bytes.buffer, bytes.length - 12).set(new Uint8Array(Float32Array.of(1, 2, 3).buffer))
  const put = (name: string): string => {
    const file = join(directory, name)
    writeFileSync(file, bytes)
    return file
  }

  test('an entry tells the real file, the place and the length, links resolved', async () => {
    const file = put('real.safetensors')
    mkdirSync(join(directory, 'links'))
    const link = join(directory, 'links', 'link.safetensors')
    symlinkSync(file, link)
    const opened = await openSafetensors(link)
    const { file: real, offset, byteLength } = opened.entries.get('b')!
    expect(real).toBe(realpathSync(file))
    expect(readFileSync(real!).subarray(offset, offset + byteLength)).toEqual(Buffer.from(Float32Array.of(3).buffer))
    expect(await opened.read('b')).toEqual({ dtype: 'float32', shape: [1], data: Float32Array.of(3) })
    expect(parseSafetensors(bytes).entries.get('b')!.file).toBeUndefined()
  })

  test('bytes can be read into memory of the caller', async () => {
    const opened = await openSafetensors(put('into.safetensors'))
    const memory = new Float32Array(new SharedArrayBuffer(16))
    await opened.readBytes('a', new Uint8Array(memory.buffer, 4, 8))
    expect([...memory]).toEqual([0, 1, 2, 0])
    await expect(opened.readBytes('a', new Uint8Array(7))).rejects.toThrow('"a" has 8 bytes, room was given for 7')
    await expect(parseSafetensors(bytes).readBytes('a', new Uint8Array(7))).rejects.toThrow('room was given for 7')
  })

  test('a missing tensor is named, with some that are there', async () => {
    const opened = await openSafetensors(put('missing.safetensors'))
    await expect(opened.read('c')).rejects.toThrow('has no tensor "c"; it holds 2: "a", "b"')
  })

  test('a directory, a pipe and a missing file are refused without waiting', async () => {
    await expect(openSafetensors(directory)).rejects.toMatchObject({ code: 'IS_A_DIRECTORY' })
    await expect(openSafetensors(join(directory, 'none'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    if (process.platform === 'win32') return
    execFileSync('mkfifo', [join(directory, 'pipe')])
    await expect(openSafetensors(join(directory, 'pipe'))).rejects.toMatchObject({ code: 'NOT_A_FILE' })
  })

  test('a file that changes between header and data is refused', async () => {
    const file = put('changes.safetensors')
    const opened = await openSafetensors(file)
    truncateSync(file, bytes.length - 4)
    await expect(opened.read('a')).rejects.toMatchObject({ code: 'FILE_CHANGED' })
  })
})

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
import { f32, fileOf, malformedFiles, part, tensor } from '../../test/bad-input/model-files.headers.ts'
import { PellucidError } from '../base/errors.ts'
import { openSafetensors, parseSafetensors } from './safetensors.ts'

const directory = mkdtempSync(join(tmpdir(), 'pellucid-safetensors-'))
afterAll(() => rmSync(directory, { recursive: true }))

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
  const cases = malformedFiles.map(([what, made, code, message = /./]) => ({ what, made, code, message }))
  test.each(cases)('$what', async ({ what, made, code, message }) => {
    const bytes = typeof made === 'function' ? made() : made
    // Time of the processor: the clock would measure what else the machine does.
    const started = process.cpuUsage()
    const error = refusal(() => parseSafetensors(bytes, 'some.safetensors'))
    const { user, system } = process.cpuUsage(started)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(/^some\.safetensors: /)
    expect(error.message).toMatch(message)
    expect((user + system) / 1000).toBeLessThan(what.startsWith('100 000 tensors') ? 1000 : 50)

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
  test.each<[string, Uint8Array, Record<string, number[]>]>([
    ['leading spaces', fileOf(`   ${f32('[1]', '[0,4]')}`, 4), { t: [1] }],
    ['trailing spaces', fileOf(`${f32('[1]', '[0,4]')}   `, 4), { t: [1] }],
    ['metadata null', fileOf('{"__metadata__":null}'), {}],
    ['an extra field', fileOf(f32('[1]', '[0,4],"stride":[1]'), 4), { t: [1] }],
    ['shape [2,0]', fileOf(f32('[2,0]', '[0,0]')), { t: [2, 0] }],
    ['shape []', fileOf(f32('[]', '[0,4]'), 4), { t: [] }],
    ['no tensors', fileOf('{}'), {}],
    [
      'an empty tensor in the middle',
      fileOf(`{${part('a', '[0,4]')},${part('b', '[4,4]', '[0]')},${part('c', '[4,8]')}}`, 8),
      { a: [1], b: [0], c: [1] },
    ],
    ['__proto__', fileOf(`{${part('__proto__', '[0,4]')}}`, 4), JSON.parse('{"__proto__":[1]}')],
    ['constructor', fileOf(`{${part('constructor', '[0,4]')}}`, 4), { constructor: [1] } as never],
    ['the empty name', fileOf(`{${part('', '[0,4]')}}`, 4), { '': [1] }],
    ['a\\0b', fileOf(`{${part('a\0b', '[0,4]')}}`, 4), { 'a\0b': [1] }],
    ['a path', fileOf(`{${part('../../etc/x', '[0,4]')}}`, 4), { '../../etc/x': [1] }],
    ['rank 100', fileOf(f32(`[${Array(100).fill(1)}]`, '[0,4]'), 4), { t: Array(100).fill(1) }],
    ['any order of entries', fileOf(`{${part('b', '[4,8]')},${part('a', '[0,4]')}}`, 8), { a: [1], b: [1] }],
  ])('%s', async (_, bytes, shapes) => {
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

  test('booleans other than 0 and 1 are read as 1', async () => {
    const bytes = fileOf(tensor('"BOOL"', '[4]', '[0,4]'), 4)
    bytes.set([0, 1, 2, 255], bytes.length - 4)
    expect([...parseSafetensors(bytes).get('t').data]).toEqual([0, 1, 1, 1])
  })

  test('NaN and infinities are values', () => {
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

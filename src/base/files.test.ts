import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { PellucidError } from './errors.ts'
import { kindOf, openFile, readBytes, readChunks, readJson, readText, withFile } from './files.ts'

const directory = mkdtempSync(join(tmpdir(), 'pellucid-files-'))
afterAll(() => rmSync(directory, { recursive: true }))
const at = (name: string) => join(directory, name)
const put = (name: string, content: string | Uint8Array): string => {
  writeFileSync(at(name), content)
  return at(name)
}

/** The error of a promise, which must be one for a person. */
const errorOf = async (promise: Promise<unknown>): Promise<PellucidError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof PellucidError)) throw new Error(`expected a PellucidError, got ${error}`)
  expect(error.message.split('\n').length).toBeLessThanOrEqual(3)
  return error
}

describe('what cannot be read says so', () => {
  test('missing, directory, through a file, NUL', async () => {
    const missing = await errorOf(readBytes(at('nothing')))
    expect([missing.code, missing.kind]).toEqual(['FILE_NOT_FOUND', 'file'])
    expect(missing.message).toBe(
      `${at('nothing')}: could not read: no such file or directory (ENOENT). Check the path.`,
    )
    expect((await errorOf(readBytes(directory))).code).toBe('IS_A_DIRECTORY')
    expect((await errorOf(readBytes(join(put('plain', 'x'), 'below')))).code).toBe('NOT_A_DIRECTORY')
    expect((await errorOf(readBytes('a\0b'))).code).toBe('BAD_PATH')
    symlinkSync(at('loop'), at('loop'))
    expect((await errorOf(readBytes(at('loop')))).code).toBe('LINK_LOOP')
  })

  test.skipIf(process.platform === 'win32')(
    'a pipe without a writer, a device and a socket are refused at once',
    async () => {
      execFileSync('mkfifo', [at('pipe')])
      expect((await errorOf(readBytes(at('pipe')))).code).toBe('NOT_A_FILE')
      expect((await errorOf(readBytes('/dev/zero'))).code).toBe('NOT_A_FILE')
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(at('socket'), resolve))
      expect((await errorOf(readBytes(at('socket')))).code).toBe('NOT_A_FILE')
      server.close()
    },
  )

  test('a file that shrinks while it is open', async () => {
    const file = put('shrinks', new Uint8Array(100))
    const error = await errorOf(
      withFile(file, (open) => {
        truncateSync(file, 10)
        return open.read(0, new Uint8Array(100))
      }),
    )
    expect(error.code).toBe('FILE_TRUNCATED')
    expect(error.message).toContain('ends at byte 10, expected 90 bytes more')
  })
})

test('ranges and pieces of a file', async () => {
  const content = Uint8Array.from({ length: 1000 }, (_, i) => i % 251)
  const file = put('content', content)
  symlinkSync(file, at('link'))
  const open = await openFile(at('link'))
  expect(open.size).toBe(1000)
  expect(await open.read(990, new Uint8Array(10))).toEqual(content.slice(990))
  await open.close()
  const shared = new Uint8Array(new SharedArrayBuffer(20))
  await withFile(file, (again) => again.read(5, shared))
  expect([...shared]).toEqual([...content.slice(5, 25)])
  const pieces: number[] = []
  const lengths: number[] = []
  for await (const piece of readChunks(file, { start: 100, end: 900, chunkBytes: 300 })) {
    lengths.push(piece.length)
    pieces.push(...piece)
  }
  expect(lengths).toEqual([300, 300, 200])
  expect(pieces).toEqual([...content.slice(100, 900)])
  expect(await readBytes(put('empty', ''))).toEqual(new Uint8Array(0))
})

test('the identity of a file changes with its content', async () => {
  const file = put('identity', 'one')
  const identity = () => withFile(file, async (open) => open.identity)
  const before = await identity()
  expect(await identity()).toBe(before)
  writeFileSync(file, 'other')
  expect(await identity()).not.toBe(before)
})

test('text is strict UTF-8 and keeps a byte order mark', async () => {
  expect(await readText(put('text', '\ufeffé😀\0'))).toBe('\ufeffé😀\0')
  const error = await errorOf(readText(put('latin1', Uint8Array.of(0x61, 0xe9, 0x62))))
  expect(error.code).toBe('BAD_UTF8')
  expect(error.message).toContain('not UTF-8 at byte 1 (0xe9)')
})

test.each([
  ['{"a": [1, 2], "b": null}', undefined],
  ['', 'is empty'],
  [' \n', 'is empty'],
  ['{\n  "a": 1,\n}', ':3:1: not valid JSON: expected a key in quotes'],
  ['\ufeff{}', ':1:1: not valid JSON: starts with a byte order mark'],
  ['{"a": 1, "a": 2}', ':1:10: not valid JSON: duplicate key "a"'],
])('JSON file %j', async (text, message) => {
  const file = put('file.json', text)
  if (message === undefined) expect(await readJson(file)).toEqual(JSON.parse(text))
  else {
    const error = await errorOf(readJson(file))
    expect(error.code).toBe('BAD_JSON')
    expect(error.message).toContain(message)
  }
})

test('kindOf follows links', async () => {
  mkdirSync(at('folder'))
  symlinkSync(at('folder'), at('folder-link'))
  symlinkSync(at('gone'), at('dangling'))
  expect(await kindOf(at('folder-link'))).toBe('directory')
  expect(await kindOf(put('some', 'x'))).toBe('file')
  expect(await kindOf(at('dangling'))).toBeUndefined()
  expect(await kindOf(join(at('some'), 'x'))).toBeUndefined()
})

/** Digests of files: those of the bytes that were written, and what is said of others. */
import { createHash } from 'node:crypto'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkDigest, copyHashed, damageOf, digestOf, sameDigest, sha256, writeHashed } from './digest.ts'

const directory = mkdtempSync(join(tmpdir(), 'pellucid-digest-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const file = join(directory, 'file')
const expected = (bytes: Uint8Array) => ({
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
})

describe('a file written in pieces has the digest of its bytes', () => {
  test.each([[[]], [[0]], [[1, 2, 3]], [[2 ** 23, 1]], [[2 ** 23 + 1, 5, 2 ** 24]]])(
    'pieces of %j bytes',
    async (sizes) => {
      const pieces = sizes.map((size, i) => new Uint8Array(size).fill(i + 1))
      const digest = await writeHashed(file, async (sink) => {
        for (const piece of pieces) await sink.write(piece)
      })
      const bytes = readFileSync(file)
      expect(bytes.equals(Buffer.concat(pieces))).toBe(true)
      expect(digest).toEqual(expected(bytes))
      expect(await digestOf(file)).toEqual(digest)
      expect(sameDigest(await copyHashed(file, `${file}-copy`), digest)).toBe(true)
      expect(readFileSync(`${file}-copy`).equals(bytes)).toBe(true)
    },
  )
  test('of a text as UTF-8', () => expect(sha256('größe')).toBe(expected(Buffer.from('größe')).sha256))
})

test('damage is told in words, and a sound file has none', async () => {
  const bytes = Buffer.from('some bytes that matter')
  writeFileSync(file, bytes)
  const digest = expected(bytes)
  expect(await damageOf(file, digest)).toBeUndefined()
  await checkDigest(file, digest, 'DAMAGED', 'Do this.')
  appendFileSync(file, '!')
  expect(await damageOf(file, digest)).toBe('has 23 bytes, expected 22')
  truncateSync(file, 0)
  expect(await damageOf(file, digest)).toBe('has 0 bytes, expected 22')
  writeFileSync(file, 'some bytes that natter')
  expect(await damageOf(file, digest)).toMatch(/^holds other bytes/)
  rmSync(file)
  expect(await damageOf(file, digest)).toBe('is missing')
  await expect(checkDigest(file, digest, 'DAMAGED', 'Do this.')).rejects.toThrow(
    expect.objectContaining({ code: 'DAMAGED', kind: 'file', message: `${file}: is missing.\nDo this.` }),
  )
  await expect(damageOf(directory, digest)).rejects.toThrow(/is a directory/)
})

/** Sequences of ids in files and in memory. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openTokens, tokensInMemory, writeTokens } from './tokens.ts'

const folder = mkdtempSync(join(tmpdir(), 'pellucid-tokens-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  [300, 2],
  [65_536, 2],
  [65_537, 4],
  [2 ** 31, 4],
])('ids below %i take %i bytes each and come back from any place', async (vocabSize, bytes) => {
  const ids = [0, vocabSize - 1, 7, 255, 256, 1]
  const file = join(folder, `${vocabSize}.bin`)
  expect(await writeTokens(file, vocabSize, [ids.slice(0, 2), [], ids.slice(2)])).toBe(6)
  expect(statSync(file).size).toBe(6 * bytes)
  for (const sequence of [await openTokens(file, vocabSize), tokensInMemory(Int32Array.from(ids))]) {
    expect(sequence.length).toBe(6)
    for (const [start, length] of [
      [0, 6],
      [1, 3],
      [5, 1],
    ] as const) {
      const into = new Int32Array(length)
      sequence.read(start, into)
      expect([...into]).toEqual(ids.slice(start, start + length))
    }
    await sequence.close()
  }
})

test('a file that fails halfway does not appear', async () => {
  const failing = (async function* () {
    yield [1, 2]
    throw new Error('no more')
  })()
  await expect(writeTokens(join(folder, 'half.bin'), 10, failing)).rejects.toThrow('no more')
  expect(readdirSync(folder).filter((name) => name.includes('half'))).toEqual([])
})

test('reading beyond the end is an error', async () => {
  const file = join(folder, 'short.bin')
  await writeTokens(file, 10, [[1, 2, 3]])
  const sequence = await openTokens(file, 10)
  expect(() => sequence.read(2, new Int32Array(2))).toThrow(/ends at byte 6/)
  await sequence.close()
})

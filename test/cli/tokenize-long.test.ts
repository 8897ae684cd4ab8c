/** `pellucid tokenize` of texts that are longer than what is held at once. */
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadTokenizer } from '../../src/tokenizers/index.ts'
import { cli, type Outcome } from './terminal.ts'

const published = (name: string) => fileURLToPath(new URL(`../oracles/data/tokenizers/${name}`, import.meta.url))
const bpe = published('bytelevel-bpe')

const before = process.cwd()
const folder = mkdtempSync(join(tmpdir(), 'pellucid-tokenize-long-'))
beforeAll(() => process.chdir(folder))
afterAll(() => {
  process.chdir(before)
  rmSync(folder, { recursive: true, force: true })
})

async function succeed(words: readonly string[], conditions = {}): Promise<Outcome> {
  const outcome = await cli(['tokenize', ...words], conditions)
  expect(outcome.code, outcome.err).toBe(0)
  return outcome
}
const json = async (words: readonly string[]) => JSON.parse((await succeed([...words, '--json'])).out)

describe('a long text', () => {
  const sentence = 'The cat sat on the mat, and Größe € 😀 was 12.5\n'
  const long = `${sentence.repeat(40)} `.repeat(700)
  beforeAll(() => writeFileSync('long.txt', long))

  test.each(['bytelevel-bpe', 'bart', 'unigram', 'wordpiece-uncased', 'bpe-byte-fallback'])(
    'has the tokens of the whole: %s',
    async (name) => {
      const whole = (await loadTokenizer(published(name))).encode(long, { special: 'parse' })
      // Megabytes of a difference would not be read by anyone.
      const ids = (await succeed([published(name), '--file', 'long.txt', '--ids'])).out
      expect(ids === `${whole.ids.join(' ')}\n`).toBe(true)
      const { out } = await succeed([published(name), '--file', 'long.txt', '--json'])
      expect(out === `${JSON.stringify(whole)}\n`).toBe(true)
      const counts = await json([published(name), '--file', 'long.txt', '--counts'])
      const special = whole.specialTokensMask.filter(Boolean).length
      expect(counts).toMatchObject({ tokens: whole.length, special, bytes: Buffer.byteLength(long) })
      expect(counts.bytesPerToken).toBeCloseTo(Buffer.byteLength(long) / (whole.length - special), 9)
    },
  )

  test('is drawn stretch by stretch as a short one is', async () => {
    const { out, err } = await succeed([bpe, '--file', 'long.txt'])
    const short = (await succeed([bpe, sentence])).out.split('\n\n')[0]!
    const [drawn, ids] = [out.slice(0, out.indexOf('\n\n', -1)), out.trimEnd().split('\n').at(-1)!]
    expect(drawn.startsWith(short)).toBe(true)
    expect(ids.split(' ').length).toBe(Number(/(\d+) tokens/.exec(err)![1]))
    const table = (await succeed([bpe, '--file', 'long.txt', '--offsets'])).out.trimEnd().split('\n')
    expect(table.length).toBe(ids.split(' ').length + 1)
    const last = / {2}(\d+)–(\d+) {2}/.exec(table.at(-1)!)!
    expect(Number(last[2])).toBe(long.length)
  })

  test('is read with a bar on a terminal, and counted in little memory', async () => {
    writeFileSync('longer.txt', long.repeat(8))
    let most = 0
    const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5)
    const before = process.memoryUsage().rss
    const { out, err } = await succeed([bpe, '--file', 'longer.txt', '--counts'], { interactive: true })
    clearInterval(timer)
    expect(out).toMatch(/^\d+ tokens, \d+ bytes, \d+ characters; \d\.\d\d bytes and \d\.\d\d characters a token\n$/)
    expect(err).toMatch(/reading · .* of \d+\.\d MB · /)
    expect(most - before).toBeLessThan(400 * 2 ** 20)
  })

  test('is refused where it is needed as a whole and too large', async () => {
    const file = openSync('huge.txt', 'w')
    ftruncateSync(file, 2 ** 27 + 1)
    closeSync(file)
    const { code, err } = await cli(['tokenize', bpe, '--file', 'huge.txt', '--max-length', '5', '--counts'])
    expect(code).toBe(3)
    expect(err).toMatch(/^The text has 134217729 bytes, and what is asked for needs it as a whole/)
  })
})

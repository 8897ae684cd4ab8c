/** The examples run, in their order, with tiny settings, and say what they promise. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'

const examples = fileURLToPath(new URL('../examples', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'pellucid-examples-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const model = join(folder, 'model')

/** Arguments and what must be printed. */
const promises: Readonly<Record<string, readonly [argv: readonly string[], says: RegExp]>> = {
  '1-train-and-sample.ts': [[model, '12'], /\d+ parameters[\s\S]*step 12: validation loss \d[\s\S]*The dog/],
  '2-tokens.ts': [[model], /Decoding gives the text back\.\n.*special[\s\S]*as text: \d+ tokens\nas parse: \d+ tokens/],
  '3-look-inside.ts': [[model], /layer 1 head 3: .*\d+%[\s\S]*transformer\.h\.1\.mlp {2}\[1, \d+, 128\]/],
  '4-gradients.ts': [[model], /costs \d\.\d+ nats[\s\S]*transformer\.\S+ +\d\.\d{4}/],
  '5-decoding.ts': [
    [model],
    /drawn 1: [\s\S]*?\n(beam -.*\n){2}of a form: Anna has (two|three) [a-z]{3,8}s\n(".*" among .*\n){3}by rules/,
  ],
  '6-vocabularies.ts': [
    [],
    /"Token" 30642 [\s\S]* of a vocabulary of 50257\na \+ a \(4 times\) = Z: ZabdZabac\n[\s\S]*XdXac\nmerge +\d+: [\s\S]*50255 " gazed"/,
  ],
}

test('every example is tried, and short', () => {
  expect(readdirSync(examples).sort()).toEqual(Object.keys(promises))
  for (const name of Object.keys(promises))
    expect(readFileSync(join(examples, name), 'utf8').split('\n').length).toBeLessThanOrEqual(41)
})

test.each(Object.entries(promises))('%s', async (name, [argv, says]) => {
  const program = ['--import', import.meta.resolve('tsx'), join(examples, name), ...argv]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, program, { cwd: join(examples, '..') })
  expect(stderr).toBe('')
  expect(stdout).toMatch(says)
})

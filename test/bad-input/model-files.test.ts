/** Every malformed model directory is refused by the library and by the command line: what it says, what it costs, what it leaves alone. */
import { execFile } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { PellucidError } from '../../src/base/errors.ts'
import { loadModel } from '../../src/model.ts'
import { cli } from '../cli/terminal.ts'
import { measure } from './measure.ts'
import { ModelDirectory } from './model-files.fixture.ts'
import { type ModelCase, modelFiles, refusalBounds } from './model-files.ts'
import { refusalCosts } from './refusal-cost.ts'

/** Every name in a directory, with the content of small files, and times. */
function snapshot(directory: string): string[] {
  return readdirSync(directory, { recursive: true }).map((name) => {
    const file = join(directory, String(name))
    const stat = lstatSync(file)
    const content = stat.isFile() && stat.size < 1e5 && stat.mode & 0o400 ? readFileSync(file, 'latin1') : ''
    return [name, stat.mode, stat.size, stat.mtimeMs, content].join(' ')
  })
}

/** The directory of a case, with what is opened of it and its largest file; removed afterwards. */
async function spoiled(
  { build, open }: ModelCase,
  use: (path: string, largest: number, directory: string) => Promise<void>,
): Promise<void> {
  const model = new ModelDirectory()
  try {
    build(model)
    const sizes = readdirSync(model.path).map((name) => lstatSync(model.at(name)).size)
    await use(open === undefined ? model.path : model.at(open), Math.max(0, ...sizes), model.path)
  } finally {
    model.dispose()
  }
}

const refusal = (path: string): Promise<unknown> =>
  loadModel(path).then(
    () => 'was accepted',
    (error: unknown) => error,
  )

test('the table is what it claims to be', () => {
  expect(modelFiles.length).toBeGreaterThanOrEqual(110)
  expect(new Set(modelFiles.map(({ name }) => name)).size).toBe(modelFiles.length)
})

for (const each of modelFiles)
  test.skipIf(each.skip)(`${each.name}${each.skip ? ` (${each.skip})` : ''}`, () =>
    spoiled(each, async (path, largest, directory) => {
      const before = snapshot(directory)
      const { result: error, milliseconds, bytes } = await measure(() => refusal(path))
      if (!(error instanceof PellucidError)) throw new Error(`${path}: ${error}`, { cause: error })
      expect(error).toMatchObject({ kind: 'file', code: each.code })
      expect(error.message).toMatch(each.says)
      expect(error.message.startsWith(directory)).toBe(true)
      expect(error.message.split('\n').length).toBeLessThanOrEqual(3)
      expect(error.message.replaceAll(directory, '').length).toBeLessThan(each.open ? 6000 : 500)
      expect(error.message).not.toMatch(/\[object|TypeError|RangeError|\n\s+at /)
      // What is promised is a tenth of this; bench/bad-input.ts reports how far it is kept.
      expect(milliseconds).toBeLessThan(10 * (each.milliseconds ?? refusalBounds.milliseconds))
      expect(bytes).toBeLessThan(10 * (refusalBounds.bytes + largest))

      const { code, out, err } = await cli(['generate', path, '--prompt-ids', '1', '--json'])
      expect({ code, out }).toEqual({ code: 3, out: '' })
      expect(err).toMatch(each.says)
      expect(err.trimEnd().split('\n').length).toBeLessThanOrEqual(3)
      expect(snapshot(directory)).toEqual(before)
    }),
  )

test('large files are refused with little memory, in processes of their own', async () => {
  const large = [
    'model.safetensors: 100 000 tensors over the same bytes',
    'model.safetensors: a million dimensions',
    'config.json: 100 MB',
    'config.json: 3 MB, cut',
  ]
  const costs = await refusalCosts(
    modelFiles.filter(({ name }) => large.includes(name)),
    1,
  )
  expect(costs).toHaveLength(large.length)
  for (const { name, bytes, bound } of costs) expect(bytes, name).toBeLessThan(bound.bytes)
})

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const run = (argv: readonly string[]) =>
  new Promise<{ code: unknown; out: string; err: string }>((resolve) => {
    const node = ['--import', import.meta.resolve('tsx'), main, ...argv]
    execFile(process.execPath, node, (error, out, err) => resolve({ code: error?.code ?? 0, out, err }))
  })

/** The commands that open a model. */
const commands = [
  (path: string) => ['generate', path, '--prompt-ids', '1'],
  (path: string) => ['inspect', path, '--text', 'a'],
  (path: string) => ['evaluate', path, '--data', main],
]

/** One of each dozen kinds, through a process of its own. */
const possible = modelFiles.filter(({ skip }) => !skip)
const sample = Array.from({ length: 12 }, (_, i) => possible[Math.floor(((i + 0.5) * possible.length) / 12)]!)

test.each(sample.map((each, i) => ({ ...each, argv: commands[i % commands.length]! })))(
  'as a process: $name',
  async ({ argv, ...each }) => {
    await spoiled(each, async (path, _, directory) => {
      const before = snapshot(directory)
      const { code, out, err } = await run(argv(path))
      expect({ code, out }).toEqual({ code: 3, out: '' })
      expect(err).toMatch(each.says)
      expect(err.trimEnd().split('\n').length).toBeLessThanOrEqual(3)
      expect(err).not.toMatch(/\n\s+at /)
      expect(snapshot(directory)).toEqual(before)
    })
  },
)

/** The command line as a process: exit codes, signals, closed pipes, colors. What one process more would only repeat is tested without. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWorkspace, tiny } from './workspace.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const tsx = import.meta.resolve('tsx')

let workspace: Awaited<ReturnType<typeof openWorkspace>>
beforeAll(async () => {
  workspace = await openWorkspace()
})
afterAll(() => workspace.close())

/** Runs `pellucid`; `watch` sees the output so far as it comes and may end the process or its pipe. */
function pellucid(argv: readonly string[], watch?: (out: string, child: ChildProcess) => void) {
  const child = spawn(process.execPath, ['--import', tsx, main, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  const written = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.out += text
    watch?.(written.out, child)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.err += text
  })
  return new Promise<{ code: number | null; signal: string | null; out: string; err: string }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...written }))
  })
}

test('results go to stdout, refusals to stderr, with their exit codes', async () => {
  const [good, bad] = await Promise.all([pellucid(['models', '--json']), pellucid(['generate', './nowhere'])])
  expect(good).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(good.out)).toBeInstanceOf(Array)
  expect(bad).toEqual({ code: 3, signal: null, out: '', err: './nowhere: no such model directory. Check the path.\n' })
})

test('a reader that closes the pipe ends it quietly', async () => {
  const argv = ['tokenize', 'model', '--json', 'word '.repeat(20_000)]
  const { code, err } = await pellucid(argv, (_, child) => child.stdout!.destroy())
  expect({ code, err }).toEqual({ code: 0, err: '' })
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s during training leaves a checkpoint and exits with %i', async (signal, expected) => {
  let asked = false
  const argv = ['train', '--data', 'text.txt', '--out', signal, ...tiny, '--set', 'steps=1000000', '--json']
  const { code, out, err } = await pellucid(argv, (text, child) => {
    if (asked || !text.includes('"step":20,')) return
    asked = true
    child.kill(signal)
  })
  expect({ code, err }).toEqual({ code: expected, err: '' })
  const { step, path } = JSON.parse(out.trimEnd().split('\n').at(-2)!)
  expect(existsSync(`${path}/manifest.json`)).toBe(true)
  expect(step).toBeGreaterThanOrEqual(20)
})

test.each([
  ['SIGINT', 130, ['--jsonl', 'long.jsonl'], '"ids"'],
  ['SIGTERM', 143, ['--file', 'long.txt', '--offsets'], 'offsets'],
] as const)('%s ends tokenize with %i and a complete line', async (signal, expected, flags, holds) => {
  const line = `${JSON.stringify('word '.repeat(50_000))}\n`
  writeFileSync('long.jsonl', line.repeat(100))
  writeFileSync('long.txt', 'word '.repeat(4_000_000))
  let sent = false
  const ended = await pellucid(['tokenize', 'model', ...flags], (out, child) => {
    if (sent || !out.includes('\n')) return
    sent = true
    child.kill(signal)
  })
  expect(ended).toMatchObject({ code: expected, signal: null, err: '' })
  const printed = ended.out.split('\n')
  expect(printed[0]).toContain(holds)
  expect(printed.length).toBeLessThan(flags[0] === '--jsonl' ? 100 : 4_000_000)
  expect(printed.at(-1)).toBe('')
})

test('a reader who has seen enough ends tokenize long before the text does', async () => {
  writeFileSync('long.txt', 'word '.repeat(20_000_000))
  for (const flags of [['--ids'], []]) {
    const { code, err, out } = await pellucid(['tokenize', 'model', '--file', 'long.txt', ...flags], (_, child) =>
      child.stdout!.destroy(),
    )
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.length).toBeLessThan(2 ** 22)
  }
})

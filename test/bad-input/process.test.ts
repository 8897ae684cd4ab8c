/** Bad command lines, pipes and environments of a real process: what only one can show. */
import { type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openWorkspace, tiny } from '../cli/workspace.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const node = ['--import', import.meta.resolve('tsx'), main]
const hasShell = process.platform !== 'win32' && spawnSync('bash', ['-c', 'true']).status === 0

let workspace: Awaited<ReturnType<typeof openWorkspace>>
beforeAll(async () => {
  workspace = await openWorkspace()
}, 60_000)
afterAll(() => workspace.close())

type Result = { code: number | null; out: string; err: string }

function start(file: string, argv: readonly string[], options: SpawnOptions = {}): Promise<Result> {
  const child = spawn(file, argv, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  const written = { out: '', err: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    written.out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    written.err += text
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...written })))
}
const pellucid = (argv: readonly string[], options?: SpawnOptions) =>
  start(process.execPath, [...node, ...argv], options)
/** A line of bash in which `pellucid` is the command. */
const shell = (line: string) =>
  start('bash', ['-c', `pellucid() { "$NODE" "\${ARGV[@]}" "$@"; }; ARGV=("$@"); ${line}`, 'bash', ...node], {
    env: { ...process.env, NODE: process.execPath },
  })

const long = 'x'.repeat(100_000)

test.concurrent.each<[code: number, says: RegExp, argv: string[]]>([
  [2, /^There is no command 'trian'\. Did you mean train\?\nSee pellucid --help\.\n$/, ['trian']],
  [
    2,
    /^pellucid generate has no flag --max-tokens\. Did you mean --max-new-tokens\?/,
    ['generate', 'model', '--max-tokens', '1'],
  ],
  [2, /^--seed is '1\.5', expected a whole number/, ['generate', 'model', '--seed', '1.5']],
  [2, /^recipe: steps is 0, expected more than 0/, ['train', '--set', 'steps=0']],
  [2, /^The arguments have 100\d\d\d bytes/, ['generate', 'model', '--prompt', long]],
  [2, /^The arguments have 100\d\d\d bytes/, ['train', '--set', `samples.prompt=${long}`]],
  [3, /^x+….*too long/, ['tokenize', long, 'a']],
  [3, /^nowhere: no such model directory/, ['generate', 'nowhere']],
  [3, /^bad-utf8\.txt: not UTF-8 at byte 7/, ['evaluate', 'model', '--data', 'bad-utf8.txt']],
  [4, /^model: holds a run with 2 steps/, ['train', '--out', 'model']],
])('exit code %i, %s', async (code, says, argv) => {
  const result = await pellucid(argv)
  expect(result).toMatchObject({ code, out: '', err: expect.stringMatching(says) })
  expect(result.err.trimEnd().split('\n').length).toBeLessThanOrEqual(3)
  expect(result.err).not.toMatch(/\n\s+at |node:/)
})

describe.skipIf(!hasShell)('in a shell (needs bash)', () => {
  test.skipIf(process.platform !== 'linux')(
    'an argument that is not UTF-8 is refused (Linux shows its bytes)',
    async () => {
      const { code, out, err } = await shell(`pellucid generate $'mod\\xffel'`)
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toMatch(/^The argument 'mod\ufffdel' is not UTF-8\./)
      expect((await shell(`pellucid tokenize model $'\\uFFFD' --json`)).code).toBe(0)
    },
  )

  test('a reader who leaves ends it quietly, and training saves what it has', async () => {
    const line = `train --data text.txt --out left ${tiny.join(' ')} --set steps=1000000 --json`
    const { code, out, err } = await shell(
      `pellucid ${line} | head -1; echo "codes \${PIPESTATUS[*]}"; ls left/checkpoints`,
    )
    expect(err).toBe('')
    expect(out).toMatch(/^\{.*\}\ncodes 0 0\n(?:.+\n)+$/)
    expect(code).toBe(0)
    const help = await shell(`pellucid --help | head -0; echo "codes \${PIPESTATUS[*]}"`)
    expect(help).toEqual({ code: 0, out: 'codes 0 0\n', err: '' })
  })

  test.skipIf(process.platform !== 'linux')('a full disk behind stdout is told (needs /dev/full)', async () => {
    const { code, err } = await shell('pellucid models > /dev/full')
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^The output cannot be written: .*ENOSPC.*\n$/),
    })
  })

  test('standard input: a text, closed, a directory', async () => {
    const argv = 'tokenize model --file - --json'
    expect(JSON.parse((await shell(`printf 'The cat' | pellucid ${argv}`)).out)).toHaveProperty('ids')
    expect(await shell(`printf 'caf\\xe9 ' | pellucid ${argv}`)).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringMatching(/^standard input: not UTF-8 at byte 3 \(0xe9\)/),
    })
    expect(JSON.parse((await shell(`pellucid ${argv} <&-`)).out).ids).toEqual([])
    expect(await shell(`pellucid ${argv} < .`)).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringMatching(/^standard input: .*directory/),
    })
  })

  test.skipIf(process.platform !== 'linux')('standard input without end is refused within its bound', async () => {
    const { code, err } = await shell('pellucid tokenize model --file - < /dev/zero')
    expect({ code, err }).toMatchObject({ code: 3, err: expect.stringMatching(/^standard input: more than 64 MiB/) })
  })
})

test('an environment full of nonsense changes nothing', async () => {
  const argv = ['generate', 'model', '--prompt', 'The', '--seed', '3', '--max-new-tokens', '8']
  const nonsense = {
    NO_COLOR: 'perhaps',
    FORCE_COLOR: 'banana',
    TERM: 'nonsense-999',
    COLUMNS: 'abc',
    LINES: '-1',
    LANG: 'xx_YY.nothing',
    LC_ALL: '\x1b[31m',
    TZ: 'Nowhere/Land',
    TMPDIR: '/nowhere',
    HOME: '',
    OMP_NUM_THREADS: 'many',
    npm_lifecycle_event: '__proto__',
    PELLUCID_THREADS: 'abc',
  }
  const [plain, strange] = await Promise.all([pellucid(argv), pellucid(argv, { env: { ...process.env, ...nonsense } })])
  expect(plain.code).toBe(0)
  expect(strange).toEqual(plain)
})

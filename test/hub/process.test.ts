/** Downloads as processes: killed in the middle and gone on with, used by name without a network, and exchanged with Python. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openWorkspace } from '../cli/workspace.ts'
import { type Hub, lfsHash, openHub } from './server.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const tsx = import.meta.resolve('tsx')
const big = new Uint8Array(4_000_000).map((_, i) => i >> 7)

let hub: Hub
let workspace: Awaited<ReturnType<typeof openWorkspace>>
let folder: string
beforeAll(async () => {
  workspace = await openWorkspace()
  const files = Object.fromEntries(
    ['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'].map(
      (name) => [name, new Uint8Array(readFileSync(join('model', name)))],
    ),
  )
  hub = await openHub({
    'owner/trained': { files },
    'owner/big': { files: { 'config.json': '{}', 'model.safetensors': big } },
  })
  folder = mkdtempSync(join(tmpdir(), 'pellucid-hub-'))
}, 60_000)
afterAll(async () => {
  await hub?.close()
  workspace?.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => hub.reset())

const environment = (more: NodeJS.ProcessEnv = {}) => ({
  ...process.env,
  HF_ENDPOINT: hub.endpoint,
  HF_HOME: join(folder, 'home'),
  HF_HUB_CACHE: undefined,
  HF_TOKEN: '',
  ...more,
})

/** Runs `pellucid`; `started` may meddle with the process. */
async function pellucid(
  argv: string[],
  { env = {}, input = '', node = [] as string[] } = {},
  started?: (pid: number) => void,
) {
  const child = spawn(process.execPath, ['--import', tsx, ...node, main, ...argv], { env: environment(env) })
  const written = { out: '', err: '' }
  child.stdout.on('data', (data) => (written.out += data))
  child.stderr.on('data', (data) => (written.err += data))
  child.stdin.end(input)
  started?.(child.pid!)
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, ...written }
}

test('a download that is killed goes on where it was, to the byte', async () => {
  hub.trouble(/storage/, { stallAfter: 1_500_000 })
  const blobs = join(folder, 'home/hub/models--owner--big/blobs')
  const part = join(blobs, `${lfsHash(big)}.incomplete`)
  const sizeOfPart = () => {
    try {
      return readFileSync(part).length
    } catch {
      return 0
    }
  }
  const killed = await pellucid(['download', 'owner/big'], {}, (pid) => {
    const timer = setInterval(() => {
      if (sizeOfPart() < 1_500_000) return
      clearInterval(timer)
      process.kill(pid, 'SIGKILL')
    }, 20)
  })
  expect(killed.code).toBeNull()
  expect(sizeOfPart()).toBe(1_500_000)
  expect(readdirSync(join(folder, 'home/hub/models--owner--big'))).not.toContain('refs')
  hub.reset()
  const { code, out, err } = await pellucid(['download', 'owner/big', '--json'])
  expect({ code, err }).toMatchObject({ code: 0 })
  const result = JSON.parse(out)
  expect(hub.served.filter(({ path }) => path.startsWith('/storage'))).toMatchObject([
    { range: 'bytes=1500000-', bytes: 2_500_000 },
  ])
  expect(readFileSync(join(result.directory, 'model.safetensors')).equals(big)).toBe(true)
  expect(readdirSync(blobs).filter((name) => name.endsWith('.incomplete'))).toEqual([])
})

describe('a downloaded model', () => {
  /** A module that ends the process when anything asks for a connection or a name. */
  const guard = () => {
    const file = join(folder, 'guard.mjs')
    writeFileSync(
      file,
      `import net from 'node:net'; import dns from 'node:dns'; import { syncBuiltinESMExports } from 'node:module'
const refuse = (what) => () => { process.stderr.write('NETWORK: ' + what + '\\n'); process.exit(99) }
net.Socket.prototype.connect = refuse('connect'); dns.lookup = refuse('lookup'); globalThis.fetch = refuse('fetch')
syncBuiltinESMExports()`,
    )
    return ['--import', pathToFileURL(file).href]
  }
  beforeAll(async () => {
    const { code, err, out } = await pellucid(['download', 'owner/trained'])
    expect({ code, err }).toMatchObject({
      code: 0,
      err: expect.stringMatching(/model\.safetensors \(\d of 5\)\n[\s\S]*5 files, /),
    })
    expect(out).toMatch(/snapshots.[0-9a-f]{40}\n$/)
  }, 60_000)

  test('the guard bites', async () => {
    const { code, err } = await pellucid(['download', 'owner/trained'], { node: guard() })
    expect(err).toMatch(/NETWORK: fetch/)
    expect(code).toBe(99)
  })
  test.each([
    ['generate owner/trained --prompt Day --max-new-tokens 3 --seed 1 --json', ''],
    ['evaluate owner/trained --data text.txt --json', ''],
    ['tokenize owner/trained Day --json', ''],
    ['inspect owner/trained --text Day --json', ''],
    ['chat owner/trained --max-new-tokens 3 --json', 'Day\n'],
    ['models --downloaded --json', ''],
    ['models --describe owner/trained --json', ''],
    ['doctor --json', ''],
  ])('%s asks nothing of the network', async (line, input) => {
    const { code, out, err } = await pellucid(line.split(' '), { input, node: guard() })
    expect({ code, err }).toMatchObject({ code: 0 })
    expect(err).not.toMatch(/NETWORK/)
    expect(out).not.toBe('')
    expect(hub.served).toEqual([])
  })
  test('is what a directory of its files is', async () => {
    const argv = ['--prompt', 'Day', '--max-new-tokens', '5', '--seed', '1', '--json']
    const [byName, byPath] = await Promise.all(
      ['owner/trained', 'model'].map((name) => pellucid(['generate', name, ...argv])),
    )
    expect(byName!.out).toBe(byPath!.out)
  })
  test('stays usable where HF_HUB_OFFLINE forbids to ask again', async () => {
    const { code, err } = await pellucid(['download', 'owner/trained'], { env: { HF_HUB_OFFLINE: '1' } })
    expect(code).toBe(1)
    expect(err).toMatch(/HF_HUB_OFFLINE[\s\S]*is in the cache/)
  })
})

describe('Python', () => {
  const python = process.env.PYTHON ?? 'python3'
  const { status, stderr, error } = spawnSync(python, ['-c', 'import transformers, torch'], { encoding: 'utf8' })
  const why = `${python} cannot import transformers (${error?.message ?? stderr.trim().split('\n').at(-1)}); name one that can with PYTHON`
  beforeEach((context) => context.skip(status !== 0, why))
  const run = (code: string, env: NodeJS.ProcessEnv) =>
    // Our hub answers from this very process, which must not wait.
    new Promise<string>((resolve, reject) => {
      const child = spawn(python, ['-c', code], { env: environment(env) })
      let [out, err] = ['', '']
      child.stdout.on('data', (data) => (out += data))
      child.stderr.on('data', (data) => (err += data))
      child.on('close', (status) => (status === 0 ? resolve(out.trim()) : reject(new Error(err))))
    })

  test('loads what we downloaded, without a network', async () => {
    const home = join(folder, 'for-python')
    expect(await pellucid(['download', 'owner/trained'], { env: { HF_HOME: home } })).toMatchObject({ code: 0 })
    hub.reset()
    const code = `from transformers import AutoModelForCausalLM, AutoTokenizer
model = AutoModelForCausalLM.from_pretrained('owner/trained', local_files_only=True)
print(model.num_parameters(), AutoTokenizer.from_pretrained('owner/trained', local_files_only=True)('Day 1').input_ids)`
    expect(await run(code, { HF_HOME: home, HF_HUB_OFFLINE: '1' })).toMatch(/^\d+ \[\d+/)
    expect(hub.served).toEqual([])
  })
  test('leaves what we find, and what we do not fetch again', async () => {
    const home = join(folder, 'from-python')
    const code = `from huggingface_hub import snapshot_download
print(snapshot_download('owner/trained'))`
    const directory = await run(code, { HF_HOME: home, HF_HUB_DISABLE_TELEMETRY: '1', HF_HUB_DISABLE_XET: '1' })
    const { code: status, out } = await pellucid(['generate', 'owner/trained', '--max-new-tokens', '2', '--json'], {
      env: { HF_HOME: home },
    })
    expect(status).toBe(0)
    expect(JSON.parse(out).sequences).toHaveLength(1)
    const again = await pellucid(['download', 'owner/trained', '--json'], { env: { HF_HOME: home } })
    expect(JSON.parse(again.out)).toMatchObject({ directory, transferred: 0 })
  })
})

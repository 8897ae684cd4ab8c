/** Downloading from a hub on the loopback interface: what comes, where it goes, and what happens when something goes wrong on the way. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type DownloadOptions, type DownloadProgress, downloadModel } from '../../src/hub/download.ts'
import { type Environment, hubEnvironment } from '../../src/hub/environment.ts'
import { commitOf, gitHash, type Hub, lfsHash, openHub, type Repository } from './server.ts'

const weights = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 3)
const shard = (i: number) => Uint8Array.from({ length: 5000 }, (_, j) => i * j)
const tiny: Repository = {
  files: {
    'README.md': '# tiny',
    'config.json': '{"model_type":"gpt2"}',
    'model.safetensors': weights,
    'tokenizer.json': '{}',
    'pytorch_model.bin': 'pickle',
    'onnx/model.onnx': 'onnx',
    'empty.txt': '',
  },
  revisions: ['v1.0', 'refs/pr/1'],
  formerly: 'tiny',
}
const repositories: Record<string, Repository> = {
  'owner/tiny': tiny,
  'owner/sharded': {
    files: {
      'config.json': '{}',
      'model.safetensors.index.json': '{}',
      'model-00001-of-00002.safetensors': shard(1),
      'model-00002-of-00002.safetensors': shard(2),
      'consolidated.safetensors': shard(3),
      'nested/vocab.json': '{}',
    },
  },
  'owner/both': {
    files: { 'config.json': '{}', 'model.safetensors': shard(1), 'model-00001-of-00001.safetensors': shard(1) },
  },
  'owner/pickled': { files: { 'config.json': '{}', 'pytorch_model.bin': 'pickle' } },
  'owner/gated': { files: tiny.files, token: 'hf_right', gated: true },
  'owner/private': { files: tiny.files, token: 'secret-of-another-form' },
  'owner/same': { files: { 'model.safetensors': shard(4), 'vocab.json': '{}', 'tokenizer_config.json': '{}' } },
  'owner/outside': { files: { 'model.safetensors': shard(5), '../../config.json': '{}' } },
}
let hub: Hub
let folder: string
beforeAll(async () => {
  hub = await openHub(repositories)
})
afterAll(() => hub.close())
beforeEach(() => {
  hub.reset()
  folder = mkdtempSync(join(tmpdir(), 'pellucid-hub-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const environment = (more: Environment = {}) => hubEnvironment({ HF_ENDPOINT: hub.endpoint, HF_HOME: folder, ...more })
const download = (name: string, { env, ...options }: DownloadOptions & { env?: Environment } = {}) =>
  downloadModel(name, { environment: environment(env), retryDelay: 0.001, ...options })
const at = (...parts: string[]) => join(folder, 'hub', ...parts)
const blobs = (name = 'models--owner--tiny') => readdirSync(at(name, 'blobs')).sort()

describe('what a model needs', () => {
  test('lies where Python looks for it', async () => {
    const progress: DownloadProgress[] = []
    const result = await download('owner/tiny', { onProgress: (each) => progress.push(each) })
    const commit = commitOf('owner/tiny', tiny)
    const directory = at('models--owner--tiny', 'snapshots', commit)
    expect(result).toMatchObject({ repository: 'owner/tiny', revision: 'main', commit, directory })
    expect(readdirSync(directory).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json'])
    expect(readFileSync(at('models--owner--tiny', 'refs', 'main'), 'utf8')).toBe(commit)
    expect(readlinkSync(join(directory, 'model.safetensors'))).toBe(`../../blobs/${lfsHash(weights)}`)
    const config = Buffer.from(tiny.files['config.json'] as string)
    expect(readlinkSync(join(directory, 'config.json'))).toBe(`../../blobs/${gitHash(config)}`)
    expect(readFileSync(join(directory, 'model.safetensors')).equals(weights)).toBe(true)
    expect(result.transferred).toBe(hub.fileBytes())
    expect(progress.at(-1)).toMatchObject({ received: result.bytes, total: result.bytes, done: 3, files: 3 })
    expect(progress.flatMap(({ completed }) => completed ?? []).sort()).toEqual(readdirSync(directory).sort())
  })
  test('is not fetched twice, and the second time nothing but the list is asked for', async () => {
    await download('owner/tiny')
    hub.reset()
    expect(await download('owner/tiny')).toMatchObject({ transferred: 0 })
    expect(hub.served.every(({ path }) => path.startsWith('/api/'))).toBe(true)
  })
  test.each([
    [
      'owner/sharded',
      {},
      [
        'config.json',
        'model-00001-of-00002.safetensors',
        'model-00002-of-00002.safetensors',
        'model.safetensors.index.json',
      ],
    ],
    ['owner/both', {}, ['config.json', 'model.safetensors']],
    ['owner/tiny', { include: ['*.json', 'onnx/*'] }, ['config.json', 'onnx/model.onnx', 'tokenizer.json']],
    ['owner/tiny', { include: ['empty.tx?'] }, ['empty.txt']],
    ['owner/tiny', { exclude: ['[mt]o*'] }, ['config.json']],
    ['owner/pickled', { include: ['*'], exclude: ['*.bin'] }, ['config.json']],
    ['owner/same', {}, ['model.safetensors', 'tokenizer_config.json', 'vocab.json']],
  ])('of %s with %o is %o', async (name, patterns, expected) => {
    const { files, directory } = await download(name, patterns)
    expect(files.map(({ path }) => path).sort()).toEqual(expected)
    for (const { path, bytes } of files) expect(readFileSync(join(directory, path))).toHaveLength(bytes)
  })
  test.each([
    ['tiny', 'main', 'models--tiny'],
    ['owner/tiny@v1.0', 'v1.0', 'models--owner--tiny'],
    ['owner/tiny@refs/pr/1', 'refs/pr/1', 'models--owner--tiny'],
  ])('of %s goes by that name', async (name, revision, place) => {
    expect(await download(name)).toMatchObject({ revision })
    expect(readFileSync(at(place, 'refs', ...revision.split('/')), 'utf8')).toBe(commitOf('owner/tiny', tiny))
  })
  test('of a commit needs no branch', async () => {
    const commit = commitOf('owner/tiny', tiny)
    await download('owner/tiny', { revision: commit })
    expect(existsSync(at('models--owner--tiny', 'refs'))).toBe(false)
  })
  test('is there as plain files where links are not wanted', async () => {
    const { directory } = await download('owner/tiny', { env: { HF_HUB_DISABLE_SYMLINKS: '1' } })
    expect(lstatSync(join(directory, 'model.safetensors')).isFile()).toBe(true)
    expect(readFileSync(join(directory, 'model.safetensors')).equals(weights)).toBe(true)
  })
})

describe('the token', () => {
  test.each<[string, Environment, boolean]>([
    ['HF_TOKEN', { HF_TOKEN: ' hf_right\n' }, true],
    ['the file of a login', {}, true],
    ['the file, over an empty HF_TOKEN', { HF_TOKEN: '' }, true],
    ['none where it is not to be sent unasked', { HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' }, false],
  ])('is %s', async (_, env, works) => {
    writeFileSync(join(folder, 'token'), 'hf_right')
    const done = download('owner/gated', { env })
    if (works) await done
    else await expect(done).rejects.toThrow('owner/gated: may only be downloaded by who has accepted its license')
  })
  test('goes to the hub and not to where the hub sends us on', async () => {
    await download('owner/private', { env: { HF_TOKEN: 'secret-of-another-form' } })
    // An answer to the test before may still be on its way.
    for (const { path, authorization } of hub.served.filter(({ path }) => /private|storage/.test(path)))
      expect(authorization, path).toBe(path.startsWith('/storage/') ? undefined : 'Bearer secret-of-another-form')
  })
})

describe('what is refused', () => {
  test.each<[string, string, DownloadOptions & { env?: Environment }, string, RegExp]>([
    [
      'a gated model without a token',
      'owner/gated',
      {},
      'HUB_GATED',
      /Accept it at http.*\/owner\/gated, then set HF_TOKEN/,
    ],
    [
      'a gated model with another token',
      'owner/gated',
      { env: { HF_TOKEN: 'hf_wrong' } },
      'HUB_GATED',
      /must be of the account/,
    ],
    [
      'a private model',
      'owner/private',
      {},
      'HUB_NOT_FOUND',
      /no such model at http.*or it is private[\s\S]*needs HF_TOKEN/,
    ],
    ['no model', 'owner/nothing', {}, 'HUB_NOT_FOUND', /^owner\/nothing: there is no such model/],
    ['no revision', 'owner/tiny@v9', {}, 'HUB_NOT_FOUND', /^owner\/tiny@v9: there is no such revision/],
    ['no safetensors', 'owner/pickled', {}, 'NO_WEIGHTS', /no weights as safetensors.*pytorch_model\.bin/],
    [
      'patterns that fit nothing',
      'owner/tiny',
      { include: ['*.gguf'] },
      'NO_FILES',
      /no file fits.*\nIt holds README\.md/,
    ],
    ['patterns that leave nothing', 'owner/tiny', { exclude: ['*'] }, 'NO_FILES', /leaves no file/],
    ['a path out of the cache', 'owner/outside', {}, 'HUB_ANSWER', /lists a file that cannot be one.*\.\.\/\.\./],
    ['a path as a name', '../x', {}, 'BAD_NAME', /"\.\.\/x" is not the name of a model, expected owner\/name/],
    ['three parts', 'a/b/c', {}, 'BAD_NAME', /not the name/],
    ['a page', 'https://huggingface.co/owner/tiny', {}, 'BAD_NAME', /Did you mean owner\/tiny\?/],
    ['two revisions', 'owner/tiny@v1.0', { revision: 'main' }, 'BAD_NAME', /give one/],
    ['a revision out of the cache', 'owner/tiny', { revision: '../main' }, 'BAD_NAME', /--revision is "\.\.\/main"/],
    ['a download without a network', 'owner/tiny', { env: { HF_HUB_OFFLINE: '1' } }, 'OFFLINE', /HF_HUB_OFFLINE/],
  ])('%s', async (_, name, options, code, says) => {
    await expect(download(name, options)).rejects.toMatchObject({ code, message: expect.stringMatching(says) })
    if (code === 'BAD_NAME' || code === 'OFFLINE') expect(hub.served).toEqual([])
  })
  test.each<[string, Environment, RegExp]>([
    ['HF_ENDPOINT', { HF_ENDPOINT: 'huggingface.co' }, /HF_ENDPOINT is "huggingface\.co", expected a web address/],
    ['HF_TOKEN', { HF_TOKEN: 'two words' }, /HF_TOKEN .* holds what no token does/],
  ])('a bad %s', async (_, env, says) => {
    await expect(async () => await download('owner/tiny', { env })).rejects.toMatchObject({
      code: 'BAD_ENVIRONMENT',
      message: expect.stringMatching(says),
    })
  })
})

describe('when something goes wrong on the way', () => {
  const blob = () => at('models--owner--tiny', 'blobs', lfsHash(weights))

  test.each<[string, Parameters<Hub['trouble']>]>([
    ['the connection is cut', [/storage/, { cutAfter: 1000 }]],
    ['it is cut again and again', [/storage/, { cutAfter: 1 }, { cutAfter: 70_000 }, { cutAfter: 0 }, { cutAfter: 9 }]],
    ['the hub fails twice', [/resolve.*model/, { status: 500 }, { status: 503 }]],
    ['the hub is busy', [/storage/, { status: 429, headers: { 'retry-after': '0' } }]],
    ['the list fails', [/tree/, { status: 502 }]],
    ['the list is cut', [/revision/, { cutAfter: 20 }]],
    ['nothing comes any more', [/storage/, { stallAfter: 5000 }]],
  ])('%s: it is tried again', async (_, trouble) => {
    hub.trouble(...trouble)
    const warnings: string[] = []
    const { directory } = await download('owner/tiny', {
      env: { HF_HUB_DOWNLOAD_TIMEOUT: '0.3' },
      warn: (line) => warnings.push(line),
    })
    expect(readFileSync(join(directory, 'model.safetensors')).equals(weights)).toBe(true)
    expect(warnings).toHaveLength(trouble.length - 1)
    expect(warnings[0]).toMatch(/^http:.*tried again in \d+ s\.$/)
    expect(blobs().filter((name) => name.endsWith('.incomplete'))).toEqual([])
  })
  test('no byte is fetched twice after a cut', async () => {
    hub.trouble(/storage/, { cutAfter: 100_000 }, { cutAfter: 50_000 })
    await download('owner/tiny')
    expect(
      hub.served.filter(({ path }) => path.startsWith('/storage')).map(({ range, bytes }) => [range, bytes]),
    ).toEqual([
      [undefined, 100_000],
      ['bytes=100000-', 50_000],
      ['bytes=150000-', 150_000],
    ])
  })
  test('five failures in a row are enough; what came is kept and continued', async () => {
    hub.trouble(/storage/, { cutAfter: 100_000 }, ...Array.from({ length: 4 }, () => ({ status: 503 })))
    await expect(download('owner/tiny')).rejects.toMatchObject({
      code: 'HUB_FAILS',
      message: expect.stringMatching(/answers 503 .*tried 5 times/),
    })
    expect(blobs()).toContain(`${lfsHash(weights)}.incomplete`)
    expect(existsSync(at('models--owner--tiny', 'refs', 'main'))).toBe(false)
    hub.reset()
    const { transferred } = await download('owner/tiny')
    expect(transferred).toBe(200_000 + (transferred > 200_000 ? transferred - 200_000 : 0))
    expect(hub.served.find(({ path }) => path.startsWith('/storage'))).toMatchObject({
      range: 'bytes=100000-',
      bytes: 200_000,
    })
    expect(readFileSync(blob()).equals(weights)).toBe(true)
  })
  test('a server that cannot go on in the middle sends everything', async () => {
    hub.trouble(/storage/, { cutAfter: 100_000 }, { ignoreRange: true })
    const { directory } = await download('owner/tiny')
    expect(readFileSync(join(directory, 'model.safetensors')).equals(weights)).toBe(true)
  })
  test('wrong bytes are thrown away, and both sums told', async () => {
    hub.trouble(/storage/, { corrupt: true })
    await expect(download('owner/tiny')).rejects.toMatchObject({
      code: 'HUB_CHECKSUM',
      message: expect.stringMatching(
        `^model.safetensors: its SHA-256 is [0-9a-f]{64}, expected ${lfsHash(weights)}\\.`,
      ),
    })
    expect(blobs().filter((name) => name.startsWith(lfsHash(weights)))).toEqual([])
    rmSync(at(), { recursive: true })
    hub.trouble(/config/, { corrupt: true })
    await expect(download('owner/tiny')).rejects.toThrow(/^config\.json: its git hash is [0-9a-f]{40}, expected/)
    await download('owner/tiny')
  })
  test('a part that is not of this file is noticed, and all of it fetched', async () => {
    for (const part of [Buffer.alloc(100_000, 1), Buffer.alloc(300_000, 2), Buffer.alloc(400_000, 3)]) {
      rmSync(at(), { recursive: true, force: true })
      mkdirSync(dirname(blob()), { recursive: true })
      writeFileSync(`${blob()}.incomplete`, part)
      const { directory } = await download('owner/tiny')
      expect(readFileSync(join(directory, 'model.safetensors')).equals(weights)).toBe(true)
    }
  })
  test.each<[string, number]>([
    ['longer', 300_001],
    ['shorter', 299_999],
  ])('a file %s than listed is refused', async (_, length) => {
    hub.trouble(/storage/, ...Array.from({ length: 9 }, () => ({ instead: new Uint8Array(length) })))
    await expect(download('owner/tiny')).rejects.toMatchObject({
      message: expect.stringMatching(/model\.safetensors.*300000/),
    })
    expect(existsSync(blob())).toBe(false)
  })
  test('a wait of hours is told, not waited for', async () => {
    hub.trouble(/revision/, { status: 429, headers: { 'retry-after': '7200' } })
    await expect(download('owner/tiny')).rejects.toMatchObject({
      code: 'HUB_BUSY',
      message: expect.stringMatching(/asks to wait 7200 s/),
    })
  })
  test('a page in place of an answer is told', async () => {
    hub.trouble(/revision/, { body: '<html>Please log in</html>' })
    await expect(download('owner/tiny')).rejects.toMatchObject({ code: 'HUB_ANSWER' })
  })
  test('a hub that is not there is told', async () => {
    const gone = await openHub({})
    await gone.close()
    const env = { HF_ENDPOINT: gone.endpoint }
    await expect(download('owner/tiny', { env })).rejects.toMatchObject({
      code: 'HUB_UNREACHABLE',
      message: expect.stringMatching(/refuses the connection \(ECONNREFUSED\)/),
    })
  })
  test('a signal stops it, and what came is kept', async () => {
    const stop = new AbortController()
    hub.trouble(/storage/, { stallAfter: 100_000 })
    const options = {
      signal: stop.signal,
      onProgress: ({ received }: DownloadProgress) => received >= 100_000 && stop.abort(130),
    }
    await expect(download('owner/tiny', options)).rejects.toBe(130)
    hub.reset()
    await download('owner/tiny')
    expect(hub.served.find(({ path }) => path.startsWith('/storage'))).toMatchObject({
      range: expect.stringMatching(/^bytes=\d{5,}-$/),
    })
  })
})

test('downloads of one model at once fetch it once', async () => {
  const results = await Promise.all([1, 2, 3].map(() => download('owner/tiny')))
  expect(results.filter(({ transferred }) => transferred > 0)).toHaveLength(1)
  expect(hub.served.filter(({ path }) => path.startsWith('/storage'))).toHaveLength(1)
})

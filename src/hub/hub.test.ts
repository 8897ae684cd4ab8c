/** What the environment, a name and a pattern mean, and what is found in a cache. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findSnapshot, listCached, place, placesOf, writeRef } from './cache.ts'
import { type Environment, hubEnvironment } from './environment.ts'
import { nameText, parseName } from './names.ts'
import { resolveModel } from './resolve.ts'
import { globPattern } from './selection.ts'

describe('the cache is where Python has it', () => {
  const home = join(homedir(), '.cache', 'huggingface', 'hub')
  test.each<[Environment, string]>([
    [{}, home],
    [{ HF_HOME: '' }, home],
    [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
    [{ HF_HOME: '/h', XDG_CACHE_HOME: '/x' }, '/h/hub'],
    [{ HF_HOME: '~/h' }, join(homedir(), 'h', 'hub')],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as a shell writes it
    [{ HF_HOME: '$BASE/${SUB}', BASE: '/b', SUB: 's' }, '/b/s/hub'],
    [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old' }, '/old'],
    [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '/new' }, '/new'],
  ])('with %o', (environment, cache) => expect(hubEnvironment(environment).cache).toBe(cache))
})

test.each<[Environment, object]>([
  [{}, { endpoint: 'https://huggingface.co', offline: false, links: true, timeout: 30 }],
  [{ HF_ENDPOINT: 'http://mirror:8080/hub//' }, { endpoint: 'http://mirror:8080/hub' }],
  [
    { HF_HUB_OFFLINE: 'True', HF_HUB_DISABLE_SYMLINKS: 'yes' },
    { offline: true, links: false },
  ],
  [
    { TRANSFORMERS_OFFLINE: '1', HF_HUB_DOWNLOAD_TIMEOUT: '5' },
    { offline: true, timeout: 5 },
  ],
  [{ HF_HUB_OFFLINE: '0' }, { offline: false }],
])('the environment %o', (environment, expected) => expect(hubEnvironment(environment)).toMatchObject(expected))

describe('a name', () => {
  test.each([
    ['gpt2', 'gpt2', 'main', 'gpt2'],
    ['openai-community/gpt2', 'openai-community/gpt2', 'main', 'openai-community/gpt2'],
    ['a/b.c_d-1@v1.0', 'a/b.c_d-1', 'v1.0', 'a/b.c_d-1@v1.0'],
    ['a/b@refs/pr/2', 'a/b', 'refs/pr/2', 'a/b@refs/pr/2'],
    ['a/b@main', 'a/b', 'main', 'a/b'],
  ])('%s', (text, repository, revision, shown) => {
    expect(parseName(text)).toEqual({ repository, revision })
    expect(nameText(parseName(text)!)).toBe(shown)
  })
  test.each([
    '',
    '.',
    './a',
    '../a',
    '/a',
    'a/',
    'a/b/c',
    'a--b',
    'a..b',
    'a/b.git',
    '-a',
    'a b',
    'a\\b',
    'C:\\a',
    'a@',
    'a@../x',
    'a@/x',
    'a@b//c',
    'a@x.lock',
    'a\0b',
    'a'.repeat(97),
  ])('%j is none', (text) => expect(parseName(text)).toBeUndefined())
})

test.each<[string, string[], string[]]>([
  ['*.json', ['a.json', 'b/c.json'], ['a.jsonl', 'json']],
  ['onnx/', ['onnx/a', 'onnx/b/c'], ['onnx']],
  ['model-?.bin', ['model-1.bin'], ['model-10.bin', 'model-.bin']],
  ['[abc]*', ['a', 'beta'], ['d']],
  ['[!abc]', ['d'], ['a', 'dd']],
  ['a.b+(c)|^$', ['a.b+(c)|^$'], ['aXb+(c)|^$']],
  ['', [''], ['a']],
])('the pattern %s', (glob, fitting, others) => {
  for (const text of fitting) expect(globPattern(glob).test(text), text).toBe(true)
  for (const text of others) expect(globPattern(glob).test(text), text).toBe(false)
})

describe('a cache', () => {
  const commit = 'c'.repeat(40)
  const name = { repository: 'owner/name', revision: 'main' }
  let cache: string
  beforeAll(async () => {
    cache = mkdtempSync(join(tmpdir(), 'pellucid-cache-'))
    const places = placesOf(cache, 'owner/name')
    mkdirSync(join(places.folder, 'blobs'), { recursive: true })
    writeFileSync(places.blob('b'), 'twelve bytes')
    await place(places.blob('b'), join(places.snapshot(commit), 'sub', 'config.json'), true)
    symlinkSync('../../blobs/gone', join(places.snapshot(commit), 'gone.json'))
    await writeRef(places, 'main', commit)
    await writeRef(places, 'refs/pr/1', commit)
    mkdirSync(placesOf(cache, 'short').snapshot('d'.repeat(40)), { recursive: true })
    mkdirSync(join(cache, 'datasets--owner--name', 'snapshots'), { recursive: true })
    writeFileSync(join(cache, 'version.txt'), '1')
  })
  afterAll(() => rmSync(cache, { recursive: true }))

  test('is listed, each revision by its name', async () => {
    const listed = await listCached(cache)
    expect(listed.map((each) => [nameText(each), each.files, each.bytes])).toEqual([
      ['owner/name', 1, 12],
      ['owner/name@refs/pr/1', 1, 12],
      [`short@${'d'.repeat(40)}`, 0, 0],
    ])
  })
  test('a cache that is not there holds nothing', async () => {
    expect(await listCached(join(cache, 'nowhere'))).toEqual([])
  })
  test.each([
    ['main', true],
    ['refs/pr/1', true],
    [commit, true],
    ['v1', false],
    ['d'.repeat(40), false],
  ])('revision %s', async (revision, there) => {
    const directory = placesOf(cache, 'owner/name').snapshot(commit)
    expect(await findSnapshot(cache, { ...name, revision })).toBe(there ? directory : undefined)
  })
  test('a name leads into it unless something of that name is here', async () => {
    const before = process.env.HF_HUB_CACHE
    process.env.HF_HUB_CACHE = cache
    try {
      expect(await resolveModel('owner/name')).toBe(placesOf(cache, 'owner/name').snapshot(commit))
      expect(await resolveModel('src')).toBe('src')
      expect(await resolveModel('./owner/name')).toBe('./owner/name')
      await expect(resolveModel('owner/other')).rejects.toThrow('pellucid download owner/other')
    } finally {
      if (before === undefined) delete process.env.HF_HUB_CACHE
      else process.env.HF_HUB_CACHE = before
    }
  })
})

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findLibrary } from './library.ts'
import { probeNative } from './probe.ts'

const require = createRequire(import.meta.url)

test.each([
  ['linux', 'x64', /libonnxruntime\.so\.1$/],
  ['linux', 'arm64', /libonnxruntime\.so\.1$/],
  ['darwin', 'arm64', /libonnxruntime\.[\d.]+\.dylib$/],
  ['win32', 'x64', /onnxruntime\.dll$/],
])('the library for %s/%s is in the package', (platform, arch, name) => {
  expect(findLibrary(platform, arch)).toEqual({ file: expect.stringMatching(name) })
})

test('a machine that the package does not serve is named', () => {
  expect(findLibrary('freebsd', 'x64')).toEqual({
    problem: 'onnxruntime-node has no library for freebsd/x64',
    mend: 'use --runtime web on this machine',
  })
})

test('the probe tells what was found', () => {
  const probe = probeNative()
  expect(probe.problem).toBeUndefined()
  expect(probe.version).toMatch(/^1\.\d+\.\d+$/)
  expect(probe.providers).toContain('CPUExecutionProvider')
  expect(probe.threads).toBe(probe.processor.cores)
})

/** The probe as one script in a folder of its own, beside which packages can be missing. */
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pellucid-library-'))
  const contents = `import { probeNative } from './probe.ts'; const { problem, mend } = probeNative(); console.log(JSON.stringify({ problem, mend }))`
  const outfile = join(folder, 'probe.mjs')
  const stdin = { contents, resolveDir: import.meta.dirname }
  await build({ stdin, bundle: true, format: 'esm', platform: 'node', outfile, logLevel: 'error' })
})
afterAll(() => rmSync(folder, { recursive: true }))

const probeThere = (...preload: string[]) =>
  JSON.parse(execFileSync(process.execPath, [...preload, join(folder, 'probe.mjs')], { encoding: 'utf8' }))

function install(name: string) {
  const entry = require.resolve(name)
  const tail = join('node_modules', name)
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  symlinkSync(entry.slice(0, entry.lastIndexOf(tail) + tail.length), join(folder, tail))
}

test('missing packages are named one after the other, with the command that installs them', () => {
  const mend = expect.stringContaining('npm install koffi onnxruntime-node')
  expect(probeThere()).toEqual({ problem: 'the package onnxruntime-node is not installed', mend })
  install('onnxruntime-node')
  expect(probeThere()).toEqual({ problem: 'the package koffi is not installed', mend })
  install('koffi')
  expect(probeThere()).toEqual({})
})

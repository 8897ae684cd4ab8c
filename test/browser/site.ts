/** A bundle of the test page and a loopback server for it, with or without the headers that allow threads. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Where systems put Chromium; the test needs one of these. */
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium']
export const chromium: string | undefined = places.find(existsSync)

/** What Chromium is started with, so that it needs neither privileges nor a network. */
export const flags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(
    ' ',
  )

/** Files by name. */
export type Bundle = ReadonlyMap<string, Uint8Array>

/**
 * Bundles a file for pages with esbuild's own defaults, nothing added for our sake. `splitting` puts what is imported later into files of
 * its own.
 */
export async function bundle(entry: string, splitting: boolean): Promise<Bundle> {
  const { outputFiles } = await build({
    entryPoints: [join(root, entry)],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    splitting,
    outdir: root,
    write: false,
    logLevel: 'error',
  })
  return new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]))
}

const types: Record<string, string> = {
  html: 'text/html',
  js: 'text/javascript',
  mjs: 'text/javascript',
  json: 'application/json',
  wasm: 'application/wasm',
}
const html = (script: string) =>
  `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/${script}"></script>`

export type Site = { readonly url: string; close(): Promise<void> }

/** Serves the page of `script`, the bundle beside the engine's two files, and a model directory at /model/. */
export async function serve(files: Bundle, script: string, model: string, isolated: boolean): Promise<Site> {
  const engine = join(root, 'node_modules/onnxruntime-web/dist')
  const contents = async (path: string): Promise<Uint8Array | string> => {
    if (path === '/') return html(script)
    const name = basename(path)
    if (path === `/model/${name}`) return await readFile(join(model, name))
    return files.get(name) ?? (await readFile(join(engine, name)))
  }
  const server = createServer(async ({ url = '/' }, response) => {
    const path = new URL(url, 'http://localhost').pathname
    try {
      const body = await contents(path)
      response.writeHead(200, {
        'content-type': path === '/' ? types.html : (types[path.split('.').at(-1)!] ?? 'application/octet-stream'),
        ...(isolated && {
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-embedder-policy': 'require-corp',
        }),
      })
      response.end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

/** The size of what a page loads, WebAssembly aside. */
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import budgets from '../budgets.json' with { type: 'json' }
import { bundle } from './site.ts'

test('a page with GPT-2, decoding and training stays within its budget', async () => {
  const files = await bundle('test/browser/page.ts', true)
  const kilobytes = [...files.values()].reduce((sum, file) => sum + gzipSync(file).length, 0) / 1000
  expect(kilobytes, `${kilobytes.toFixed(1)} kB, gzipped`).toBeLessThanOrEqual(budgets.pageKB)
})

test.each(['test/browser/page.ts', 'src/index.ts'])('nothing of Node gets into a page from %s', async (entry) => {
  for (const [name, file] of await bundle(entry, true)) {
    const text = Buffer.from(file).toString()
    expect(text, name).not.toMatch(/(?:from|import|require)\s*\(?\s*["'](?:node:|koffi|onnxruntime-node)/)
  }
})

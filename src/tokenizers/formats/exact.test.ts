/** SentencePiece models of every kind and option read texts as the library itself does. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadTokenizer, parseTokenizer } from '../load.ts'

type Recorded = { name: string; file: string; size: number; rows: [text: string, ids: number[], decoded: string][] }
const sample = new URL('../../../test/oracles/data/tokenizers/sentencepiece.json', import.meta.url)
const { models }: { models: Recorded[] } = JSON.parse(readFileSync(sample, 'utf8'))
const scratch = mkdtempSync(join(tmpdir(), 'sentencepiece-'))
afterAll(() => rmSync(scratch, { recursive: true }))

describe.each(models)('$name', ({ name, file, size, rows }) => {
  it('gives the same ids and decoded text, as read and as written and read again', async () => {
    const path = join(scratch, `${name}.model`)
    writeFileSync(path, Buffer.from(file, 'base64'))
    const tokenizer = await loadTokenizer(path)
    expect(tokenizer.vocabSize).toBe(size)
    const again = parseTokenizer(JSON.parse(JSON.stringify(tokenizer)), { config: tokenizer.stages.config })
    const options = { special: 'text', addSpecialTokens: false } as const
    for (const each of [tokenizer, again])
      expect(rows.map(([text, ids]) => [each.encode(text, options).ids, each.decode(ids)])).toEqual(
        rows.map(([, ids, decoded]) => [ids, decoded]),
      )
  })
})

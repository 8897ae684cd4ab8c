/** Byte-level vocabularies that lack bytes: what has no token is left out, and the offsets of the rest are those of the library. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseTokenizer } from './load.ts'
import { codePointOffsets } from './text/unicode.ts'

type Recorded = { cases: [text: string, ids: number[], offsets: [number, number][]][] } & Record<string, unknown>
const file = new URL('../../test/oracles/data/tokenizers/few-bytes.json', import.meta.url)

it('leaves out the same bytes as the library, and counts as it does', () => {
  const recorded: Recorded[] = JSON.parse(readFileSync(file, 'utf8'))
  let left = 0
  for (const { cases, ...stages } of recorded) {
    const tokenizer = parseTokenizer(stages)
    for (const [text, ids, offsets] of cases) {
      const encoding = tokenizer.encode(text)
      const convert = codePointOffsets(text)
      expect(encoding.ids, text).toEqual(ids)
      expect(
        encoding.offsets.map(([start, end]) => [convert(start), convert(end)]),
        text,
      ).toEqual(offsets)
      for (const [start, end] of encoding.offsets) expect(text.slice(start, end).isWellFormed()).toBe(true)
      if (tokenizer.decode(ids).trim() !== text.trim()) left++
    }
  }
  expect(left).toBeGreaterThan(recorded.length)
})

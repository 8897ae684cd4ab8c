/** Where a cut is allowed, the parts have the tokens of the whole. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { safeCuts } from './cuts.ts'
import { loadTokenizer } from './load.ts'
import { Tokenizer } from './tokenizer.ts'

const published = (name: string) =>
  fileURLToPath(new URL(`../../test/oracles/data/tokenizers/${name}`, import.meta.url))

const words = [
  'the',
  'cat',
  'Größe',
  '你好',
  "don't",
  '12',
  '…',
  '😀',
  'e\u0301',
  '"',
  '(',
  '<mask>',
  '<|endoftext|>',
  '\u0e33',
  'ﾞ',
].concat(['ΣΑΣ', 'x_y', '<s>', '`', '\u200b', '\u00ad', 'ﷺ', 'Ａb', '가', 'ᄀ', 'ᅡ', '</s>', '[MASK]', '▁'])
const gaps = [' ', ' ', '\n', '\n', '  ', '\n\n', '\r\n', '\t', '', ' \n', '\n ', '\u00a0', '\u3000']
const text = fc
  .array(fc.tuple(fc.constantFrom(...words), fc.constantFrom(...gaps)), { minLength: 2, maxLength: 12 })
  .map((pairs) => pairs.flat().join(''))

const safe = ['bart', 'bpe-end-of-word', 'bytelevel-bpe', 'bytelevel-bpe-llama3', 'char-level', 'unigram'].concat([
  'unigram-precompiled',
  'word-level',
  'wordpiece-cased',
  'wordpiece-uncased',
])

test.each(safe)('%s', async (name) => {
  const tokenizer = await loadTokenizer(published(name))
  const allows = safeCuts(tokenizer)!
  let cuts = 0
  const tokens = (part: string, shift: number) => {
    const { ids, offsets } = tokenizer.encode(part, { special: 'parse', addSpecialTokens: false })
    return ids.map((id, i) => [id, offsets[i]![0] + shift, offsets[i]![1] + shift])
  }
  fc.assert(
    fc.property(text, (whole) => {
      // After a line break that has text before it, and before a space between two words.
      for (const { index } of whole.matchAll(/(?<=\S\n)[\p{L}\p{N}]|(?<=\p{L}) \p{L}/gu)) {
        if (!allows(whole, index)) continue
        cuts++
        const parts = [...tokens(whole.slice(0, index), 0), ...tokens(whole.slice(index), index)]
        expect(parts).toEqual(tokens(whole, 0))
      }
    }),
    { numRuns: 150, seed: 6 },
  )
  expect(cuts).toBeGreaterThan(20)
})

test('no cut is allowed where a tokenizer may look further, or cuts to a length', async () => {
  for (const name of ['bpe-byte-fallback', 'bpe-clip', 'roberta', 'byt5'].filter((name) =>
    readdirSync(published(name)).includes('tokenizer.json'),
  ))
    expect(safeCuts(await loadTokenizer(published(name)))).toBeUndefined()
  const tokenizer = await loadTokenizer(published('bytelevel-bpe'))
  expect(safeCuts(new Tokenizer({ ...tokenizer.stages, truncation: { maxLength: 5 } }))).toBeUndefined()
})

test('no cut is allowed beside or within an added token', async () => {
  const tokenizer = await loadTokenizer(published('bytelevel-bpe'))
  const allows = safeCuts(tokenizer)!
  expect(allows('The cat', 3)).toBe(true)
  expect(allows('a<|endoftext|>\nThe', 15)).toBe(false)
})

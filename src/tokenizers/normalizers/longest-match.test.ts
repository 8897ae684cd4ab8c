/** Character maps read as SentencePiece reads them. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Field } from '../field.ts'
import { originalEnd, originalStart } from '../text/aligned.ts'
import { readNormalizer } from './index.ts'

const file = new URL('../../../test/oracles/data/tokenizers/unigram-precompiled/tokenizer.json', import.meta.url)
const find = (stage: { type: string; normalizers?: [] }): string[] =>
  stage.type === 'Precompiled'
    ? [(stage as unknown as { precompiled_charsmap: string }).precompiled_charsmap]
    : (stage.normalizers ?? []).flatMap(find)
const [precompiled_charsmap] = find(JSON.parse(readFileSync(file, 'utf8')).normalizer)
const normalizer = readNormalizer(
  new Field('tokenizer.json', { type: 'Precompiled', precompiled_charsmap, longest_match: true }),
)
const normalize = (text: string) => normalizer.normalize({ text, origin: 0 })

// As spm_normalize does with the rules nmt_nfkc.
it.each([
  ['ﬁ½Å', 'fi1⁄2Å'],
  ['e\u0301e\u0323\u0302', 'éệ'],
  ['C\u0345', 'C\u0345'],
  ['ｶﾞ', 'ガ'],
  ['a\u0000b', 'a\u0000b'],
  ['a\u00a0b\u3000c\u200b', 'a b c '],
  ['\u1112\u1161\u11ab', '한'],
])('%j becomes %j', (text, expected) => {
  expect(normalize(text).text).toBe(expected)
})

it('gives a text back that has nothing to change, and ranges that cover what is changed', () => {
  const plain = { text: 'nothing to change: 你好 🙂', origin: 0 }
  expect(normalizer.normalize(plain)).toBe(plain)
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const aligned = normalize(text)
      let before = 0
      for (let i = 0; i < aligned.text.length; i++) {
        const start = originalStart(aligned, i)
        expect(start).toBeGreaterThanOrEqual(before)
        expect(originalEnd(aligned, i + 1)).toBeGreaterThan(start)
        before = start
      }
      expect(before).toBeLessThanOrEqual(text.length)
    }),
  )
})

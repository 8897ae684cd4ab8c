/** Models against what Hugging Face's library makes of the same text: random models of every kind and setting. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseTokenizer } from '../load.ts'
import { codePointOffsets } from '../text/unicode.ts'

type Case = {
  model: { type: string; vocab: Record<string, number> | [string, number][] } & Record<string, unknown>
  bytes: boolean
  pre_tokenizer: object | null
  texts: [text: string, ids: number[] | null, tokens: string[], offsets: [number, number][]][]
}
const file = new URL('../../../test/oracles/data/tokenizers/models.json', import.meta.url)
const cases: Case[] = JSON.parse(readFileSync(file, 'utf8'))

const byteTokens = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)

/** The file leaves out the tokens of all bytes. */
const withBytes = (vocab: Case['model']['vocab']) =>
  Array.isArray(vocab)
    ? [...vocab, ...byteTokens.map((token) => [token, -20])]
    : { ...vocab, ...Object.fromEntries(byteTokens.map((token, i) => [token, Object.keys(vocab).length + i])) }

/** Bytes of an affix stand for no text; the library's offsets of what follows lead past the end, ours stay at it. */
const countsAffixes = ({ model }: Case) =>
  model.byte_fallback && Boolean(model.continuing_subword_prefix || model.end_of_word_suffix)

/** Whether every token stands for something in the text, and the tokens are in its order. */
const isInside = (offsets: readonly [number, number][], text: string) =>
  offsets.every(([start, end], i) => start >= (offsets[i - 1]?.[0] ?? 0) && start < end && end <= text.length)

it.each(['BPE', 'WordPiece', 'WordLevel', 'Unigram'])('%s encodes as the library does', (type) => {
  const own = cases.filter(({ model }) => model.type === type)
  expect(own.length).toBeGreaterThan(5)
  for (const one of own) {
    const model = one.bytes ? { ...one.model, vocab: withBytes(one.model.vocab) } : one.model
    const read = parseTokenizer({ added_tokens: [], pre_tokenizer: one.pre_tokenizer, model })
    const again = parseTokenizer(JSON.parse(JSON.stringify(read.toJSON())))
    for (const tokenizer of [read, again])
      for (const [text, ids, tokens, offsets] of one.texts) {
        const context = JSON.stringify([one.model, text])
        if (ids === null) {
          expect(() => tokenizer.encode(text), context).toThrow(expect.objectContaining({ code: 'UNKNOWN_PIECE' }))
          continue
        }
        const encoding = tokenizer.encode(text)
        expect([encoding.ids, encoding.tokens], context).toEqual([ids, tokens])
        const convert = codePointOffsets(text)
        const inPoints = encoding.offsets.map(([start, end]) => [convert(start), convert(end)])
        if (!countsAffixes(one)) expect(inPoints, context).toEqual(offsets)
        else expect(isInside(encoding.offsets, text), context).toBe(true)
      }
  }
})

it('of a Unigram piece that is there twice the last is what text becomes', () => {
  const vocab = [
    ['<unk>', 0],
    ['a', 0],
    ['b', -2],
    ['a', -3.5],
    ['ab', -5],
  ]
  const tokenizer = parseTokenizer({ added_tokens: [], model: { type: 'Unigram', unk_id: 0, vocab } })
  expect(tokenizer.encode('abax').ids).toEqual([4, 3, 0])
  expect(tokenizer.decode([1, 3])).toBe('a a')
})

/** Models in a tokenizer.json that cannot be right are refused, with the reason; what Hugging Face's library takes is taken. */
import { describe, expect, it } from 'vitest'
import type { PellucidError } from '../../base/errors.ts'
import { parseTokenizer } from '../load.ts'

const unigram = {
  type: 'Unigram',
  unk_id: 0,
  vocab: [['<unk>', 0] as unknown, ['a', -1], ['b', -2]],
  byte_fallback: false,
}
const wordPiece = {
  type: 'WordPiece',
  unk_token: '[UNK]',
  continuing_subword_prefix: '##',
  max_input_chars_per_word: 100,
  vocab: { '[UNK]': 0, a: 1, '##b': 2 } as unknown,
}
const bpe = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 } as unknown, merges: [['a', 'b']] }
const huge = (score: string) => JSON.parse(`["c", ${score}]`)

const bad: [string, object, RegExp][] = [
  ['an unknown id past the pieces', { ...unigram, unk_id: 3 }, /model\.unk_id is 3\.\n.*0 to 2/],
  ['an unknown id below 0', { ...unigram, unk_id: -1 }, /model\.unk_id is -1/],
  ['an unknown id without pieces', { ...unigram, vocab: [] }, /model\.unk_id is 0\.\n.*no pieces/],
  ['pieces that are no list', { ...unigram, vocab: { a: 0 } }, /model\.vocab is .*\n.*a list/],
  ['no pieces', { type: 'Unigram', unk_id: null }, /model\.vocab is missing/],
  ['a piece without a score', { ...unigram, vocab: [['a']] }, /model\.vocab\[0\] is \["a"\]/],
  ['a piece with a score in words', { ...unigram, vocab: [['a', '-1']] }, /model\.vocab\[0\]/],
  [
    'a score without end',
    { ...unigram, vocab: [...unigram.vocab, huge('-1e999')] },
    /piece 3, "c", has the score -Infinity/,
  ],
  ['an empty piece', { ...unigram, vocab: [...unigram.vocab, ['', -1]] }, /piece 3, "", is empty/],
  ['byte fallback in words', { ...unigram, byte_fallback: 'yes' }, /model\.byte_fallback is "yes"/],
  ['no prefix', { ...wordPiece, continuing_subword_prefix: undefined }, /continuing_subword_prefix is missing/],
  ['no limit', { ...wordPiece, max_input_chars_per_word: undefined }, /max_input_chars_per_word is missing/],
  ['a limit below 0', { ...wordPiece, max_input_chars_per_word: -1 }, /max_input_chars_per_word is -1/],
  ['no unknown token', { ...wordPiece, unk_token: undefined }, /unk_token is missing/],
  ['two tokens of one id', { ...wordPiece, vocab: { a: 1, b: 1 } }, /model\.vocab\.b is 1\.\n.*"a" has it too/],
  ['a vocabulary that is a list', { ...bpe, vocab: ['a'] }, /model\.vocab is \["a"\].*\n.*an object/],
  ['an unknown token that is a number', { ...bpe, unk_token: 0 }, /model\.unk_token is 0/],
  ['a prefix that is a number', { ...bpe, continuing_subword_prefix: 1 }, /continuing_subword_prefix is 1/],
  ['a merge shorter than the prefix', { ...bpe, continuing_subword_prefix: '##' }, /merge 0.*shorter than the prefix/],
  ['dropout below 0', { ...bpe, dropout: -0.1 }, /model\.dropout is -0\.1\.\n.*0 to 1/],
  ['no type and nothing to tell it by', { vocab: { a: 0 } }, /model\.type is missing/],
]

it.each(bad)('%s', (_, model, says) => {
  let thrown: unknown
  try {
    parseTokenizer({ model: Object.fromEntries(Object.entries(model).filter(([, value]) => value !== undefined)) })
  } catch (error) {
    thrown = error
  }
  const { message, kind } = thrown as PellucidError
  expect(message).toMatch(says)
  expect(message.split('\n').length).toBeLessThanOrEqual(3)
  expect(kind).toBe('file')
})

describe('taken are', () => {
  const untyped: [string, object, string[]][] = [
    ['BPE', bpe, ['ab']],
    ['WordPiece', wordPiece, ['a', '##b']],
    ['WordLevel', { unk_token: 'a', vocab: { a: 0 } }, ['a']],
    ['Unigram', unigram, ['a', 'b']],
  ]
  it.each(untyped)('%s without its type', (_, { type, ...model }: { type?: string }, tokens) => {
    expect(parseTokenizer({ model }).encode('ab').tokens).toEqual(tokens)
  })

  it('an unknown token outside the vocabulary, until it is needed', () => {
    for (const model of [
      { ...bpe, unk_token: '?' },
      { ...wordPiece, unk_token: '?' },
      { ...unigram, unk_id: null },
    ]) {
      const tokenizer = parseTokenizer({ model })
      expect(tokenizer.encode('a').tokens).toEqual(['a'])
      expect(() => tokenizer.encode('x')).toThrow(expect.objectContaining({ code: 'UNKNOWN_PIECE' }))
    }
  })

  it('merges that older files begin with their version', () => {
    const tokenizer = parseTokenizer({ model: { ...bpe, merges: ['#version: 0.2', 'a b'] } })
    expect(tokenizer.encode('ab').ids).toEqual([2])
  })
})

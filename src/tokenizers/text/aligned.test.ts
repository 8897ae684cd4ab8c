/** Tokenizers whose rules multiply a text are refused before it fills the memory; honest ones may make much of little. */
import { describe, expect, test } from 'vitest'
import { parseTokenizer } from '../load.ts'
import type { Tokenizer } from '../tokenizer.ts'

type Stage = Record<string, unknown>
const made = (stages: Stage, addedTokens: Stage[] = []): Tokenizer =>
  parseTokenizer({
    added_tokens: addedTokens,
    ...stages,
    model: { type: 'WordLevel', vocab: { '[UNK]': 0 }, unk_token: '[UNK]' },
  })
const sequence = (stages: Stage[]): Stage => ({ type: 'Sequence', normalizers: stages })
const replace = (pattern: Stage, content: string): Stage => ({ type: 'Replace', pattern, content })
const repeated = (count: number, stage: Stage): Stage[] => Array.from({ length: count }, () => stage)
const replaceEach = (content: string): Stage => replace({ String: '.' }, content)
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false }
const separator = { id: 1, content: '|', normalized: false, special: false }

const cases: Record<string, [stages: Stage, text: string]> = {
  'replacements of a character': [{ normalizer: sequence(repeated(12, replaceEach('..........'))) }, '.'],
  'replacements of a pattern': [
    { normalizer: sequence(repeated(12, replace({ Regex: '[a.]' }, '..........'))) },
    '.'.repeat(100),
  ],
  'replacements of nothing': [{ normalizer: sequence(repeated(12, replace({ String: '' }, '..........'))) }, '.'],
  'a text before many stretches': [{ normalizer: { type: 'Prepend', prepend: 'x'.repeat(1e6) } }, 'a|'.repeat(100)],
  'bytes spelled again and again': [{ normalizer: sequence(repeated(30, { type: 'ByteLevel' })) }, 'é'],
  'bytes spelled by pre-tokenizers': [
    { pre_tokenizer: { type: 'Sequence', pretokenizers: repeated(30, byteLevel) } },
    'é',
  ],
}

describe('a text that is multiplied without bound by', () => {
  test.each(Object.entries(cases))('%s is refused', (_, [stages, text]) => {
    const tokenizer = made(stages, [separator])
    const start = process.memoryUsage.rss()
    let error: unknown
    try {
      tokenizer.encode(text)
    } catch (reason) {
      error = reason
    }
    expect(error).toMatchObject({ name: 'PellucidError', code: 'TEXT_TOO_LARGE', kind: 'file' })
    const { message } = error as Error
    expect(message).toContain(`The tokenizer makes more than ${2 ** 24} characters of a text of `)
    expect(message.split('\n').length).toBeLessThanOrEqual(3)
    expect(process.memoryUsage.rss() - start).toBeLessThan(1.5e9)
  })
  test('a normalizer is refused in added tokens too', () => {
    const tokens = Array.from({ length: 100 }, (_, id) => ({
      id,
      content: `<${id}>`,
      normalized: true,
      special: false,
    }))
    const normalizer = { type: 'Prepend', prepend: 'x'.repeat(1e6) }
    expect(() => made({ normalizer }, tokens.slice(1))).toThrow(/more than 16777216 characters of a text of 387\./)
  })
})

test('what is much, but not without bound, is made', () => {
  const thousandfold = made({ normalizer: sequence(repeated(6, replaceEach('..........'))) })
  const { offsets } = thousandfold.encode('.')
  expect(offsets).toEqual([[0, 1]])
  const text = '.'.repeat(300_000)
  expect(made({ normalizer: replaceEach('.'.repeat(60)) }).encode(text).offsets).toEqual([[0, text.length]])
  expect(() => made({ normalizer: replaceEach('.'.repeat(70)) }).encode(text)).toThrow(
    `more than ${64 * text.length} characters of a text of ${text.length}.`,
  )
})

/** Added tokens against Hugging Face's on random tokens, normalizers and texts (test/oracles/make/added_tokens.py), and their laws. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type AddedToken, AddedTokens, specialToken } from './added-tokens.ts'
import type { Json } from './field.ts'
import { parseTokenizer } from './load.ts'
import { codePointOffsets } from './text/unicode.ts'
import { TokenFinder } from './token-finder.ts'

type Found = [string, boolean, number[], string[], [number, number][], string, string]
type Recorded = { model: Json; tokenizers: (Json & { cases: Found[] })[] }

const file = fileURLToPath(new URL('../../test/oracles/data/tokenizers/added-tokens.json', import.meta.url))
const recorded: Recorded = JSON.parse(readFileSync(file, 'utf8'))

describe('added tokens', () => {
  it(`are found where Hugging Face finds them, by ${recorded.tokenizers.length} tokenizers`, () => {
    for (const { cases, ...json } of recorded.tokenizers) {
      const tokenizer = parseTokenizer({ ...json, model: recorded.model })
      for (const [text, asText, ids, tokens, offsets, decoded, withoutSpecial] of cases) {
        const encoding = tokenizer.encode(text, { special: asText ? 'text' : 'parse' })
        const points = codePointOffsets(text)
        expect(encoding.ids, text).toEqual(ids)
        expect(encoding.tokens, text).toEqual(tokens)
        expect(encoding.offsets.map(([start, end]) => [points(start), points(end)])).toEqual(offsets)
        expect(tokenizer.decode(ids)).toBe(decoded)
        expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(withoutSpecial)
      }
    }
  })
})

/** The tokens found, as text; what lies between in parentheses. */
function found(tokens: readonly Partial<AddedToken>[], text: string): string {
  const list = tokens.map((token, id) => ({ ...specialToken(token.content!, id), special: false, ...token }))
  const parts = new AddedTokens(list, undefined).segments({ text, origin: 0 }, 'parse')
  return Array.from(parts, (part) => (part.token ? part.text.text : `(${part.text.text})`)).join('|')
}

describe('of the tokens at a place', () => {
  it('the leftmost is taken, and of those that begin there the longest', () => {
    const tokens = ['ab', 'bc', 'abcd', 'b'].map((content) => ({ content }))
    expect(found(tokens, 'abc abcd bcd xbx')).toBe('ab|(c )|abcd|( )|bc|(d x)|b|(x)')
  })

  it('one that must be a word of its own gives way to nothing', () => {
    expect(found([{ content: 'ab', singleWord: true }, { content: 'a' }], 'ab abc é-ab.')).toBe('ab|( abc é-)|ab|(.)')
  })

  it('white space goes with those that take it, and may hold other tokens', () => {
    const tokens = [{ content: '[X]', rstrip: true }, { content: '\n' }, { content: '[Y]', lstrip: true }]
    expect(found(tokens, 'a [X] \n [Y]b')).toBe('(a )|[X] \n |\n| [Y]|(b)')
    expect(found([tokens[0]!, { content: '\n', lstrip: true }], '[X]\n\na')).toBe('[X]\n\n|(a)')
  })

  it('one across the halves of characters is none', () => {
    expect(found([{ content: '👩' }, { content: '👩\u200d👧' }], '👨👩\u200d👧👩\u200d👨')).toBe(
      '(👨)|👩\u200d👧|👩|(\u200d👨)',
    )
  })
})

describe('many tokens', () => {
  it('are found in long texts as fast as a few', () => {
    const finder = new TokenFinder()
    for (let id = 0; id < 20_000; id++) finder.add(`<token ${id}>`, specialToken(`<token ${id}>`, id))
    const text = 'some text <token 19999> and < more <tok '.repeat(25_000)
    const before = process.cpuUsage()
    let count = 0
    for (let at = 0; finder.find(text, at); at = finder.end) count++
    expect(count).toBe(25_000)
    expect(process.cpuUsage(before).user).toBeLessThan(3e6)
  })

  it('that take white space do not walk over it again and again', () => {
    const text = '\n'.repeat(200_000)
    const count = (flags: Partial<AddedToken>) => {
      let found = 0
      const tokens = new AddedTokens([{ ...specialToken('\n', 0), ...flags }], undefined)
      for (const segment of tokens.segments({ text, origin: 0 }, 'parse')) if (segment.token) found++
      return found
    }
    const before = process.cpuUsage()
    expect(count({ lstrip: true, rstrip: true })).toBe(1)
    expect(count({ rstrip: true })).toBe(200_000)
    expect(process.cpuUsage(before).user).toBeLessThan(5e6)
  })
})

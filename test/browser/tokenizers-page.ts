/** What the browser test of tokenizers runs inside a page, and patterns by themselves. */

import { PellucidError } from '../../src/base/errors.ts'
import { parseTokenizer, type Tokenizer, trainTokenizer } from '../../src/tokenizers/index.ts'
import { found } from './found.ts'

/** Reads a tokenizer.json, and tokenizer_config.json if there is one, from its bytes as a page gets them. */
async function opened(json: string, config?: string): Promise<Tokenizer> {
  const [parsed, settings] = await Promise.all(
    [json, config ?? '{}'].map((text) => new Response(new TextEncoder().encode(text)).json()),
  )
  return parseTokenizer(parsed, { config: settings })
}

const tests = {
  /** Texts and pairs encoded, with their special tokens and without, and decoded. */
  async encode(json: string, config: string | undefined, texts: readonly [text: string, pair?: string][]) {
    const tokenizer = await opened(json, config)
    return texts.map(([text, pair]) => {
      const encoding = tokenizer.encode(text, { pair, special: 'parse' })
      const { ids: bare } = tokenizer.encode(text, { pair, special: 'parse', addSpecialTokens: false })
      const { ids, typeIds, sequenceIds } = encoding
      const decoded = [tokenizer.decode(ids), tokenizer.decode(ids, { skipSpecialTokens: true })]
      return { ids, bare, tokens: encoding.tokens, offsets: encoding.offsets, typeIds, sequenceIds, decoded }
    })
  },
  /** How many tokens a text has, or the code of the error, and how long that took. */
  async time(json: string, piece: string, times: number) {
    const tokenizer = await opened(json)
    const start = performance.now()
    const attempt = () => {
      try {
        return tokenizer.encode(piece.repeat(times)).length
      } catch (error) {
        return error instanceof PellucidError ? error.code : String(error)
      }
    }
    return { result: attempt(), milliseconds: performance.now() - start }
  },
  /** What patterns find in texts. */
  patterns: async (cases: readonly [pattern: string, texts: readonly string[]][]) => cases.map((one) => found(...one)),
  /** The merges that a text teaches. */
  async learn(texts: readonly string[], vocabSize: number) {
    return (await trainTokenizer(texts, { vocabSize })).toJSON().model
  },
}

export type TokenizerPage = typeof tests
Object.assign(window, { tests })

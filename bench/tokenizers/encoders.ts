/** JavaScript's sides of the encoding benchmark: ours, gpt-tokenizer and @huggingface/tokenizers, one in a process. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseTokenizer } from '../../src/tokenizers/index.ts'

/** How one library encodes. `fresh` gives an encoder that has seen no text, what was read of files apart. */
export type Encoder = { fresh(): (text: string) => ArrayLike<number> }

/** The encoder of a library for the tokenizer in a folder; the library lies in `peers`. */
type Open = (folder: string, peers: string) => Promise<Encoder>

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'))
const load = (peers: string, path: string) => import(pathToFileURL(join(peers, 'node_modules', path)).href)

export const encoders: Record<string, Open> = {
  Pellucid: async (folder) => {
    const json = readJson(join(folder, 'tokenizer.json'))
    return {
      fresh() {
        const tokenizer = parseTokenizer(json)
        return (text) => tokenizer.encode(text).ids
      },
    }
  },
  'gpt-tokenizer': async (_, peers) => {
    const { encode, clearMergeCache } = await load(peers, 'gpt-tokenizer/esm/encoding/r50k_base.js')
    return {
      fresh() {
        clearMergeCache()
        return encode
      },
    }
  },
  '@huggingface/tokenizers': async (folder, peers) => {
    const { Tokenizer } = await load(peers, '@huggingface/tokenizers/dist/tokenizers.mjs')
    const json = readJson(join(folder, 'tokenizer.json'))
    return {
      fresh() {
        const tokenizer = new Tokenizer(json, {})
        return (text) => tokenizer.encode(text).ids
      },
    }
  },
}

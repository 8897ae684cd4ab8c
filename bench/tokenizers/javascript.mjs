/**
 * JavaScript's sides of the encoding benchmark, one in a process: ours as it is built, gpt-tokenizer and @huggingface/tokenizers.
 *
 * usage: javascript.mjs LIBRARY FOLDER PEERS         encodes texts as it is asked by lines of JSON
 *        javascript.mjs LIBRARY FOLDER PEERS FILE    loads the library and the tokenizer, encodes a file and answers once
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [library, folder, peers, once] = process.argv.slice(2)

const readJson = () => JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8'))
const peer = (path) => import(pathToFileURL(join(peers, 'node_modules', path)).href)

/** How each library encodes: `loaded` is its tokenizer as it is loaded, `fresh` gives one that has seen no text. */
const encoders = {
  async Pellucid() {
    const { loadTokenizer, parseTokenizer } = await import('../../dist/tokenizers/index.js')
    const encoderOf = (tokenizer) => (text) => tokenizer.encode(text).ids
    let json
    const fresh = () => {
      json ??= readJson()
      return encoderOf(parseTokenizer(json))
    }
    return { loaded: encoderOf(await loadTokenizer(folder)), fresh }
  },
  async 'gpt-tokenizer'() {
    const { encode, clearMergeCache } = await peer('gpt-tokenizer/esm/encoding/r50k_base.js')
    const fresh = () => {
      clearMergeCache()
      return encode
    }
    return { loaded: encode, fresh }
  },
  async '@huggingface/tokenizers'() {
    const { Tokenizer } = await peer('@huggingface/tokenizers/dist/tokenizers.mjs')
    const json = readJson()
    const fresh = () => {
      const tokenizer = new Tokenizer(json, {})
      return (text) => tokenizer.encode(text).ids
    }
    return { loaded: fresh(), fresh }
  },
}

/** Encodes texts; the seconds count from `start`, or from now. */
function answer(encode, texts, start = performance.now()) {
  let ids = []
  let failed
  try {
    ids = texts.map((each) => encode(each))
  } catch (error) {
    failed = error.message
  }
  const seconds = (performance.now() - start) / 1000
  const hash = createHash('sha256')
  let tokens = 0
  for (const each of ids) {
    tokens += each.length
    hash.update(Int32Array.from(each))
  }
  console.log(JSON.stringify({ seconds, tokens, hash: hash.digest('hex'), failed }))
}

if (once !== undefined) {
  const text = readFileSync(once, 'utf8')
  const start = performance.now()
  const { loaded } = await encoders[library]()
  answer(loaded, [text], start)
} else {
  const { loaded, fresh } = await encoders[library]()
  let encode = loaded
  console.log('{}')
  for await (const line of createInterface({ input: process.stdin })) {
    const { file, lines, fresh: anew } = JSON.parse(line)
    const text = readFileSync(file, 'utf8')
    if (anew) encode = fresh()
    answer(encode, lines === undefined ? [text] : text.split('\n').slice(0, lines))
  }
}

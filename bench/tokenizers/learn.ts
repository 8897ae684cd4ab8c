/** Learns byte-level BPE from the lines of a file, in a process of its own, and answers once. usage: learn.ts SIZE FILE */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { trainTokenizer } from '../../src/tokenizers/index.ts'
import type { Learned } from './learning.ts'

const [size, file] = process.argv.slice(2) as [string, string]
const start = performance.now()
const text = createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 20 })
const tokenizer = await trainTokenizer([text], { model: 'bpe', vocabSize: Number(size), lines: true })
const seconds = (performance.now() - start) / 1000
const { merges } = tokenizer.toJSON().model as { merges: [string, string][] }
const hash = createHash('sha256').update(merges.map((pair) => pair.join(' ')).join('\n'))
const peak = 1024 * process.resourceUsage().maxRSS
console.log(JSON.stringify({ seconds, peak, hash: hash.digest('hex') } satisfies Learned))

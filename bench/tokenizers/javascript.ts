/** Encodes texts as it is asked by lines of JSON. usage: javascript.ts LIBRARY FOLDER PEERS */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { encoders } from './encoders.ts'
import type { Answer, Question } from './sides.ts'

const [library, folder, peers] = process.argv.slice(2) as [string, string, string]
const encoder = await encoders[library]!(folder, peers)
let encode = encoder.fresh()

console.log('{}')
for await (const line of createInterface({ input: process.stdin })) {
  const { file, lines, fresh } = JSON.parse(line) as Question
  const text = readFileSync(file, 'utf8')
  const texts = lines === undefined ? [text] : text.split('\n').slice(0, lines)
  if (fresh) encode = encoder.fresh()
  let ids: ArrayLike<number>[] = []
  let failed: string | undefined
  const start = performance.now()
  try {
    ids = texts.map((each) => encode(each))
  } catch (error) {
    failed = (error as Error).message
  }
  const seconds = (performance.now() - start) / 1000
  const hash = createHash('sha256')
  let tokens = 0
  for (const each of ids) {
    tokens += each.length
    hash.update(Int32Array.from(each))
  }
  console.log(JSON.stringify({ seconds, tokens, hash: hash.digest('hex'), failed } satisfies Answer))
}

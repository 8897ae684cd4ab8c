/** Learning byte-level BPE from a file, each time in a new process: seconds, and the most memory. */

import { closeSync, openSync, writeSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type BenchmarkOptions, median, pythonWith, quantile, runProgram, Skip, table } from '../benchmark.ts'
import { oneThread } from './sides.ts'

/** Seconds from opening the file to the tokenizer, bytes of memory at the most, and a hash of the merges. */
export type Learned = { readonly seconds: number; readonly peak: number; readonly hash: string }

const size = 8000
const rounds = 5
/** Times as long as Hugging Face's library, and bytes, at the most. */
const aims = { ratio: 1.5, peak: 1e9 }
const largeBytes = 100e6

const here = (file: string) => new URL(file, import.meta.url).pathname
type Learn = { readonly name: string; learn(file: string): Promise<Learned> }

async function learners({ python }: BenchmarkOptions, log: (line: string) => void): Promise<Learn[]> {
  const run =
    (program: string, args: readonly string[], env = {}) =>
    async (file: string) =>
      JSON.parse((await runProgram(program, [...args, String(size), file], { env })).output) as Learned
  const all = [{ name: 'Pellucid', learn: run(process.execPath, ['--import', 'tsx', here('learn.ts')]) }]
  try {
    const program = await pythonWith(python, ['tokenizers'])
    const args = [here('peer.py'), 'train']
    all.push({ name: 'tokenizers (Rust), 1 thread', learn: run(program, args, oneThread) })
    all.push({ name: `tokenizers (Rust), ${availableParallelism()} threads`, learn: run(program, args) })
  } catch (error) {
    if (!(error instanceof Skip)) throw error
    log(`tokenizers (Rust) skipped: ${error.message}`)
  }
  return all
}

/**
 * A text of 100 MB: the words of another one in another order, every twentieth a number that may be new, so that there are many
 * different ones.
 */
function writeLarge(text: string, file: string): void {
  const words = text.split(/\s+/).filter((word) => word !== '')
  const out = openSync(file, 'w')
  let state = 1
  const below = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  for (let written = 0; written < largeBytes; ) {
    const line = Array.from({ length: 2000 }, (_, i) => {
      const word = i % 20 === 0 ? below(1e9).toString(26 + below(10)) : words[below(words.length)]!
      return i % 12 === 11 ? `${word}\n` : `${word} `
    }).join('')
    written += writeSync(out, line)
  }
  closeSync(out)
}

async function inTurns(
  what: string,
  file: string,
  sides: readonly Learn[],
  times: number,
  log: (line: string) => void,
) {
  const results = sides.map((): Learned[] => [])
  for (let round = 0; round < times; round++)
    for (let turn = 0; turn < sides.length; turn++) {
      const at = (turn + round) % sides.length
      results[at]!.push(await sides[at]!.learn(file))
    }
  const seconds = results.map((each) => each.map((result) => result.seconds))
  const peak = results.map((each) => Math.max(...each.map((result) => result.peak)))
  const rows = sides.map(({ name }, i) => [
    name,
    `${median(seconds[i]!).toFixed(2)} (${quantile(seconds[i]!, 0.25).toFixed(2)}–${quantile(seconds[i]!, 0.75).toFixed(2)})`,
    i === 0 ? '' : `${median(seconds[0]!.map((x, round) => x / seconds[i]![round]!)).toFixed(2)}×`,
    `${(peak[i]! / 1e6).toFixed(0)} MB`,
    results[i]!.every(({ hash }) => hash === results[0]![0]!.hash) ? 'the same merges' : 'OTHER merges',
  ])
  log(`\nlearning ${size} tokens of byte-level BPE from ${what}`)
  log(table([['', 's', `ours takes [at most ${aims.ratio}×]`, `peak [ours ${aims.peak / 1e6} MB]`, ''], ...rows]))
  return { what, sides: sides.map(({ name }) => name), seconds, peak }
}

export async function compareLearning(
  { file, text, work, options }: { file: string; text: string; work: string; options: BenchmarkOptions },
  log: (line: string) => void,
) {
  const sides = await learners(options, log)
  const large = join(work, 'large.txt')
  writeLarge(text, large)
  return [
    await inTurns('the text', file, sides, rounds, log),
    await inTurns(`${largeBytes / 1e6} MB`, large, sides, 1, log),
  ]
}

/** Decoding of GPT-2 at 124M parameters in turns with its peers: tokens/s of one text and of batches, prefill, GB/s of weights. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Benchmark,
  type BenchmarkOptions,
  median,
  pythonWith,
  quantile,
  runProgram,
  Skip,
  table,
} from './benchmark.ts'
import { bandwidth } from './decoding/bandwidth.ts'
import { type Answer, openOurs, type Pair, pairs, type Setting, type Side } from './decoding/sides.ts'

const vocabulary = 50257
const prompt = 256
const longPrompt = 900
const tokens = 128
const batches = [1, 4, 8, 16]
const fewestRounds = 3
/** Total tokens/s of eight texts that we aim at, as a multiple of those of one. */
const batchAim = 2.5

/** Tokens a second of one side in a case, one number for each round. */
type Rates = { readonly decode: number[]; readonly prefill: number[] }
type Case = {
  readonly rows: number
  readonly prompt: number
  readonly ours: Rates
  readonly theirs: Rates
  agree: number
}
type Comparison = {
  readonly pair: string
  readonly kind: string
  readonly says: object
  readonly cases: Case[]
  readonly bytes: readonly [number, number]
}

/** New prompts for each round, so that nobody can have kept what it read before. */
const promptsOf = (round: number, rows: number, length: number): number[][] =>
  Array.from({ length: rows }, (_, row) =>
    Array.from({ length }, (_, i) => (7919 * (i + 1) * (row + 1) + 104_729 * (round + 1)) % vocabulary),
  )

/** Reads and writes one batch; the first token's time is measured by itself, with prompts of its own. */
async function turn({ contender }: Side, rates: Rates, round: number, rows: number, length: number, writes: boolean) {
  const first = await contender.ask<Answer>({ prompts: promptsOf(2 * round, rows, length), tokens: 1 })
  rates.prefill.push((rows * length) / first.seconds)
  if (!writes) return first.ids
  const whole = await contender.ask<Answer>({ prompts: promptsOf(2 * round + 1, rows, length), tokens })
  rates.decode.push((rows * (tokens - 1)) / (whole.seconds - first.seconds))
  return whole.ids
}

/** Both sides in turns, every other round the other way about; the first round warms up. */
async function alternate(ours: Side, theirs: Side, rows: number, length: number, seconds: number): Promise<Case> {
  const result: Case = { rows, prompt: length, ours: empty(), theirs: empty(), agree: 0 }
  const end = performance.now() + 1000 * seconds
  for (let round = -1; round < fewestRounds || performance.now() < end; round++) {
    const into = round < 0 ? { ours: empty(), theirs: empty() } : result
    const sides = [() => turn(ours, into.ours, round + 1, rows, length, length === prompt)]
    sides.push(() => turn(theirs, into.theirs, round + 1, rows, length, length === prompt))
    const ids: (readonly number[])[] = []
    for (const run of round % 2 === 0 ? sides : sides.toReversed()) ids.push((await run())[0]!)
    if (round < 0) result.agree = ids[0]!.findIndex((id, i) => id !== ids[1]![i])
    if (result.agree < 0) result.agree = ids[0]!.length
  }
  return result
}

const empty = (): Rates => ({ decode: [], prefill: [] })

async function compare(pair: Pair, setting: Setting, log: (line: string) => void): Promise<Comparison> {
  const { options } = setting
  const ours = await openOurs(setting, pair.ours)
  const cases: Case[] = []
  let [says, bytes] = [{}, 0]
  try {
    for (const rows of options.batches ?? batches) {
      const theirs = await pair.open(setting, rows)
      ;({ says, bytes } = theirs)
      try {
        cases.push(await alternate(ours, theirs, rows, prompt, options.seconds))
        if (rows === 1) cases.push(await alternate(ours, theirs, rows, longPrompt, options.seconds / 2))
      } finally {
        await theirs.contender.close()
      }
    }
  } finally {
    await ours.contender.close()
  }
  const result = {
    pair: pair.name,
    kind: pair.ours,
    says: { ...ours.says, ...says },
    cases,
    bytes: [ours.bytes, bytes] as const,
  }
  report(pair, result, log)
  return result
}

const cell = (values: readonly number[]) =>
  values.length > 0
    ? `${median(values).toFixed(1)} (${quantile(values, 0.25).toFixed(1)}–${quantile(values, 0.75).toFixed(1)})`
    : ''
/** Ours divided by theirs, round by round. */
const ratio = (ours: readonly number[], theirs: readonly number[]) => median(ours.map((x, i) => x / theirs[i]!))

function report(pair: Pair, { cases, bytes, says }: Comparison, log: (line: string) => void): void {
  log(`\n${pair.name} against Pellucid ${pair.ours}: ${JSON.stringify(says)}`)
  const speed = (values: readonly number[], rows: number, size: number) =>
    values.length > 0 ? ((median(values) / rows) * (size / 1e9)).toFixed(1) : ''
  const rows = cases.map(({ rows, prompt, ours, theirs, agree }) => [
    `${rows} × ${prompt}`,
    ...[cell(ours.prefill), cell(theirs.prefill), ratio(ours.prefill, theirs.prefill).toFixed(2)],
    ...[cell(ours.decode), cell(theirs.decode)],
    ours.decode.length > 0 ? ratio(ours.decode, theirs.decode).toFixed(2) : '',
    ...[speed(ours.decode, rows, bytes[0]), speed(theirs.decode, rows, bytes[1]), String(agree)],
  ])
  const head = ['batch × prompt', 'prefill: ours', 'theirs', 'ratio', 'decode tokens/s: ours', 'theirs', 'ratio']
  log(table([[...head, 'GB/s: ours', 'theirs', 'first tokens that agree'], ...rows]))
  const verdict = (what: string, value: number | undefined, aim: number | undefined) => {
    if (value === undefined || aim === undefined) return
    log(`${what}: ${value.toFixed(2)}× (aim: ${aim}×): ${value >= aim ? 'ok' : 'MISSED'}`)
  }
  const [one, eight] = [1, 8].map((rows) => cases.find((each) => each.rows === rows && each.prompt === prompt))
  verdict(`decoding one text, of ${pair.name}`, one && ratio(one.ours.decode, one.theirs.decode), pair.aim)
  verdict(`prefill, of ${pair.name}`, one && ratio(one.ours.prefill, one.theirs.prefill), pair.prefillAim)
  const growth = one && eight && median(eight.ours.decode) / median(one.ours.decode)
  verdict('tokens/s of eight texts, of one', growth, batchAim)
}

/** The model directory to measure: the one given, or random weights that transformers writes, with a tokenizer if there is one. */
async function modelDirectory({ model, python }: BenchmarkOptions, work: string): Promise<string> {
  if (model && existsSync(join(model, 'model.safetensors'))) return model
  if (model) throw new Skip(`${model} holds no model.safetensors; pass a GPT-2 directory as --model or leave it out`)
  const directory = join(work, 'gpt2')
  await runProgram(await pythonWith(python, ['torch', 'transformers']), [
    new URL('decoding/peer.py', import.meta.url).pathname,
    'write',
    directory,
  ])
  return directory
}

export const decoding: Benchmark = {
  name: 'decoding',
  description: 'GPT-2 at 124M: tokens/s of 1 to 16 texts and of prompts, against transformers and node-llama-cpp',
  async run(options, log) {
    const work = mkdtempSync(join(tmpdir(), 'pellucid-bench-'))
    try {
      const directory = await modelDirectory(options, work)
      const memory = await bandwidth(options.threads)
      const processor = cpus()[0]?.model.trim()
      const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0]
      log(`${processor}, ${options.threads} threads, load ${load}; memory is read at ${memory.toFixed(1)} GB/s`)
      log(
        `tokens/s as medians (and quartiles) of rounds in turn; ${tokens} new tokens, greedily; prompts of ${prompt} and ${longPrompt}`,
      )
      const comparisons = []
      for (const pair of pairs.filter(({ name }) => options.modes?.includes(name.split(' ')[1]!.toLowerCase()) ?? true))
        try {
          comparisons.push(await compare(pair, { directory, work, options }, log))
        } catch (error) {
          if (!(error instanceof Skip)) throw error
          log(`${pair.name} skipped: ${error.message}`)
        }
      log('transformers.js skipped: it takes only ONNX files in a layout of its own, which nothing here writes')
      return { processor, threads: options.threads, bandwidth: memory, comparisons }
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  },
}

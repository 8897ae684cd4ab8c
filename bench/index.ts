/** `npm run bench -- NAME…`: runs benchmarks and prints each as a ratio against a peer measured in the same run. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { badInput } from './bad-input.ts'
import { type Benchmark, Skip } from './benchmark.ts'
import { decoding } from './decoding.ts'
import { firstToken } from './first-token.ts'
import { memory } from './memory.ts'
import { nanogpt } from './nanogpt.ts'
import { optimizers } from './optimizers.ts'
import { tokenizers } from './tokenizers.ts'
import { training } from './training.ts'
import { world } from './world.ts'

const benchmarks: readonly Benchmark[] = [
  nanogpt,
  training,
  memory,
  optimizers,
  firstToken,
  decoding,
  tokenizers,
  world,
  badInput,
]

const help = [
  'usage: npm run bench -- [NAME…] [--json] [--threads N] [--seeds 1337,1,2] [--keep] [--python PYTHON] [--nanogpt DIR]',
  '       npm run bench -- training [--configs a,b,c,c1] [--modes f32,compiled,bf16,bf16-compiled] [--seconds 20]',
  '       npm run bench -- memory [--configs a,b,c] [--modes f32] [--steps 10000]',
  '       npm run bench -- decoding [--model DIR] [--peers DIR] [--modes f32,bf16,f16,q8_0,q4_0] [--batches 1,4,8,16] [--seconds 20]',
  '       npm run bench -- tokenizers [--text FILE] [--peers DIR] [--modes byte-level,wordpiece,unigram,learning,equal] [--seconds 20]',
  ...benchmarks.map(({ name, description }) => `  ${name.padEnd(12)}${description}`),
  'The environment variables PYTHON, NANOGPT_DIR, PEERS and TEXT stand for the flags of these names.',
].join('\n')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    threads: { type: 'string', default: String(availableParallelism()) },
    seeds: { type: 'string', default: '1337,1,2' },
    python: { type: 'string', default: process.env.PYTHON ?? 'python3' },
    nanogpt: { type: 'string', default: process.env.NANOGPT_DIR },
    peers: { type: 'string', default: process.env.PEERS },
    text: { type: 'string', default: process.env.TEXT },
    model: { type: 'string' },
    batches: { type: 'string' },
    configs: { type: 'string' },
    modes: { type: 'string' },
    seconds: { type: 'string', default: '20' },
    steps: { type: 'string', default: '10000' },
  },
})
const unknown = positionals.filter((name) => !benchmarks.some((b) => b.name === name))
if (values.help || unknown.length > 0) {
  console.log(unknown.length > 0 ? `No benchmark is named ${unknown.join(', ')}.\n${help}` : help)
  process.exit(unknown.length > 0 ? 2 : 0)
}

const { python, nanogpt: checkout, keep, peers, text, model } = values
const batches = values.batches?.split(',').map(Number)
const seeds = values.seeds.split(',').map(Number)
const [configs, modes] = [values.configs?.split(','), values.modes?.split(',')]
const [threads, seconds, steps] = [values.threads, values.seconds, values.steps].map(Number) as [number, number, number]
const options = {
  python,
  nanogpt: checkout,
  keep,
  peers,
  text,
  model,
  batches,
  seeds,
  threads,
  configs,
  modes,
  seconds,
  steps,
}
const log = values.json ? (line: string) => console.error(line) : (line: string) => console.log(line)
for (const benchmark of benchmarks.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  log(`${benchmark.name}: ${benchmark.description}`)
  try {
    const result = await benchmark.run(options, log)
    if (values.json) console.log(JSON.stringify({ benchmark: benchmark.name, result }))
  } catch (error) {
    if (!(error instanceof Skip)) throw error
    log(`skipped: ${error.message}`)
  }
}

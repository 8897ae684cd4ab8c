/** Time from an empty process to the first token, and tokens a second, of GPT-2 at 124M parameters: our command, and transformers. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Benchmark, median, need, pythonWith, runProgram, table } from './benchmark.ts'

const command = new URL('../dist/cli/main.js', import.meta.url).pathname
const peer = new URL('first_token.py', import.meta.url).pathname
const rounds = 3
const vocabulary = 50257
const workloads = { short: { prompt: 8, tokens: 16 }, long: { prompt: 256, tokens: 128 } }
type Workload = keyof typeof workloads
const names = Object.keys(workloads) as Workload[]

/** Seconds to the first token, seconds a token after it, peak memory in MiB. */
type Sample = { first: number; each: number; peak: number }

/** When each token came, in seconds from the start of the process: ours after the prompt, which is printed before. */
async function watch(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  heads: number,
): Promise<Sample> {
  const start = performance.now()
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  const times: number[] = []
  let peak = 0
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const now = (performance.now() - start) / 1000
    peak = Math.max(peak, peakOf(child.pid!))
    for (const _ of chunk.trim().split(/\s+/).filter(Boolean)) times.push(now)
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`)
  const tokens = times.slice(heads)
  return { first: tokens[0]!, each: (tokens.at(-1)! - tokens[0]!) / (tokens.length - 1), peak }
}

/** The most memory a running process has held, in MiB; 0 where the system does not say. */
function peakOf(pid: number): number {
  const file = `/proc/${pid}/status`
  const found = existsSync(file) && /VmHWM:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'))
  return found ? Number(found[1]) / 1024 : 0
}

export const firstToken: Benchmark = {
  name: 'first-token',
  description: 'GPT-2 at 124M: first token from an empty process, tokens a second, memory',
  async run(options, log) {
    need(command, 'Our command', 'run `npm run build` first')
    const python = await pythonWith(options.python, ['torch', 'transformers'])
    const env = { OMP_NUM_THREADS: String(options.threads) }
    const work = mkdtempSync(join(tmpdir(), 'pellucid-bench-'))
    const model = join(work, 'gpt2')
    const runs = {
      pellucid: ({ prompt, tokens }: (typeof workloads)[Workload]) => {
        const ids = Array.from({ length: prompt }, (_, i) => (7 * i) % vocabulary).join()
        const settings = [
          '--max-new-tokens',
          String(tokens),
          '--temperature',
          '0',
          '--threads',
          String(options.threads),
        ]
        return watch(process.execPath, [command, 'generate', model, '--prompt-ids', ids, ...settings], env, prompt)
      },
      transformers: ({ prompt, tokens }: (typeof workloads)[Workload]) =>
        watch(python, [peer, 'generate', model, String(prompt), String(tokens)], env, 0),
    }
    try {
      await runProgram(python, [peer, 'write', model], { env })
      const samples = { pellucid: { short: [], long: [] }, transformers: { short: [], long: [] } } as Samples
      for (let round = 0; round < rounds; round++)
        for (const workload of names)
          for (const name of ['pellucid', 'transformers'] as const)
            samples[name][workload].push(await runs[name](workloads[workload]))
      return report(samples, log)
    } finally {
      rmSync(work, { recursive: true })
    }
  },
}

type Samples = Record<'pellucid' | 'transformers', Record<Workload, Sample[]>>

function report(samples: Samples, log: (line: string) => void) {
  const summary = (all: Record<Workload, Sample[]>) => ({
    first: median(all.short.map(({ first }) => first)),
    quickest: Math.min(...all.short.map(({ first }) => first)),
    firstLong: median(all.long.map(({ first }) => first)),
    rate: 1 / median(all.long.map(({ each }) => each)),
    peak: Math.max(...all.long.map(({ peak }) => peak)),
  })
  const [ours, theirs] = [summary(samples.pellucid), summary(samples.transformers)]
  const row = (name: string, { first, quickest, firstLong, rate, peak }: typeof ours) => [
    name,
    `${first.toFixed(2)} (${quickest.toFixed(2)})`,
    firstLong.toFixed(2),
    rate.toFixed(1),
    peak.toFixed(0),
  ]
  const { short, long } = workloads
  const head = [`first token s, prompt of ${short.prompt} (best)`, `prompt of ${long.prompt}`, 'tokens/s', 'peak MiB']
  log(table([['', ...head], row('Pellucid', ours), row('transformers', theirs)]))
  const verdict = ours.quickest <= 0.7 ? 'ok' : 'MISSED'
  log(`first token ${ours.quickest.toFixed(2)} s at best of ${rounds} (aim: at most 0.7 s): ${verdict}`)
  log(`${(ours.rate / theirs.rate).toFixed(2)} times the tokens/s of transformers`)
  return { pellucid: ours, transformers: theirs }
}

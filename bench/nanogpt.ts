/**
 * The character-level Shakespeare run of nanoGPT's README for CPUs, by nanoGPT itself and by our recipe `nanogpt-cpu`: wall time
 * of the whole run, evaluations included, and the loss of the resulting weights over the whole validation text.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Benchmark, mean, need, pythonWith, runProgram, table } from './benchmark.ts'

const steps = 2000
const block = 64

/** The README's flags. Saving always, not only when the estimate improves, leaves the final weights to be scored. */
const nanogptFlags = [
  'config/train_shakespeare_char.py',
  '--device=cpu',
  '--compile=False',
  '--eval_iters=20',
  '--log_interval=1',
  `--block_size=${block}`,
  '--batch_size=12',
  '--n_layer=4',
  '--n_head=4',
  '--n_embd=128',
  `--max_iters=${steps}`,
  `--lr_decay_iters=${steps}`,
  '--dropout=0.0',
  '--always_save_checkpoint=True',
]
/** nanoGPT's seed is a number in its source: run the source with another one. */
const withSeed = (seed: number) =>
  `exec(compile(open('train.py').read().replace('manual_seed(1337', 'manual_seed(${seed}'), 'train.py', 'exec'))`

const scorer = new URL('score.py', import.meta.url).pathname
const command = new URL('../dist/cli/main.js', import.meta.url).pathname

type Result = { seed: number; seconds: number; loss: number; estimate?: number }

export const nanogpt: Benchmark = {
  name: 'nanogpt',
  description: "nanoGPT's README run on Shakespeare's characters: wall time and validation loss",
  async run(options, log) {
    const checkout = need(options.nanogpt, 'nanoGPT', 'clone karpathy/nanoGPT and pass --nanogpt or NANOGPT_DIR')
    const folder = join(checkout, 'data/shakespeare_char')
    const data = need(join(folder, 'input.txt'), 'tiny Shakespeare', "nanoGPT's prepare.py downloads it")
    need(command, 'Our command', 'run `npm run build` first')
    const python = await pythonWith(options.python, ['torch', 'numpy', 'transformers'])
    if (!existsSync(join(folder, 'val.bin'))) await runProgram(python, [join(folder, 'prepare.py')])

    // OPENBLAS_CORETYPE would choose slower kernels for NumPy on some machines.
    const env = { OMP_NUM_THREADS: String(options.threads), OPENBLAS_CORETYPE: undefined }
    const work = mkdtempSync(join(tmpdir(), 'pellucid-bench-'))
    const score = async (kind: string, model: string) => {
      const { output } = await runProgram(python, [scorer, kind, model, data, String(block), checkout], { env })
      return (JSON.parse(output.trim().split('\n').at(-1)!) as { loss: number }).loss
    }

    const theirs = async (seed: number): Promise<Result> => {
      const out = join(work, `nanogpt-${seed}`)
      const args = ['-c', withSeed(seed), ...nanogptFlags, `--out_dir=${out}`]
      const { seconds, output } = await runProgram(python, args, { cwd: checkout, env })
      const estimate = Number(output.match(new RegExp(`step ${steps}: .*val loss ([\\d.]+)`))?.[1])
      return { seed, seconds, estimate, loss: await score('nanogpt', join(out, 'ckpt.pt')) }
    }
    const ours = async (seed: number): Promise<Result> => {
      const out = join(work, `pellucid-${seed}`)
      const settings = ['--set', `seed=${seed}`, '--threads', String(options.threads)]
      const args = [command, 'train', '--recipe', 'nanogpt-cpu', '--data', data, '--out', out, ...settings]
      const { seconds } = await runProgram(process.execPath, args, { env })
      return { seed, seconds, loss: await score('transformers', out) }
    }

    try {
      const results = { nanogpt: [] as Result[], pellucid: [] as Result[] }
      for (const [round, seed] of options.seeds.entries()) {
        const runs = { nanogpt: theirs, pellucid: ours }
        const order = round % 2 === 0 ? (['nanogpt', 'pellucid'] as const) : (['pellucid', 'nanogpt'] as const)
        for (const name of order) {
          const result = await runs[name](seed)
          results[name].push(result)
          log(`${name}, seed ${seed}: ${result.seconds.toFixed(1)} s, validation loss ${result.loss.toFixed(4)}`)
        }
      }
      return report(results, log)
    } finally {
      if (options.keep) log(`kept in ${work}`)
      else rmSync(work, { recursive: true })
    }
  },
}

function report(results: { nanogpt: Result[]; pellucid: Result[] }, log: (line: string) => void) {
  const summary = (runs: Result[]) => ({
    seconds: mean(runs.map((r) => r.seconds)),
    loss: mean(runs.map((r) => r.loss)),
  })
  const [theirs, ours] = [summary(results.nanogpt), summary(results.pellucid)]
  const row = (name: string, { seconds, loss }: typeof ours) => [
    name,
    seconds.toFixed(1),
    ((seconds * 1000) / steps).toFixed(1),
    loss.toFixed(4),
  ]
  log(table([['', 'wall s', 'ms/step', 'validation loss'], row('nanoGPT', theirs), row('Pellucid', ours)]))
  const [ratio, difference] = [ours.seconds / theirs.seconds, ours.loss - theirs.loss]
  const verdict = (ok: boolean) => (ok ? 'ok' : 'MISSED')
  log(`wall time ${ratio.toFixed(2)} of nanoGPT's (aim: at most 0.70): ${verdict(ratio <= 0.7)}`)
  log(
    `validation loss ${difference >= 0 ? '+' : ''}${difference.toFixed(4)} (aim: at most +0.02): ${verdict(difference <= 0.02)}`,
  )
  return { ...results, ratio, difference }
}

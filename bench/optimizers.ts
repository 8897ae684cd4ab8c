/** One AdamW step, clipping included, against PyTorch's: nanoseconds a parameter, for a model in the cache and one in memory. */
import { performance } from 'node:perf_hooks'
import { randomUniform } from '../src/base/random.ts'
import { createOptimizer, optimizerSchema } from '../src/training/optimizers/index.ts'
import { type Benchmark, median, pythonWith, runProgram, table } from './benchmark.ts'

const columns = 1024
const sizes = [
  { name: '0.8M', rows: 768, repeats: 200 },
  { name: '31M', rows: 30_720, repeats: 15 },
]

const peer = `
import json, time, torch
out = []
for rows, repeats in ${JSON.stringify(sizes.map(({ rows, repeats }) => [rows, repeats]))}:
    p = torch.nn.Parameter(torch.zeros(rows, ${columns}))
    g = torch.rand_like(p) - 0.5
    o = torch.optim.AdamW([p], lr=1e-3, weight_decay=0.1)
    times = []
    for _ in range(repeats):
        p.grad = g.clone()
        start = time.perf_counter()
        torch.nn.utils.clip_grad_norm_([p], 1.0)
        o.step()
        times.append(time.perf_counter() - start)
    out.append(sorted(times)[len(times) // 2] * 1e9 / p.numel())
print(json.dumps(out))
`

/** Median time of a step of ours. */
function measure(rows: number, repeats: number): number {
  const config = optimizerSchema.parse({ name: 'adamw', weightDecay: 0.1 })
  const optimizer = createOptimizer(config, [{ name: 'matrix', shape: [rows, columns] }])
  const gradient = optimizer.gradients[0]!.get('matrix')!
  const values = Float32Array.from(randomUniform({ seed: 1, purpose: 'test' }, 2 ** 16), (x) => x - 0.5)
  for (let i = 0; i < gradient.length; i += values.length) gradient.set(values.subarray(0, gradient.length - i), i)
  const times = Array.from({ length: repeats }, () => {
    const start = performance.now()
    optimizer.step(1e-3, { clip: 1 })
    return performance.now() - start
  })
  return (median(times) * 1e6) / gradient.length
}

export const optimizers: Benchmark = {
  name: 'optimizers',
  description: "One AdamW step with clipping against PyTorch's, nanoseconds a parameter",
  async run({ python, threads }, log) {
    const ours = sizes.map(({ rows, repeats }) => measure(rows, repeats))
    log(sizes.map(({ name }, i) => `${name} parameters: ${ours[i]!.toFixed(2)} ns each, on one thread`).join('\n'))
    const env = { OMP_NUM_THREADS: String(threads) }
    const { output } = await runProgram(await pythonWith(python, ['torch']), ['-c', peer], { env })
    const theirs = JSON.parse(output.trim().split('\n').at(-1)!) as number[]
    const results = sizes.map(({ name }, i) => ({
      name,
      ours: ours[i]!,
      theirs: theirs[i]!,
      ratio: ours[i]! / theirs[i]!,
    }))
    const cells = results.map((r) => [r.name, r.ours.toFixed(2), r.theirs.toFixed(2), r.ratio.toFixed(2)])
    log(table([['parameters', 'ours, one thread', `PyTorch, ${threads} threads`, 'ratio'], ...cells]))
    return results
  },
}

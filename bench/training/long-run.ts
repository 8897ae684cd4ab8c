/**
 * A run in a process of its own, with a line of JSON about its memory every hundred steps.
 *   node --expose-gc … long-run.ts CONFIG STEPS THREADS
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBits } from '../../src/base/random.ts'
import { train } from '../../src/training/train.ts'
import { recipeOf, seed, stepConfig } from './configs.ts'

const [name, steps, threads] = process.argv.slice(2)
const config = stepConfig(name!)
const work = mkdtempSync(join(tmpdir(), 'pellucid-bench-'))
const text = join(work, 'text.txt')
const every = 100

// Random text of as many different characters as the model has tokens.
const first = 0x30
const codes = randomBits({ seed, purpose: 'data' }, 1 << 20).map((bits) => first + (bits % config.vocabulary))
writeFileSync(text, Buffer.from(codes))

try {
  const recipe = {
    ...recipeOf(config),
    tokenizer: { type: 'characters' as const },
    data: { files: [text] },
    steps: Number(steps),
    evaluation: { every: 1000, batches: 5 },
    checkpoint: { every: 1000 },
  }
  for await (const event of train(recipe, { out: join(work, 'run'), threads: Number(threads) })) {
    if (event.type !== 'step' || event.step % every !== 0) continue
    const { rss } = process.memoryUsage()
    // The heap is what is left after a collection; the resident memory was read before it, as it stands in a run.
    globalThis.gc?.()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    console.log(JSON.stringify({ step: event.step, rss, heap: heapUsed, buffers: arrayBuffers }))
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** A tiny run and what tests ask of runs. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TrainEvent } from './events.ts'
import type { RecipeInput } from './recipe.ts'
import { type TrainOptions, train } from './train.ts'

/** Some seconds of everything: dropout, accumulation, clipping, warm-up, decay, evaluations, samples, checkpoints. */
export const tiny: RecipeInput = {
  model: { layers: 1, heads: 2, width: 16, dropout: 0.2 },
  tokenizer: { type: 'bytes' },
  data: { bytes: 20_000 },
  contextLength: 16,
  batchSize: 4,
  gradientAccumulation: 2,
  gradientClip: 0.5,
  steps: 12,
  seed: 7,
  optimizer: { name: 'adamw', learningRate: 1e-2, weightDecay: 0.1 },
  schedule: { name: 'cosine', warmup: 3 },
  evaluation: { every: 5, batches: 2, train: true },
  checkpoint: { every: 4, keep: 2 },
  samples: { every: 6, tokens: 4 },
}

/** The path of a directory that is not there yet, and how to remove it. */
export function freshDirectory(): { out: string; remove: () => void } {
  const parent = mkdtempSync(join(tmpdir(), 'pellucid-train-'))
  return { out: join(parent, 'run'), remove: () => rmSync(parent, { recursive: true, force: true }) }
}

/** Calls `use` with the path of a directory that is not there yet, and removes it afterwards. */
export async function inFreshDirectory<T>(use: (out: string) => Promise<T>): Promise<T> {
  const { out, remove } = freshDirectory()
  try {
    return await use(out)
  } finally {
    remove()
  }
}

/** Runs to the end, or until `stop` says so after an event. */
export async function runAll(
  recipe: RecipeInput,
  options: TrainOptions & { stop?: (event: TrainEvent) => boolean } = {},
): Promise<TrainEvent[]> {
  const { stop, ...rest } = options
  const controller = new AbortController()
  const events: TrainEvent[] = []
  for await (const event of train(recipe, { warn: () => {}, signal: controller.signal, ...rest })) {
    // Whether there are reports of the preparation depends on how fast the machine is.
    if (event.type !== 'prepare') events.push(event)
    if (stop?.(event)) controller.abort()
  }
  return events
}

/** The records of metrics.jsonl. */
export const metricsOf = (out: string): Record<string, unknown>[] =>
  readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

/** Everything a run has computed, byte for byte: metrics, the best weights, and each file of the last checkpoint. */
export function outcomeOf(out: string, steps: number) {
  const hash = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(out, name)))
      .digest('hex')
  const last = join('checkpoints', `step-${steps}`)
  return {
    metrics: readFileSync(join(out, 'metrics.jsonl'), 'utf8'),
    best: hash('model.safetensors'),
    last: Object.fromEntries(readdirSync(join(out, last)).map((name) => [name, hash(join(last, name))])),
  }
}

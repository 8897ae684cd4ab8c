/** What the browser test runs inside a page: GPT-2 from bytes, forward and backward, decoding, and a step of training. */
import { Model } from '../../src/model.ts'
import { chooseRuntime } from '../../src/runtime/choose.ts'
import { fromNested } from '../../src/tensor/array.ts'
import { matchWeights, parseConfig } from '../../src/weights/checkpoint.ts'
import { parseSafetensors } from '../../src/weights/safetensors.ts'
import { inspections } from './inspections.ts'
import { trainingStep } from './step.ts'
import { pack } from './transfer.ts'

type Batch = Record<string, number[][]>

async function openCheckpoint() {
  const config: unknown = await (await fetch('/model/config.json')).json()
  const weights = await (await fetch('/model/model.safetensors')).arrayBuffer()
  return matchWeights(parseConfig(config, 'config.json'), parseSafetensors(new Uint8Array(weights)), 'the model')
}

/** Each returns a packed result. */
const tests = {
  /** A RunResult with everything in it. */
  async run(batch: Batch): Promise<string> {
    const model = new Model(await openCheckpoint(), await chooseRuntime())
    const result = await model.run(batch, { capture: ['attentions', 'hidden_states'], gradients: true })
    await model.dispose()
    return pack(result)
  },
  /** The ids of greedy continuations, prompts included. */
  async generate(prompts: number[][], maxNewTokens: number): Promise<string> {
    const model = new Model(await openCheckpoint(), await chooseRuntime())
    const { sequences } = await model.complete(prompts, { maxNewTokens, temperature: 0 })
    await model.dispose()
    return pack(sequences.map(({ ids }) => [...ids]))
  },
  /** What inspections show of a row of tokens. */
  async inspect(ids: number[]): Promise<string> {
    const model = new Model(await openCheckpoint(), await chooseRuntime())
    const shown = await inspections(model, ids)
    await model.dispose()
    return pack(shown)
  },
  /** What `trainingStep` returns. */
  async train(batch: Batch): Promise<string> {
    const arrays = Object.fromEntries(Object.entries(batch).map(([name, rows]) => [name, fromNested(rows, 'int32')]))
    return pack(await trainingStep(await chooseRuntime(), await openCheckpoint(), arrays))
  },
}

export type PageTests = typeof tests
Object.assign(window, { tests })

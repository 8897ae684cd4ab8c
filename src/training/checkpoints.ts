/** Checkpoints of a run: model directories with the optimizer's state and where the run stood. */
import { ensureDirectory, syncDirectory, writeJson } from '../base/atomic.ts'
import { fileError } from '../base/errors.ts'
import { explained, fs, kindOf, listDirectory, path, readJson } from '../base/files.ts'
import type { NdArray } from '../tensor/array.ts'
import type { Tokenizer } from '../tokenizers/index.ts'
import { writeCheckpoint } from '../weights/checkpoint.ts'
import type { ConfigFile } from '../weights/format.ts'
import { openSafetensors } from '../weights/safetensors.ts'
import { writeSafetensors } from '../weights/safetensors-write.ts'
import type { Optimizer } from './optimizers/index.ts'

/** Where a run stands after a step. */
export type RunState = {
  /** Steps done. */
  readonly step: number
  /** The lowest validation loss so far, and at which step. */
  readonly best?: { readonly loss: number; readonly step: number }
  /** The evaluation and the sample that were due at this step were cut short: they are made up for. */
  readonly unreported?: boolean
  /** Seconds of computing so far. */
  readonly seconds: number
}

/** What a model directory needs besides the weights. */
export type ModelFiles = { readonly config: ConfigFile; readonly generation: ConfigFile; readonly tokenizer: Tokenizer }

const pattern = /^step-(\d+)$/
const folder = (run: string) => path().join(run, 'checkpoints')

/** Config, weights, tokenizer and generation settings: what Python's `from_pretrained` and `loadModel` read. */
export async function writeModel(
  directory: string,
  files: ModelFiles,
  parameters: ReadonlyMap<string, NdArray>,
): Promise<void> {
  await writeCheckpoint(directory, files.config, parameters)
  await writeJson(path().join(directory, 'generation_config.json'), files.generation)
  await files.tokenizer.save(directory)
}

/** Writes a checkpoint; it has its name only when it is complete. Then removes all but the newest `keep`. */
export async function saveCheckpoint(
  run: string,
  state: RunState,
  files: ModelFiles,
  parameters: ReadonlyMap<string, NdArray>,
  optimizer: Optimizer,
  keep: number,
): Promise<string> {
  const target = path().join(folder(run), `step-${state.step}`)
  const partial = path().join(folder(run), `.step-${state.step}.partial`)
  const remove = (directory: string) => fs().promises.rm(directory, { recursive: true, force: true })
  await ensureDirectory(folder(run))
  await remove(partial)
  await writeModel(partial, files, parameters)
  await writeSafetensors(path().join(partial, 'optimizer.safetensors'), optimizer.state())
  await writeJson(path().join(partial, 'manifest.json'), state)
  await remove(target)
  await explained(target, 'write', () => fs().promises.rename(partial, target))
  await syncDirectory(folder(run))
  for (const step of (await checkpointSteps(run)).slice(0, -keep))
    await remove(path().join(folder(run), `step-${step}`))
  return target
}

/** Steps of the complete checkpoints, rising. */
export async function checkpointSteps(run: string): Promise<number[]> {
  if ((await kindOf(folder(run))) !== 'directory') return []
  const steps = (await listDirectory(folder(run))).flatMap((name) => pattern.exec(name)?.[1] ?? [])
  return steps.map(Number).sort((a, b) => a - b)
}

/** Restores parameters and optimizer from a run's newest checkpoint; undefined when there is none. */
export async function restoreCheckpoint(
  run: string,
  parameters: ReadonlyMap<string, NdArray>,
  optimizer: Optimizer,
): Promise<RunState | undefined> {
  const step = (await checkpointSteps(run)).at(-1)
  if (step === undefined) return undefined
  const directory = path().join(folder(run), `step-${step}`)
  const at = (name: string) => path().join(directory, name)
  const weights = await openSafetensors(at('model.safetensors'))
  for (const [name, { data }] of parameters) {
    const stored = await weights.read(name)
    if (stored.data.length !== data.length)
      throw fileError(
        'WRONG_SHAPE',
        `${at('model.safetensors')}: ${name} is [${stored.shape}]; the run's model is another.`,
      )
    ;(data as Float32Array).set(stored.data as Float32Array)
  }
  const saved = await openSafetensors(at('optimizer.safetensors'))
  const tensors = new Map<string, NdArray>()
  for (const name of saved.entries.keys()) tensors.set(name, await saved.read(name))
  optimizer.load(tensors)
  return (await readJson(at('manifest.json'))) as RunState
}

/** Checkpoints of a run, written: model directories with the optimizer's state, where the run stood, and a manifest. */
import { ensureDirectory, removeDebris, syncDirectory, writeJson } from '../base/atomic.ts'
import { copyHashed, type FileDigest, sameDigest, sha256, writeHashed } from '../base/digest.ts'
import { conflict, failure, PellucidError } from '../base/errors.ts'
import { explained, fs, kindOf, listDirectory, path } from '../base/files.ts'
import type { LineLog } from '../base/line-log.ts'
import type { Environment } from '../runtime/runtime.ts'
import type { NdArray } from '../tensor/array.ts'
import type { Tokenizer } from '../tokenizers/index.ts'
import { weightsName } from '../weights/directory.ts'
import type { ConfigFile } from '../weights/format.ts'
import { safetensorsWriter } from '../weights/safetensors-write.ts'
import { readManifest, writeManifest } from './manifest.ts'
import type { Optimizer } from './optimizers/index.ts'
import type { PlainRecipe } from './recipe-changes.ts'

/** Where a run stands after a step: all that the loop needs beside the weights, since random numbers follow from the step. */
export type RunState = {
  /** Steps done. */
  readonly step: number
  /** Tokens trained on. */
  readonly tokens: number
  readonly seed: number
  /** The lowest validation loss so far, and at which step. */
  readonly best?: { readonly loss: number; readonly step: number }
  /** For early stopping: the loss that the next evaluations must beat, and how many have not. */
  readonly patience: { readonly reference?: number; readonly waited: number }
  /** The evaluation and the sample that were due at this step were cut short: they are made up for. */
  readonly unreported?: boolean
  /** Bytes of metrics.jsonl. */
  readonly metricsBytes: number
}

/** What a model directory needs besides the weights. */
export type ModelFiles = { readonly config: ConfigFile; readonly generation: ConfigFile; readonly tokenizer: Tokenizer }

/** What is the same in all checkpoints of a run. */
export type RunConstants = {
  readonly out: string
  readonly files: ModelFiles
  /** With the chosen `splits`. */
  readonly recipe: PlainRecipe
  /** Fingerprint of text and tokenizer. */
  readonly fingerprint: string
  readonly environment: Environment
}

export const checkpointNames = {
  state: 'state.json',
  recipe: 'recipe.json',
  optimizer: 'optimizer.safetensors',
  /** The weights of the best step, where they are not the checkpoint's own. */
  best: 'best.safetensors',
} as const

export const checkpointsFolder = (run: string): string => path().join(run, 'checkpoints')
export const checkpointPath = (run: string, step: number): string => path().join(checkpointsFolder(run), `step-${step}`)

const pattern = /^step-(\d+)$/
/** Names of directories that are not checkpoints, or no longer: being written, replaced, removed, or left for an earlier one. */
const leftover = /^\.step-(\d+)\.(partial|replaced|removed|abandoned)$/
type Leftover = 'partial' | 'replaced' | 'removed' | 'abandoned'
const leftoverPath = (run: string, step: number, what: Leftover) =>
  path().join(checkpointsFolder(run), `.step-${step}.${what}`)

const rename = (from: string, to: string) => explained(to, 'write', () => fs().promises.rename(from, to))
const removeAll = (directory: string) =>
  explained(directory, 'write', () => fs().promises.rm(directory, { recursive: true, force: true }))

/** Steps of the checkpoints that have their name, rising. */
export async function checkpointSteps(run: string): Promise<number[]> {
  if ((await kindOf(checkpointsFolder(run))) !== 'directory') return []
  const steps = (await listDirectory(checkpointsFolder(run))).flatMap((name) => pattern.exec(name)?.[1] ?? [])
  return steps.map(Number).sort((a, b) => a - b)
}

/** Config, tokenizer and generation settings of a model directory. */
export async function writeModelFiles(directory: string, files: ModelFiles): Promise<void> {
  await ensureDirectory(directory)
  await writeJson(path().join(directory, 'config.json'), files.config)
  await writeJson(path().join(directory, 'generation_config.json'), files.generation)
  await files.tokenizer.save(directory)
}

/** Writes a whole model directory, which Python's `from_pretrained` and `loadModel` read; resolves to the digest of its weights. */
export async function writeModel(
  directory: string,
  files: ModelFiles,
  parameters: ReadonlyMap<string, NdArray>,
): Promise<FileDigest> {
  await writeModelFiles(directory, files)
  const { fill, size } = safetensorsWriter(parameters, { format: 'pt' })
  return await writeHashed(path().join(directory, weightsName), fill, size)
}

/** The best weights of a run as they lie in its directory. */
export type BestWeights = { readonly step: number; readonly digest: FileDigest }

export type CheckpointContent = {
  readonly state: RunState
  readonly parameters: ReadonlyMap<string, NdArray>
  readonly optimizer: Optimizer
  readonly best: BestWeights | undefined
}

/**
 * Writes a checkpoint. It has its name only when all of it is on disk, and the metrics up to it. Then removes all but the newest
 * `keep`, and what killed processes have left. If anything fails, no earlier checkpoint is touched and nothing of this one remains.
 */
export async function saveCheckpoint(
  run: RunConstants,
  content: CheckpointContent,
  log: LineLog,
  keep: number,
): Promise<string> {
  const { step } = content.state
  const folder = checkpointsFolder(run.out)
  const [target, partial, replaced] = [
    checkpointPath(run.out, step),
    leftoverPath(run.out, step, 'partial'),
    leftoverPath(run.out, step, 'replaced'),
  ]
  try {
    await ensureDirectory(folder)
    await removeAll(partial)
    await fill(partial, run, content)
    await log.sync()
    // A checkpoint of the same step, saved before its evaluation was done, steps aside; `restoreReplaced` puts it back after a crash here.
    if (await kindOf(target)) {
      await removeAll(replaced)
      await rename(target, replaced)
    }
    await rename(partial, target)
    await syncDirectory(folder)
  } catch (error) {
    // The first error is the one to report.
    await removeAll(partial).catch(() => {})
    await restoreReplaced(run.out).catch(() => {})
    throw tellSize(error, content)
  }
  await removeOutdated(run.out, step, keep)
  return target
}

/** Removes all checkpoints up to a step but the newest `keep`, and what killed processes have left. */
export async function removeOutdated(run: string, step: number, keep: number): Promise<void> {
  const folder = checkpointsFolder(run)
  const outdated = (await checkpointSteps(run)).filter((each) => each <= step).slice(0, -keep)
  for (const old of outdated) await rename(checkpointPath(run, old), leftoverPath(run, old, 'removed'))
  // What loses its files has lost its name before, also after a power cut.
  if (outdated.length > 0) await syncDirectory(folder)
  for (const name of (await listDirectory(folder)).filter((each) => leftover.test(each)))
    await removeAll(path().join(folder, name))
  await removeDebris(run)
}

async function fill(directory: string, run: RunConstants, content: CheckpointContent): Promise<void> {
  const { state, parameters, optimizer, best } = content
  const at = (name: string) => path().join(directory, name)
  const known: Record<string, FileDigest> = { [weightsName]: await writeModel(directory, run.files, parameters) }
  const moments = safetensorsWriter(optimizer.state())
  known[checkpointNames.optimizer] = await writeHashed(at(checkpointNames.optimizer), moments.fill, moments.size)
  if (best && best.step !== state.step)
    known[checkpointNames.best] = await keepBest(run.out, at(checkpointNames.best), best)
  await writeJson(at(checkpointNames.recipe), run.recipe)
  await writeJson(at(checkpointNames.state), state)
  await writeManifest(directory, {
    step: state.step,
    recipe: sha256(JSON.stringify(run.recipe)),
    data: run.fingerprint,
    environment: run.environment,
    known,
  })
}

/**
 * Puts the best weights so far into a checkpoint: a second name for those of an earlier checkpoint, which nobody changes in place, or
 * else a copy of the run's. So a checkpoint has everything, whatever happens to the run's directory after it.
 */
async function keepBest(out: string, target: string, { step, digest }: BestWeights): Promise<FileDigest> {
  for (const earlier of (await checkpointSteps(out)).reverse()) {
    const directory = checkpointPath(out, earlier)
    const name = earlier === step ? weightsName : checkpointNames.best
    const manifest = await readManifest(directory).catch(() => undefined)
    if (manifest?.files[name]?.sha256 !== digest.sha256) continue
    const linked = await fs()
      .promises.link(path().join(directory, name), target)
      .then(() => true)
      .catch(() => false) // Not every file system has links.
    if (linked) return digest
  }
  const source = path().join(out, weightsName)
  if (sameDigest(await copyHashed(source, target), digest)) return digest
  throw conflict(
    'BEST_CHANGED',
    `${source}: is no longer what the run wrote at step ${step}.\nDo not write into the directory of a run that is going on.`,
  )
}

/** Adds to a full disk's message how much a checkpoint takes. */
function tellSize(error: unknown, { parameters, optimizer }: CheckpointContent): unknown {
  if (!(error instanceof PellucidError) || error.code !== 'NO_SPACE') return error
  const bytes = safetensorsWriter(parameters).size + safetensorsWriter(optimizer.state()).size
  const more = `A checkpoint takes ${bytes} bytes and some more; the earlier ones are untouched.`
  return failure(error.code, `${error.message}\n${more}`, error)
}

/** Puts checkpoints back that a crash or an error has met while they were being replaced. */
export async function restoreReplaced(run: string): Promise<void> {
  if ((await kindOf(checkpointsFolder(run))) !== 'directory') return
  for (const name of await listDirectory(checkpointsFolder(run))) {
    const [, step, what] = leftover.exec(name) ?? []
    if (what !== 'replaced' || (await kindOf(checkpointPath(run, Number(step))))) continue
    await rename(path().join(checkpointsFolder(run), name), checkpointPath(run, Number(step)))
  }
}

/** Takes the checkpoints after a step out of the way, for a run that goes on from it; the next save removes them. */
export async function setAsideAfter(run: string, step: number): Promise<void> {
  for (const later of (await checkpointSteps(run)).filter((each) => each > step)) {
    await removeAll(leftoverPath(run, later, 'abandoned'))
    await rename(checkpointPath(run, later), leftoverPath(run, later, 'abandoned'))
  }
}

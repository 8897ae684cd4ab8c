/** Going on with a run: which checkpoint, whether it is sound, and what is taken from it. */
import { copyHashed, damageOf } from '../base/digest.ts'
import { conflict, fileError, PellucidError, usageError } from '../base/errors.ts'
import { kindOf, path, readJson } from '../base/files.ts'
import type { NdArray } from '../tensor/array.ts'
import { type Described, parseConfig } from '../weights/checkpoint.ts'
import { openWeights, weightsName } from '../weights/directory.ts'
import { openSafetensors } from '../weights/safetensors.ts'
import {
  type BestWeights,
  checkpointNames,
  checkpointPath,
  checkpointSteps,
  type RunConstants,
  type RunState,
  restoreReplaced,
  writeModelFiles,
} from './checkpoints.ts'
import { type Manifest, readManifest, verifyFiles } from './manifest.ts'
import type { Optimizer } from './optimizers/index.ts'
import { changesBetween, changesText, completed, type PlainRecipe } from './recipe-changes.ts'

/** A checkpoint whose every byte has been checked. */
export type Found = {
  readonly directory: string
  readonly manifest: Manifest
  readonly state: RunState
  readonly recipe: PlainRecipe
}

export type Search = {
  /** Undefined where there is none: the run begins again. */
  readonly found: Found | undefined
  /** Checkpoints passed over, each with the reason, in words. */
  readonly skipped: readonly string[]
}

/** Reads and checks a checkpoint; undefined where it is not complete. */
async function readCheckpoint(directory: string): Promise<Found | undefined> {
  const manifest = await readManifest(directory)
  if (!manifest) return undefined
  await verifyFiles(directory, manifest)
  const read = (name: string) => readJson(path().join(directory, name))
  return {
    directory,
    manifest,
    state: (await read(checkpointNames.state)) as RunState,
    recipe: completed(
      (await read(checkpointNames.recipe)) as PlainRecipe,
      path().join(directory, checkpointNames.recipe),
    ),
  }
}

/**
 * The checkpoint that a run goes on from: `from`, or the newest that is complete. One that is complete and damaged is an error
 * (CHECKPOINT_DAMAGED), unless `allowFallback` goes on from the newest sound one; `from` is never passed over.
 */
export async function findCheckpoint(out: string, from: string | undefined, allowFallback: boolean): Promise<Search> {
  await restoreReplaced(out)
  if (from !== undefined) {
    if ((await kindOf(from)) !== 'directory')
      throw usageError('NO_CHECKPOINT', `${from}: no such checkpoint directory, such as ${checkpointPath(out, 500)}.`)
    const found = await readCheckpoint(from)
    if (!found) throw fileError('CHECKPOINT_INCOMPLETE', `${from}: has no manifest.json, so it is not complete.`)
    return { found, skipped: [] }
  }
  const skipped: string[] = []
  for (const step of (await checkpointSteps(out)).reverse()) {
    const directory = checkpointPath(out, step)
    try {
      const found = await readCheckpoint(directory)
      if (found) return { found, skipped }
      skipped.push(`${directory}: is not complete`)
    } catch (error) {
      if (!allowFallback || !(error instanceof PellucidError) || error.code !== 'CHECKPOINT_DAMAGED') throw error
      skipped.push(error.message.split('\n')[0]!.replace(/\.$/, ''))
    }
  }
  return { found: undefined, skipped }
}

/** Throws RECIPE_CHANGED unless the model is the checkpoint's: a directory that it came from may have changed since. */
export async function checkConfig({ directory }: Found, { config }: Described): Promise<void> {
  const file = path().join(directory, 'config.json')
  const before = parseConfig(await readJson(file), file).config
  const changes = changesBetween(before as object, config as object)
  if (changes.length > 0)
    throw conflict(
      'RECIPE_CHANGED',
      `${directory}: the run was started with another model: ${changesText(changes)}.\n` +
        'Resume with the same model, or start a new run in another --out.',
    )
}

/** Restores parameters and optimizer, bit for bit. */
export async function restore(
  { directory }: Found,
  parameters: ReadonlyMap<string, NdArray>,
  optimizer: Optimizer,
): Promise<void> {
  const weights = await openWeights(directory)
  for (const [name, { data }] of parameters) {
    const stored = await weights.read(name)
    if (stored.data.length !== data.length)
      throw fileError('WRONG_SHAPE', `${directory}: ${name} is [${stored.shape}]; the run's model is another.`)
    ;(data as Float32Array).set(stored.data as Float32Array)
  }
  const saved = await openSafetensors(path().join(directory, checkpointNames.optimizer))
  const tensors = new Map<string, NdArray>()
  for (const name of saved.entries.keys()) tensors.set(name, await saved.read(name))
  optimizer.load(tensors)
}

/**
 * Puts the best weights of the checkpoint's time into the run's directory, unless they are there: the steps after the checkpoint, which
 * are done again, may have left better ones.
 */
export async function restoreBest(
  { directory, manifest, state }: Found,
  { out, files }: RunConstants,
): Promise<BestWeights | undefined> {
  if (!state.best) return undefined
  const name = state.best.step === state.step ? weightsName : checkpointNames.best
  const digest = manifest.files[name]
  if (!digest) throw fileError('CHECKPOINT_DAMAGED', `${path().join(directory, name)}: is missing from the manifest.`)
  await writeModelFiles(out, files)
  const place = path().join(out, weightsName)
  if (await damageOf(place, digest)) await copyHashed(path().join(directory, name), place)
  return { step: state.best.step, digest }
}

/** A run that goes on: where from, what has changed since, and what is told of it. */

import type { RunConstants } from './checkpoints.ts'
import type { Expected } from './data.ts'
import type { Resumed } from './events.ts'
import type { Recipe } from './recipe.ts'
import { type Change, changesBetween } from './recipe-changes.ts'
import { findCheckpoint, type Search } from './resume.ts'
import { recipeChanges } from './run-directory.ts'

export type Resumption = Search & { readonly changes: readonly Change[]; readonly expected: Expected }

export type ResumeOptions = {
  /** Go on from the newest checkpoint in `out`, or from the checkpoint in this directory. */
  readonly resume?: boolean | string
  /** Where the newest checkpoint is damaged, go on from the newest sound one. */
  readonly allowFallback?: boolean
  /** Go on although the text is another; the tokenizer stays. */
  readonly allowDataChange?: boolean
}

/** Finds the checkpoint to go on from and compares recipes; undefined for a run that begins. */
export async function resumptionOf(
  recipe: Recipe,
  out: string,
  { resume = false, allowFallback = false, allowDataChange = false }: ResumeOptions,
): Promise<Resumption | undefined> {
  if (resume === false) return undefined
  const search = await findCheckpoint(out, resume === true ? undefined : resume, allowFallback)
  const { found } = search
  const changes = await recipeChanges(out, recipe, found)
  const checkpoint = found && { fingerprint: found.manifest.data, directory: found.directory }
  return { ...search, changes, expected: { checkpoint, allowChange: allowDataChange } }
}

/** What is told of a run that goes on. */
export function resumedOf(
  { found, changes, skipped }: Resumption,
  { environment, fingerprint }: RunConstants,
  logLoss: string | undefined,
): Resumed {
  const data = { field: 'data', from: found?.manifest.data, to: fingerprint }
  return {
    ...(found && { path: found.directory }),
    changes: [...changes, ...(found && data.from !== data.to ? [data] : [])],
    environment: found ? changesBetween(found.manifest.environment, environment) : [],
    skipped: [...skipped, ...(logLoss === undefined ? [] : [logLoss])],
  }
}

/** The directory of a run: what may be started or resumed there. */
import { writeJson } from '../base/atomic.ts'
import { conflict, usageError } from '../base/errors.ts'
import { kindOf, path, readJson } from '../base/files.ts'
import { checkpointSteps } from './checkpoints.ts'
import { parseRecipe, type Recipe } from './recipe.ts'
import { type Change, changesBetween, changesText, mayChange, plainRecipe } from './recipe-changes.ts'
import type { Found } from './resume.ts'

const fileOf = (out: string) => path().join(out, 'run.json')

/** The recipe of the run in a directory; undefined if there is none. Throws a file error if run.json is damaged. */
export async function storedRecipe(out: string): Promise<Recipe | undefined> {
  const file = fileOf(out)
  if (!(await kindOf(file))) return undefined
  const content = await readJson(file)
  return parseRecipe((content as { recipe?: unknown } | null)?.recipe, `${file}: recipe`)
}

/** Writes run.json: the recipe with every default, and what was chosen for it. */
export const writeRun = (out: string, recipe: Recipe, chosen: Readonly<Record<string, unknown>>): Promise<void> =>
  writeJson(fileOf(out), { pellucid: 1, recipe, ...chosen })

/** Refuses a directory whose run would be overwritten (RUN_EXISTS), or that has nothing to go on from (NOTHING_TO_RESUME). */
export async function checkPlace(out: string, resume: boolean): Promise<void> {
  const exists = (await kindOf(fileOf(out))) !== undefined
  if (!exists && resume)
    throw usageError('NOTHING_TO_RESUME', `${out}: holds no run to resume. Start it without --resume.`)
  if (!exists || resume) return
  const last = (await checkpointSteps(out)).at(-1)
  throw conflict(
    'RUN_EXISTS',
    `${out}: holds a run${last === undefined ? '' : ` with ${last} steps`}.\nGo on with --resume, or choose another --out.`,
  )
}

/**
 * What has changed since a checkpoint was saved, or since the run was started where there is none. Throws RECIPE_CHANGED, listing each
 * field, if that makes it another run.
 */
export async function recipeChanges(out: string, recipe: Recipe, found: Found | undefined): Promise<Change[]> {
  const stored = found ? undefined : await storedRecipe(out)
  const before = found?.recipe ?? (stored && plainRecipe(stored))
  if (!before) return []
  // The number of parts is chosen once; who does not say it again keeps it.
  const splits = recipe.splits ?? (before.splits as number | undefined)
  const changes = changesBetween(before, plainRecipe(recipe, splits))
  const refused = changes.filter((change) => !mayChange(change))
  if (refused.length > 0)
    throw conflict(
      'RECIPE_CHANGED',
      `${out}: the run was started with another recipe: ${changesText(refused)}.\n` +
        'Resume with the same recipe, or start a new run in another --out.',
    )
  return changes
}

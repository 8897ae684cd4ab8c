/** The directory of a run: what may be started or resumed there. */
import { writeJson } from '../base/atomic.ts'
import { conflict, usageError } from '../base/errors.ts'
import { kindOf, path, readJson } from '../base/files.ts'
import { checkpointSteps } from './checkpoints.ts'
import { parseRecipe, type Recipe } from './recipe.ts'

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

/** What of a recipe may not change when a run goes on: everything but its length, how often it reports and where things lie. */
function fixed({ data, ...recipe }: Recipe): Record<string, unknown> {
  const {
    steps: _1,
    evaluation: _2,
    checkpoint: _3,
    samples: _4,
    description: _5,
    $schema: _6,
    out: _7,
    ...rest
  } = recipe
  const { files, ...split } = data
  return { ...rest, data: { ...split, source: files.length ? 'files' : 'built-in' } }
}

/**
 * Refuses a directory that belongs to another recipe (RECIPE_CHANGED), whose run would be overwritten (RUN_EXISTS), or that has nothing
 * to go on from (NOTHING_TO_RESUME).
 */
export async function checkRun(out: string, recipe: Recipe, resume: boolean): Promise<void> {
  const before = await storedRecipe(out)
  if (!before) {
    if (resume) throw usageError('NOTHING_TO_RESUME', `${out}: holds no run to resume. Start it without --resume.`)
    return
  }
  if (!resume) {
    const last = (await checkpointSteps(out)).at(-1)
    throw conflict(
      'RUN_EXISTS',
      `${out}: holds a run${last === undefined ? '' : ` with ${last} steps`}.\nGo on with --resume, or choose another --out.`,
    )
  }
  const [old, now] = [fixed(before), fixed(recipe)]
  const changes = Object.keys({ ...old, ...now }).flatMap((key) => {
    const [from, to] = [JSON.stringify(old[key]), JSON.stringify(now[key])]
    return from === to ? [] : [`${key} ${from} → ${to}`]
  })
  if (changes.length)
    throw conflict(
      'RECIPE_CHANGED',
      `${out}: the run was started with another recipe: ${changes.join('; ').slice(0, 400)}.\n` +
        'Resume with the same recipe, or start a new run in another --out.',
    )
}

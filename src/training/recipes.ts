/** Ready-made recipes: the JSON files of the package's `recipes` folder. */
import { fileError, usageError } from '../base/errors.ts'
import { kindOf, listDirectory, path, readJson } from '../base/files.ts'
import { show } from '../base/json.ts'
import type { RecipeInput } from './recipe.ts'

const folder = () =>
  decodeURIComponent(new URL('../../recipes', import.meta.url).pathname).replace(/^\/([A-Za-z]:)/, '$1')

/** Names of the ready-made recipes. */
export async function recipeNames(): Promise<string[]> {
  const files = await listDirectory(folder())
  return files.flatMap((file) => (/^(?!recipe\.schema)(.+)\.json$/.exec(file) ? [file.slice(0, -5)] : [])).sort()
}

/** A ready-made recipe by name, or the recipe in a JSON file; unchecked. Throws UNKNOWN_RECIPE with the names there are. */
export async function findRecipe(name: string): Promise<RecipeInput> {
  const ready = path().join(folder(), `${name}.json`)
  if (/^[\w-]+$/.test(name) && (await kindOf(ready))) return await readRecipe(ready)
  if (await kindOf(name)) return await readRecipe(name)
  throw usageError(
    'UNKNOWN_RECIPE',
    `--recipe ${name}: neither a file nor a ready-made recipe.\nReady-made: ${(await recipeNames()).join(', ')}.`,
  )
}

/** A recipe file that is large is none. */
const maxBytes = 2 ** 20

async function readRecipe(file: string): Promise<RecipeInput> {
  const content = await readJson(file, { maxBytes })
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw fileError('BAD_RECIPE', `${file}: holds ${show(content)}, expected an object with the fields of a recipe.`)
  return content as RecipeInput
}

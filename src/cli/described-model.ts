/** The model that `pellucid models --describe` is asked about: a published size, a config.json, a model, or what a recipe trains. */
import { usageError } from '../base/errors.ts'
import { kindOf, path, readJson } from '../base/files.ts'
import { nearest } from '../base/nearest.ts'
import { parseName } from '../hub/names.ts'
import { resolveModel } from '../hub/resolve.ts'
import { definitions } from '../models/index.ts'
import type { OptimizerConfig } from '../training/optimizers/index.ts'
import { describeModel as modelOfRecipe } from '../training/origin.ts'
import { parseRecipe } from '../training/recipe.ts'
import { findRecipe, recipeNames } from '../training/recipes.ts'
import { vocabularySizeOf } from '../training/rehearsal.ts'
import { configFile, type Described, parseConfig, readConfig } from '../weights/checkpoint.ts'
import { configLimits, configName } from '../weights/config.ts'
import { formatOf } from '../weights/formats.ts'
import { quoted } from './quote.ts'

export type Found = { readonly described: Described; readonly optimizer?: OptimizerConfig }

/** A published size, which goes before a file of that name. */
function published(name: string): Described | undefined {
  const definition = definitions.find(({ sizes }) => Object.hasOwn(sizes, name))
  if (!definition) return undefined
  const format = formatOf(definition.type, name)
  const { parameters: _, paper: __, ...size } = definition.sizes[name]!
  return parseConfig(configFile(format, definition.configure(size)), name)
}

/** What a recipe would train; the size of its vocabulary as far as it is known without the text. */
async function ofRecipe(name: string): Promise<Found> {
  const recipe = parseRecipe(await findRecipe(name), name)
  const described = await modelOfRecipe(recipe, { size: await vocabularySizeOf(recipe) })
  return { described, optimizer: recipe.optimizer }
}

/** Throws UNKNOWN_MODEL with the published sizes, or what is wrong with the file. */
export async function findModel(name: string): Promise<Found> {
  const size = published(name)
  if (size) return { described: size }
  const kind = await kindOf(name)
  if (kind === 'directory') return { described: await readConfig(name) }
  if (kind !== undefined) {
    const content = await readJson(name, configLimits)
    const isRecipe =
      typeof content === 'object' && content !== null && !Array.isArray(content) && !('model_type' in content)
    if (isRecipe && path().basename(name) !== configName) return await ofRecipe(name)
    return { described: parseConfig(content, name) }
  }
  const recipes = await recipeNames()
  if (recipes.includes(name)) return await ofRecipe(name)
  if (name.includes('/') && parseName(name)) return { described: await readConfig(await resolveModel(name)) }
  const sizes = definitions.flatMap((definition) => Object.keys(definition.sizes))
  const meant = nearest(name, [...sizes, ...recipes])
  throw usageError(
    'UNKNOWN_MODEL',
    `--describe ${quoted(name)}: neither a published size nor a recipe, file or directory.${meant ? ` Did you mean ${meant}?` : ''}\n` +
      `Published: ${sizes.join(', ')}. Recipes: ${recipes.join(', ')}.`,
  )
}

/** The fields of a recipe for people who expect them as flags. */
import { recipeJsonSchema } from '../training/recipe.ts'
import { fieldLike, type Schema } from '../training/recipe-fields.ts'

/** `--learning-rate` → `--set optimizer.learningRate=…`, if there is such a field. */
export function fieldMeant(flag: string): string | undefined {
  const path = fieldLike(flag.replace(/^-+|=.*$/gs, ''), recipeJsonSchema() as Schema)
  return path && `--set ${path}=…`
}

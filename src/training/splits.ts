/** In how many parts a micro-batch is computed. */
import { usageError } from '../base/errors.ts'
import type { Recipe } from './recipe.ts'

/** Two parts keep two cores busier than one product shared by both, while weights are few. */
export function splitsOf(recipe: Recipe, parameters: number): number {
  if (recipe.splits !== undefined) {
    if (recipe.batchSize % recipe.splits !== 0)
      throw usageError(
        'BAD_RECIPE',
        `recipe: splits is ${recipe.splits}, expected a divisor of batchSize (${recipe.batchSize}).`,
      )
    return recipe.splits
  }
  return recipe.batchSize % 2 === 0 && parameters < 20e6 ? 2 : 1
}

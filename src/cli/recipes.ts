/** `pellucid recipes`: the ready-made recipes, one in full, or the schema for editors. */
import { usageError } from '../base/errors.ts'
import { parseRecipe, recipeJsonSchema } from '../training/recipe.ts'
import { findRecipe, recipeNames } from '../training/recipes.ts'
import { painter } from './color.ts'
import type { Command } from './command.ts'
import { filled, json } from './options.ts'
import { quoted } from './quote.ts'

export const recipes: Command = {
  name: 'recipes',
  summary: 'ready-made recipes for training',
  arguments: [
    { name: 'recipe', description: 'a recipe to show with every field', optional: true, parse: filled('recipe') },
  ],
  options: [{ flags: '--schema', description: 'print the JSON Schema of recipes, for editors' }, json],
  examples: ['recipes', 'recipes nanogpt-cpu', 'recipes --schema > recipe.schema.json'],
  async run({ recipe: name, schema, json: asJson }, terminal) {
    if (schema && name !== undefined) throw usageError('BAD_USAGE', `Give one of --schema and ${quoted(name)}.`)
    const print = (value: unknown) => terminal.out(`${JSON.stringify(value, null, 2)}\n`)
    if (schema) print(recipeJsonSchema())
    else if (name !== undefined) print(parseRecipe(await findRecipe(name), name))
    else {
      const list = await Promise.all(
        (await recipeNames()).map(async (each) => ({ name: each, ...(await findRecipe(each)) })),
      )
      if (asJson) print(list)
      else
        for (const each of list)
          terminal.out(`${painter(terminal.color).bold(each.name.padEnd(14))}  ${each.description ?? ''}\n`)
    }
  },
}

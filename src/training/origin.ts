/** Where a run's model comes from: sizes in the recipe, or a model directory to go on from. */
import { usageError } from '../base/errors.ts'
import { resolveModel } from '../hub/resolve.ts'
import type { NdArray } from '../tensor/array.ts'
import {
  configFile,
  type Described,
  matchWeights,
  parseConfig,
  readConfig,
  readParameters,
} from '../weights/checkpoint.ts'
import { openWeights } from '../weights/directory.ts'
import type { ConfigFile } from '../weights/format.ts'
import { formatOf } from '../weights/formats.ts'
import type { Recipe } from './recipe.ts'

/** What a model must know about the tokenizer. */
export type Vocabulary = { readonly size: number; readonly eos?: number | undefined }

/** The model of a recipe. Throws BAD_RECIPE where it is too small for the text's tokens or for the context. */
export async function describeModel(recipe: Recipe, vocabulary: Vocabulary): Promise<Described> {
  const described =
    recipe.model.from === undefined
      ? fromSizes(recipe, recipe.model, vocabulary)
      : await fromDirectory(recipe.model.from, recipe.model.config)
  const { definition } = described.format
  const refuse = (what: string) => usageError('BAD_RECIPE', `recipe: ${what}.`)
  const [room, context] = [definition.vocabulary(described.config), definition.context(described.config)]
  if (room < vocabulary.size)
    throw refuse(`the tokenizer has ${vocabulary.size} tokens, the model a vocabulary of ${room}`)
  if (context < recipe.contextLength)
    throw refuse(`contextLength is ${recipe.contextLength}, but the model sees at most ${context} tokens`)
  return described
}

function fromSizes(
  recipe: Recipe,
  { type, config, ...size }: Extract<Recipe['model'], { type: string }>,
  vocabulary: Vocabulary,
): Described {
  const format = formatOf(type, 'recipe: model.type')
  const sized = format.definition.configure({ ...size, context: recipe.contextLength, vocabulary: vocabulary.size })
  const ends = { bos_token_id: vocabulary.eos ?? null, eos_token_id: vocabulary.eos ?? null }
  return parseConfig({ ...configFile(format, sized), ...ends, ...config }, 'recipe: model.config')
}

/** The directory's config.json, with the recipe's changes (dropout, say); weights are written as float32 whatever they were. */
async function fromDirectory(directory: string, changes: ConfigFile): Promise<Described> {
  const { file } = await readConfig(await resolveModel(directory))
  const { torch_dtype: _, ...kept } = file
  return parseConfig({ ...kept, ...changes, dtype: 'float32' }, `${directory} with model.config`)
}

/** The weights of the directory that a model goes on from; undefined for a model that starts from nothing. */
export async function readOrigin(
  { model }: Recipe,
  described: Described,
): Promise<ReadonlyMap<string, NdArray> | undefined> {
  if (model.from === undefined) return undefined
  const directory = await resolveModel(model.from)
  return await readParameters(matchWeights(described, await openWeights(directory), directory))
}

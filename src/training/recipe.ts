/** A recipe: everything that makes a run. */
import * as z from 'zod'
import { usageError } from '../base/errors.ts'
import { JsonError, parseJson } from '../base/json.ts'
import { describeProblem } from '../base/schema.ts'
import { optimizerSchema } from './optimizers/index.ts'
import { fieldLike, type Schema } from './recipe-fields.ts'
import { mostTokens, type TokenizerRecipe, tokenizerSchema } from './recipe-tokenizers.ts'
import { scheduleSchema } from './schedules.ts'

const count = (what: string, most = 1e12) =>
  z
    .int('a whole number')
    .positive('more than 0')
    .max(most, `at most ${most === 1e12 ? '1e12' : most}`)
    .describe(what)
/** Beyond any model there is; larger numbers are slips, and would be answered by a full memory. */
const mostLayers = 1024
const mostWidth = 65_536
const rate = z.number().min(0, '0 or more').lt(1, 'below 1')

const dataSchema = z.strictObject({
  files: z.array(z.string().min(1)).default([]).describe('Text files; none for the built-in world'),
  bytes: count('Bytes of the built-in world, when no files are given')
    .max(2 ** 28, 'at most 268435456')
    .default(3_000_000),
  documents: z
    .enum(['lines', 'paragraphs'])
    .optional()
    .describe('What an end token follows, if the tokenizer has one (default: paragraphs; lines in the built-in world)'),
  validation: rate.default(0.1).describe('Share at the end of the text that is kept for validation'),
  lossy: z.boolean().default(false).describe('Read what is not UTF-8 as U+FFFD; an error unless set'),
})

/** Sizes of a model that starts from nothing. */
const sizes = { type: 'gpt2', layers: 4, heads: 4, width: 128, dropout: 0 }

const modelSchema = z.strictObject({
  from: z
    .string()
    .min(1)
    .optional()
    .describe('A model directory to go on from; its sizes and tokenizer are taken over'),
  type: z.string().optional().describe(`model_type as in config.json (default: ${sizes.type})`),
  layers: count(`Blocks (default: ${sizes.layers})`, mostLayers).optional(),
  heads: count(`Attention heads of a block (default: ${sizes.heads})`, mostWidth).optional(),
  width: count(`Width of the residual stream (default: ${sizes.width})`, mostWidth).optional(),
  dropout: rate.optional().describe(`Share of activations set to 0 (default: ${sizes.dropout})`),
  config: z.record(z.string(), z.unknown()).default({}).describe('Further fields of config.json'),
})

export const recipeSchema = z.strictObject({
  $schema: z.string().optional(),
  description: z.string().optional(),
  out: z.string().min(1).optional().describe('Directory of the run (default: runs/model)'),
  model: modelSchema.prefault({}),
  tokenizer: tokenizerSchema.optional().describe('Default: bpe, or the tokenizer of model.from'),
  data: dataSchema.prefault({}),
  objective: z.enum(['next-token']).default('next-token'),
  contextLength: count('Tokens a model sees at once', mostTokens).default(128),
  batchSize: count('Sequences of a micro-batch', mostTokens).default(16),
  gradientAccumulation: count('Micro-batches whose gradients make one step').default(1),
  splits: count('Parts of a micro-batch that are computed side by side; chosen by size unless given').optional(),
  gradientClip: z.number().positive('more than 0').optional().describe('Largest norm of all gradients together'),
  steps: count('Updates of the weights').default(1000),
  seed: z.int().nonnegative().max(Number.MAX_SAFE_INTEGER).default(1),
  optimizer: optimizerSchema.prefault({ name: 'adamw' }),
  schedule: scheduleSchema.prefault({ name: 'cosine' }),
  evaluation: z
    .strictObject({
      every: count('Steps between evaluations').default(250),
      batches: count('Batches of an evaluation, spread over the text; all unless given').optional(),
      train: z.boolean().default(false).describe('Measure as many batches of the training text too'),
      patience: count('Evaluations without improvement after which the run stops; never unless given').optional(),
      minimumImprovement: z
        .number()
        .nonnegative()
        .default(0)
        .describe('How far a validation loss must be below the last improvement to count as one'),
    })
    .prefault({}),
  checkpoint: z
    .strictObject({
      every: count('Steps between checkpoints').default(500),
      keep: count('Checkpoints kept, the newest').default(2),
    })
    .prefault({}),
  samples: z
    .strictObject({
      every: count('Steps between samples').optional(),
      prompt: z.string().default('').describe('Text to go on from; the start of a text unless given'),
      tokens: count('New tokens of a sample').default(48),
      temperature: z.number().nonnegative().default(0.8),
    })
    .prefault({}),
})

/** What a user writes: every field but those without a default may be left out. */
export type RecipeInput = z.input<typeof recipeSchema>

type Parsed = z.output<typeof recipeSchema>
type Further = { readonly config: Readonly<Record<string, unknown>> }
/** A model of these sizes, or one that goes on from a directory. */
export type ModelRecipe = Further & (({ readonly from?: undefined } & typeof sizes) | { readonly from: string })
export type { TokenizerRecipe } from './recipe-tokenizers.ts'
/** A recipe with every default filled in. */
export type Recipe = Omit<Parsed, 'model' | 'tokenizer'> & { model: ModelRecipe; tokenizer: TokenizerRecipe }

/** Fills in defaults. Throws BAD_RECIPE with the field, what it is and what was expected. */
export function parseRecipe(value: unknown, source = 'recipe'): Recipe {
  const parsed = recipeSchema.safeParse(value)
  if (!parsed.success)
    throw usageError('BAD_RECIPE', `${source}: ${describeProblem(parsed.error, value)}.${fieldHint(parsed.error)}`)
  const { model, tokenizer, ...rest } = parsed.data
  if (model.from !== undefined) return { ...rest, ...goingOn(model.from, model, tokenizer, source) }
  const given = Object.entries(model).filter(([, value]) => value !== undefined)
  const sized = { ...sizes, ...(Object.fromEntries(given) as Partial<typeof sizes> & Further) }
  if (sized.width % sized.heads !== 0)
    throw usageError(
      'BAD_RECIPE',
      `${source}: model.width is ${sized.width}, expected a multiple of model.heads (${sized.heads}).`,
    )
  return { ...rest, model: sized, tokenizer: tokenizer ?? tokenizerSchema.parse({ type: 'bpe' }) }
}

/** What may be meant by an unknown field. */
function fieldHint({ issues: [issue] }: z.ZodError): string {
  if (issue?.code !== 'unrecognized_keys') return ''
  const within = issue.path.join('.')
  const meant = fieldLike(issue.keys[0]!, recipeJsonSchema() as Schema, within)
  if (meant === undefined) return ''
  if (meant !== `${within}.${issue.keys[0]}`) return ` Did you mean ${meant}?`
  return `\nIt belongs to another kind of ${within}; give ${within} as a whole, in JSON: --set ${within}='{…}'.`
}

/** A model that goes on from a directory has that one's sizes and tokenizer; a recipe that names others contradicts itself. */
function goingOn(from: string, model: Parsed['model'], tokenizer: TokenizerRecipe | undefined, source: string) {
  const refuse = (field: string) =>
    usageError(
      'BAD_RECIPE',
      `${source}: ${field} is given, but model.from (${from}) brings its own.\nLeave ${field} out, as the ready-made recipe fine-tune does.`,
    )
  for (const field of Object.keys(sizes) as (keyof typeof sizes)[])
    if (model[field] !== undefined) throw refuse(`model.${field}`)
  if (tokenizer && (tokenizer.type !== 'file' || tokenizer.path !== from)) throw refuse('tokenizer')
  return { model: { from, config: model.config }, tokenizer: { type: 'file', path: from } as const }
}

/** JSON Schema of a recipe, for editors. */
export const recipeJsonSchema = () => z.toJSONSchema(recipeSchema, { io: 'input' })

/** No path of fields is longer. */
const mostKeys = 32

/**
 * Applies `path=value` to a recipe before it is checked; values are JSON where they can be read as such, else text
 * (`optimizer.learningRate=3e-4`, `tokenizer.type=bytes`). Returns a new object.
 */
export function setFields(recipe: RecipeInput, assignments: readonly string[]): RecipeInput {
  const result = structuredClone(recipe) as Record<string, unknown>
  for (const assignment of assignments) {
    const split = assignment.indexOf('=')
    if (split < 1)
      throw usageError('BAD_SET', `--set ${assignment}: expected path=value, such as optimizer.learningRate=3e-4.`)
    const keys = assignment.slice(0, split).split('.')
    if (keys.length > mostKeys || keys.some((key) => key === '' || key === '__proto__'))
      throw usageError('BAD_SET', `--set ${assignment}: not a path of fields.`)
    let at = result
    for (const [i, key] of keys.entries()) {
      if (Array.isArray(at) && !(/^\d{1,6}$/.test(key) && Number(key) <= at.length))
        throw usageError(
          'BAD_SET',
          `--set ${assignment}: ${keys.slice(0, i).join('.')} is a list of ${at.length}, expected an index, not ${key}.`,
        )
      if (i === keys.length - 1) at[key] = parseValue(assignment.slice(split + 1))
      else {
        if (!Object.hasOwn(at, key) || typeof at[key] !== 'object' || at[key] === null) at[key] = {}
        at = at[key] as Record<string, unknown>
      }
    }
  }
  return result as RecipeInput
}

function parseValue(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof JsonError) return text
    throw error
  }
}

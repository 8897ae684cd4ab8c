/** The tokenizers that a recipe can name: every kind that can be learned, with its settings, and those in files. */
import * as z from 'zod'
import type { TrainingKindName } from '../tokenizers/index.ts'
import type { LearnedKind, OptionalSetting, TrainingKind } from '../tokenizers/training/kind.ts'
import { trainingKinds } from '../tokenizers/training/kinds.ts'
import { none, normalizers, preTokenizers, stagesNamed } from '../tokenizers/training/named-stages.ts'
import type { TrainSettings } from '../tokenizers/training/preparation.ts'

/** Larger numbers are slips, and would be answered by a full memory. */
export const mostTokens = 2 ** 20
/** Tokens of subwords where nothing is said: enough for the small models that are trained here. */
const usualTokens = 1024
const bytes = 256

/** A tokenizer to be learned from the text. What is left out is usual for the kind. */
export type LearnedTokenizer = {
  readonly type: TrainingKindName
  readonly vocabularySize?: number | undefined
  readonly minFrequency?: number | undefined
  readonly specialTokens?: readonly string[] | undefined
  readonly normalizer?: readonly string[] | undefined
  readonly preTokenizer?: readonly string[] | undefined
  readonly initialAlphabet?: string | undefined
  readonly limitAlphabet?: number | undefined
  readonly maxTokenLength?: number | undefined
  readonly endOfWord?: string | undefined
  readonly continuingPrefix?: string | undefined
  readonly seedSize?: number | undefined
  readonly shrinkingFactor?: number | undefined
  readonly subIterations?: number | undefined
}
/** A tokenizer of a run. */
export type TokenizerRecipe = LearnedTokenizer | { readonly type: 'file'; readonly path: string }

const whole = (least: number, says: string) =>
  z.int('a whole number').min(least, says).max(mostTokens, `at most ${mostTokens}`)
const count = () => whole(1, 'more than 0')
const text = () => z.string().min(1)

/** What only some kinds take. */
const optional: Readonly<Record<OptionalSetting, () => z.ZodType>> = {
  initialAlphabet: () => text().describe('Characters that become tokens in any case'),
  limitAlphabet: () => count().describe('Most characters that become tokens: the frequent ones'),
  maxTokenLength: () => count().describe('Most characters of a token'),
  endOfWord: () => text().describe('Stands after what ends a word, such as </w>'),
  continuingPrefix: () => text().describe('Stands before what goes on with a word, such as ##'),
  seedSize: () => z.int('a whole number').positive('more than 0').describe('Most pieces to begin with'),
  shrinkingFactor: () =>
    z.number().gt(0, 'above 0').lt(1, 'below 1').describe('Share of the pieces kept in each round'),
  subIterations: () => count().describe('Steps of a round'),
}

const stages = (known: object, what: string) =>
  z
    .array(z.enum([...Object.keys(known), none]))
    .min(1)
    .describe(`${what}: stages one after the other, or ${none}`)
    .optional()

/** How many tokens are wanted; bytes are among those of pair encoding over bytes. */
function sizeOf({ defaults, cutting, takes }: LearnedKind) {
  const usual = defaults(cutting)
  const subwords = takes.length > 0
  const least = (usual.initialAlphabet?.length ?? 0) >= bytes ? bytes + usual.specialTokens.length : 1
  const size =
    least > 1
      ? whole(least, `at least ${least}`).describe(`Tokens, the ${bytes} bytes among them`)
      : count().describe('Most tokens, special ones among them')
  return subwords ? size.default(usualTokens) : size.optional()
}

function kindSchema(name: string, kind: TrainingKind) {
  const type = z.literal(name).describe(`${kind.description[0]!.toUpperCase()}${kind.description.slice(1)}`)
  if ('fixed' in kind) return z.strictObject({ type })
  return z.strictObject({
    type,
    vocabularySize: sizeOf(kind),
    minFrequency: whole(0, '0 or more').optional().describe('What occurs less often does not become a token'),
    specialTokens: z.array(text()).optional().describe('They get the first ids; in the place of the usual ones'),
    normalizer: stages(normalizers, 'What rewrites the text first'),
    preTokenizer: stages(preTokenizers, 'What cuts the text into words'),
    ...Object.fromEntries(kind.takes.map((setting) => [setting, optional[setting]().optional()])),
  })
}

const fileSchema = z.strictObject({
  type: z.literal('file'),
  path: z.string().min(1).describe('A tokenizer.json or a model directory'),
})

const kindSchemas = Object.entries(trainingKinds).map(([name, kind]) => kindSchema(name, kind))

/** Of a recipe's `tokenizer`. The fields of each kind are read from the table of kinds, which types cannot follow. */
export const tokenizerSchema = z.discriminatedUnion('type', [fileSchema, ...kindSchemas]) as unknown as z.ZodType<
  TokenizerRecipe,
  TokenizerRecipe
>

/** Whether every character of the text is to be a token, so that there is none that is unknown. */
export const isEveryCharacter = ({ type, ...settings }: LearnedTokenizer): boolean =>
  type === 'characters' && Object.values(settings).every((value) => value === undefined)

/** What a recipe says of a tokenizer as settings of training. Throws BAD_USAGE for `none` among other stages. */
export function settingsOf({ type, vocabularySize, normalizer = [], preTokenizer = [], ...rest }: LearnedTokenizer) {
  const named = {
    normalizer: stagesNamed('tokenizer.normalizer', normalizer, normalizers, 'normalizers'),
    preTokenizer: stagesNamed('tokenizer.preTokenizer', preTokenizer, preTokenizers, 'pretokenizers'),
  }
  // A model that writes goes on with a text: nothing stands before and behind it, as it would for one that reads.
  const bare = 'learn' in trainingKinds[type] && type !== 'bpe' && { postProcessor: null }
  const settings = { model: type, vocabSize: vocabularySize, ...bare, ...named, ...rest }
  const given = Object.entries(settings).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as TrainSettings
}

/** Tokens that there will be, as far as that is known without the text. */
export function expectedTokens(tokenizer: LearnedTokenizer, usualCharacters: number): number {
  const kind: TrainingKind = trainingKinds[tokenizer.type]
  if ('fixed' in kind) return kind.fixed().vocabSize
  if (tokenizer.vocabularySize !== undefined) return tokenizer.vocabularySize
  const { vocabSize } = kind.defaults(kind.cutting)
  return Number.isFinite(vocabSize) ? vocabSize : usualCharacters
}

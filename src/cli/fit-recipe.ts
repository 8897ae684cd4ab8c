/** Fits the recipe of `pellucid start` to the text: a few kilobytes have room for fewer tokens, a shorter context and fewer steps. */
import { fileError } from '../base/errors.ts'
import { parseRecipe, type RecipeInput } from '../training/recipe.ts'

/** Below this many bytes there is nothing to learn, and hardly a window of text to measure it on. */
const fewestBytes = 400
/** Bytes of text for each token that is learned beyond the single bytes: rarer ones would not be seen often enough. */
const bytesPerLearned = 60
/** Byte values and the end token. */
const bytesOnly = 257
/** Bytes that a token has at most, as a cautious guess of how many tokens a text will be. */
const bytesPerToken = 5
/** Times that a small text is read. */
const epochs = 60
/** No fewer steps than this, so that there is something to watch. */
const fewestSteps = 200

/**
 * The recipe with what a text of so many bytes can carry, and what was changed, in words (undefined if nothing). Throws TEXT_TOO_SHORT
 * where no recipe would help.
 */
export function fitRecipe(base: RecipeInput, bytes: number, name: string): { recipe: RecipeInput; note?: string } {
  if (bytes < fewestBytes)
    throw fileError(
      'TEXT_TOO_SHORT',
      `${name}: has ${bytes} bytes, expected ${fewestBytes} or more; some pages of text (10 kB) make it interesting.`,
    )
  const { contextLength, batchSize, steps, tokenizer, data, schedule, evaluation } = parseRecipe(base)
  const context = Math.min(contextLength, Math.max(4, Math.floor((bytes * data.validation) / bytesPerToken) - 1))
  const fewer = Math.min(steps, Math.max(fewestSteps, Math.ceil((epochs * bytes) / (batchSize * context))))
  const wanted = tokenizer.type === 'file' ? undefined : tokenizer.vocabularySize
  const vocabulary = wanted && Math.min(wanted, bytesOnly + Math.floor(bytes / bytesPerLearned))
  if (context === contextLength && fewer === steps && vocabulary === wanted) return { recipe: base }
  const share = fewer / steps
  const scaled = (every: number) => Math.max(1, Math.round(every * share))
  const recipe: RecipeInput = {
    ...base,
    contextLength: context,
    steps: fewer,
    ...(vocabulary && { tokenizer: { ...tokenizer, vocabularySize: vocabulary } as typeof tokenizer }),
    schedule: { ...schedule, ...('warmup' in schedule && { warmup: scaled(schedule.warmup) }) } as typeof schedule,
    evaluation: { ...base.evaluation, every: scaled(evaluation.every) },
    samples: { ...base.samples, ...(base.samples?.every && { every: scaled(base.samples.every) }) },
  }
  const vocabularyNote = vocabulary ? `, a vocabulary of ${vocabulary}` : ''
  return {
    recipe,
    note: `A small text (${bytes} bytes): a context of ${context} tokens${vocabularyNote}, ${fewer} steps. --set changes each.`,
  }
}

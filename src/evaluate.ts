/** How well a model predicts a text. */
import { usageError } from './base/errors.ts'
import type { Replacements } from './base/utf8.ts'
import { textPieces, wholeFile } from './datasets/text.ts'
import { type Perplexity, type PerplexityOptions, perplexity } from './inspection/perplexity.ts'
import type { Model } from './model.ts'
import type { SpecialHandling, Tokenizer } from './tokenizers/index.ts'
import { withDamage } from './weights/non-finite.ts'

/** What is to be predicted; exactly one of them. */
export type EvaluateSource = {
  readonly text?: string
  /** Token ids; the model then needs no tokenizer. */
  readonly ids?: ArrayLike<number>
  /** Files that make one text, read piece by piece. */
  readonly files?: readonly string[]
}

export type EvaluateOptions = EvaluateSource &
  PerplexityOptions & {
    /** What special tokens written in the text are; an error unless given. */
    readonly special?: SpecialHandling
    /** Read what is not UTF-8 in `files` as U+FFFD; an error unless given. */
    readonly lossy?: boolean
  }

/** `replaced` counts the characters U+FFFD that stand for bytes that were not UTF-8; there with `lossy`. */
export type Evaluation = Perplexity & { readonly replaced?: number }

/**
 * Loss and perplexity of a text over windows that move by `stride` tokens; see `perplexity` for what counts. Throws usage errors for
 * no text, a text of fewer than two tokens, a window or stride that does not fit, a model without a tokenizer; NONFINITE_LOSS; file errors.
 */
export async function evaluate(model: Model, options: EvaluateOptions): Promise<Evaluation> {
  const lossy = options.lossy ? { count: 0 } : undefined
  const ids = await idsOf(model, options, lossy)
  const result = await perplexity(model, ids, options).catch(async (error) => {
    throw await withDamage(error, model.checkpoint.constants)
  })
  return { ...result, ...(lossy && { replaced: lossy.count }) }
}

async function idsOf(
  model: Model,
  { text, ids, files, special = 'error', signal }: EvaluateOptions,
  lossy: Replacements | undefined,
) {
  const given = [text, ids, files].filter((each) => each !== undefined)
  if (given.length !== 1 || files?.length === 0)
    throw usageError('NO_DATA', `evaluate needs a text: one of text, ids and files, found ${given.length}.`)
  if (ids) return ids
  const { tokenizer } = model
  if (!tokenizer)
    throw usageError('NO_TOKENIZER', 'This model has no tokenizer, so it cannot read a text. Give it ids.')
  const { before, after } = affixes(tokenizer)
  const chunks: ArrayLike<number>[] = [before]
  const parts = text === undefined ? await Promise.all(files!.map(wholeFile)) : [{ text }]
  for await (const piece of textPieces(parts, lossy)) {
    signal?.throwIfAborted()
    chunks.push(Int32Array.from(tokenizer.encode(piece, { special, addSpecialTokens: false }).ids))
  }
  chunks.push(after)
  const all = new Int32Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

/** The special tokens that a tokenizer puts around a text, which come once however many pieces are read. */
function affixes(tokenizer: Tokenizer): { before: readonly number[]; after: readonly number[] } {
  const { ids, specialTokensMask } = tokenizer.encode('a')
  const [first, last] = [specialTokensMask.indexOf(0), specialTokensMask.lastIndexOf(0)]
  return first < 0 ? { before: [], after: [] } : { before: ids.slice(0, first), after: ids.slice(last + 1) }
}

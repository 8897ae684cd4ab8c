/** How well a model predicts a text. */
import { usageError } from './base/errors.ts'
import { openFile } from './base/files.ts'
import { type TextPart, textPieces } from './datasets/text.ts'
import { type Perplexity, type PerplexityOptions, perplexity } from './inspection/perplexity.ts'
import type { Model } from './model.ts'
import type { SpecialHandling, Tokenizer } from './tokenizers/index.ts'

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
  }

/**
 * Loss and perplexity of a text over windows that move by `stride` tokens; see `perplexity` for what counts. Throws usage errors for
 * no text, a text of fewer than two tokens, a window or stride that does not fit, a model without a tokenizer; file errors.
 */
export async function evaluate(model: Model, options: EvaluateOptions): Promise<Perplexity> {
  return await perplexity(model, await idsOf(model, options), options)
}

async function idsOf(model: Model, { text, ids, files, special = 'error', signal }: EvaluateOptions) {
  const given = [text, ids, files].filter((each) => each !== undefined)
  if (given.length !== 1 || files?.length === 0)
    throw usageError('NO_DATA', `evaluate needs a text: one of text, ids and files, found ${given.length}.`)
  if (ids) return ids
  const { tokenizer } = model
  if (!tokenizer)
    throw usageError('NO_TOKENIZER', 'This model has no tokenizer, so it cannot read a text. Give it ids.')
  const { before, after } = affixes(tokenizer)
  const chunks: (readonly number[])[] = [before]
  for await (const piece of textPieces(text === undefined ? await wholeFiles(files!) : [{ text }])) {
    signal?.throwIfAborted()
    chunks.push(tokenizer.encode(piece, { special, addSpecialTokens: false }).ids)
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

const wholeFiles = (files: readonly string[]): Promise<TextPart[]> =>
  Promise.all(
    files.map(async (file) => {
      const { size, close } = await openFile(file)
      await close()
      return { file, start: 0, end: size }
    }),
  )

/** Speculative decoding with a draft model: a small model of the same vocabulary guesses what the large one verifies. */
import { usageError } from '../base/errors.ts'
import type { Tokenizer } from '../tokenizers/index.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import type { Decoder } from './decoder.ts'
import { temperature } from './processors/index.ts'
import { type Reader, vocabularyOf } from './prompts.ts'
import type { Proposer } from './proposer.ts'
import { drawAt, greedy, multinomial } from './sampling.ts'
import type { Sequence } from './sequence.ts'
import { windowStart } from './window.ts'

/** A loaded model (`Model`). */
export type DraftModel = {
  readonly checkpoint: Checkpoint
  readonly tokenizer: Tokenizer | undefined
  generator(): { decoder(): Promise<Decoder> }
}

/** Tokens of a guess: with more, too many are wasted when an early one is wrong. */
const most = 4

/** Throws WRONG_DRAFT unless the same ids mean the same to both models. */
export function checkDraft(draft: DraftModel, { checkpoint, tokenizer }: Reader): void {
  const [own, other] = [vocabularyOf(checkpoint), vocabularyOf(draft.checkpoint)]
  if (own !== other)
    throw usageError(
      'WRONG_DRAFT',
      `The draft model has a vocabulary of ${other} tokens, the model one of ${own}: both must have the same.`,
    )
  if (!tokenizer || !draft.tokenizer) return
  for (let id = 0; id < own; id++)
    if (tokenizer.tokenOf(id) !== draft.tokenizer.tokenOf(id))
      throw usageError(
        'WRONG_DRAFT',
        `Id ${id} is ${JSON.stringify(draft.tokenizer.tokenOf(id) ?? null)} to the draft model, ${JSON.stringify(tokenizer.tokenOf(id) ?? null)} to the model.\n` +
          'Both must have the same vocabulary.',
      )
}

/** Guesses at one sequence. It draws with the numbers that the model will draw with, so that alike distributions give the same token. */
export function draftProposer(
  decoder: Decoder,
  sequence: Pick<Sequence, 'number'>,
  settings: { readonly temperature: number; readonly seed: number },
): Proposer {
  const rows = decoder.open(1, decoder.context)
  const cool = temperature(settings.temperature || 1)
  /** What the row holds. */
  let held: readonly number[] = []
  const choose = (logits: Float32Array, position: number): number => {
    if (settings.temperature === 0) return greedy(logits, () => 0).id
    cool(logits, { ids: [], promptLength: 0 })
    return multinomial(logits, () => drawAt(settings.seed, position, sequence.number)).id
  }
  return {
    most,
    async propose(ids) {
      const seen = ids.slice(windowStart(ids.length + most, decoder.context))
      if (seen.length === 0) return []
      let common = 0
      while (common < seen.length - 1 && held[common] === seen[common]) common++
      rows.shorten(0, common)
      let [logits] = await rows.extend(0, seen.slice(common))
      const guess: number[] = []
      for (;;) {
        guess.push(choose(logits!, ids.length + guess.length))
        if (guess.length === most) break
        ;[logits] = await rows.step([guess.at(-1)!])
      }
      held = [...seen, ...guess.slice(0, -1)]
      return guess
    },
  }
}

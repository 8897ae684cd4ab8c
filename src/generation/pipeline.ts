/** What is done to the logits of every step before a token is chosen, as the settings of a generation ask for. */
import type { Settings } from './options.ts'
import { temperature, topK, topP, suppressTokens as without } from './processors/index.ts'
import type { LogitsProcessor, SequenceState } from './processors/processor.ts'
import type { Reader } from './prompts.ts'
import { type Choice, greedy, multinomial } from './sampling.ts'
import type { Ends } from './sequence.ts'

/** What the settings are for: a model with its tokenizer, and the ids that have no token. */
export type PipelineModel = Reader & { readonly missing: readonly number[] }

/** The processors in the order of transformers' `generate`. */
export function pipeline(
  { minNewTokens, processors, ...settings }: Settings,
  { stopTokens }: Ends,
  { missing }: PipelineModel,
): readonly LogitsProcessor[] {
  const tooShort = without([...stopTokens], ({ ids, promptLength }) => ids.length - promptLength < minNewTokens)
  return [
    ...(missing.length ? [without(missing)] : []),
    ...processors,
    ...(minNewTokens > 0 ? [tooShort] : []),
    ...(settings.temperature === 0 || settings.temperature === 1 ? [] : [temperature(settings.temperature)]),
    ...(settings.temperature === 0 || settings.topK === undefined ? [] : [topK(settings.topK)]),
    ...(settings.temperature === 0 || settings.topP === undefined ? [] : [topP(settings.topP)]),
  ]
}

/** Chooses among the processed logits. */
type Choose = (logits: Float32Array, draw: () => number, state: SequenceState) => Choice

/** What chooses among the processed logits. */
export const samplerOf = ({ temperature }: Settings): Choose => (temperature === 0 ? greedy : multinomial)

/** What is done to the logits of every step before a token is chosen, as the settings of a generation ask for. */
import { usageError } from '../base/errors.ts'
import type { Settings } from './options.ts'
import * as make from './processors/index.ts'
import type { LogitsProcessor, SequenceState } from './processors/processor.ts'
import { checkId, type Reader } from './prompts.ts'
import { type Choice, checked, greedy, multinomial } from './sampling.ts'
import type { Ends } from './sequence.ts'

/** What the settings are for: a model with its tokenizer, and the ids that have no token. */
export type PipelineModel = Reader & { readonly missing: readonly number[] }

/** The processors in the order of transformers' `generate`. Errors: BAD_TOKEN_ID, NO_TOKENIZER. */
export function pipeline(
  settings: Settings,
  { stopTokens, constraint }: Ends,
  model: PipelineModel,
): readonly LogitsProcessor[] {
  checkIds(settings, model)
  const ends = [...stopTokens]
  return [
    ...(model.missing.length ? [make.suppressTokens(model.missing)] : []),
    ...penalties(settings),
    ...bans(settings, ends, model),
    ...settings.processors,
    ...given(constraint, ({ process }) => process),
    ...(settings.temperature === 0 ? [] : shaping(settings, ends)),
  ]
}

/** The processor of a setting, if it is given. */
const given = <T>(value: T | undefined, processor: (value: T) => LogitsProcessor): LogitsProcessor[] =>
  value === undefined ? [] : [processor(value)]

function penalties(settings: Settings): LogitsProcessor[] {
  return [
    ...given(settings.logitBias, (value) => make.logitBias(sequenceBiases(value))),
    ...given(settings.encoderRepetitionPenalty, make.encoderRepetitionPenalty),
    ...given(settings.repetitionPenalty, make.repetitionPenalty),
    ...given(settings.presencePenalty, make.presencePenalty),
    ...given(settings.frequencyPenalty, make.frequencyPenalty),
  ]
}

function bans(settings: Settings, ends: readonly number[], model: PipelineModel): LogitsProcessor[] {
  const { maxNewTokens, minNewTokens, forcedFirst } = settings
  return [
    ...given(settings.noRepeatNgram, make.noRepeatNgram),
    ...given(settings.encoderNoRepeatNgram, make.encoderNoRepeatNgram),
    ...given(settings.badWords, (words) => make.badWords(sequencesOf(words, ends, model))),
    ...given(settings.minLength, (length) => make.minLength(length, ends)),
    ...(minNewTokens > 0 ? [make.minNewTokens(minNewTokens, ends)] : []),
    ...given(forcedFirst, (id) => make.forceTokens([id], 0)),
    ...given(settings.forcedLast, (ids) => make.forceTokens([ids].flat(), maxNewTokens - 1)),
    ...given(settings.lengthDecay, ([start, factor]) => make.lengthDecay(start, factor, ends)),
    ...given(settings.suppressTokens, make.suppressTokens),
    ...given(settings.suppressFirst, (ids) => make.suppressFirst(ids, forcedFirst === undefined ? 0 : 1)),
  ]
}

/** What only changes which token is drawn. A search must keep a token beside those that end its text. */
function shaping(settings: Settings, ends: readonly number[]): LogitsProcessor[] {
  const keep = settings.beams > 1 ? Math.max(2, ends.length + 1) : 1
  return [
    ...(settings.temperature === 1 ? [] : [make.temperature(settings.temperature)]),
    ...given(settings.topK, (k) => make.topK(k, keep)),
    ...given(settings.topP, (p) => make.topP(p, keep)),
    ...given(settings.minP, (p) => make.minP(p, keep)),
    ...given(settings.typicalP, (p) => make.typicalP(p, keep)),
    ...given(settings.epsilonCutoff, (epsilon) => make.epsilonCutoff(epsilon, keep)),
    ...given(settings.etaCutoff, (epsilon) => make.etaCutoff(epsilon, keep)),
  ]
}

const sequenceBiases = (biases: NonNullable<Settings['logitBias']>): readonly make.SequenceBias[] =>
  Array.isArray(biases) ? biases : Object.entries(biases).map(([id, bias]) => [[Number(id)], bias])

/** Words as ids, a text as it is and after a space; a token that ends a text may always come. */
function sequencesOf(
  words: readonly (string | readonly number[])[],
  ends: readonly number[],
  { tokenizer }: PipelineModel,
): readonly (readonly number[])[] {
  const encode = (text: string): readonly number[] => {
    if (!tokenizer) throw usageError('NO_TOKENIZER', 'badWords holds texts, but the model has no tokenizer: give ids.')
    return tokenizer.encode(text, { addSpecialTokens: false, special: 'parse', truncation: false, padding: false }).ids
  }
  return words
    .flatMap((word) => {
      if (typeof word !== 'string') return [word]
      return word.startsWith(' ') ? [encode(word)] : [encode(word), encode(` ${word}`)]
    })
    .filter((ids) => ids.length > 0 && !(ids.length === 1 && ends.includes(ids[0]!)))
}

/** Throws BAD_TOKEN_ID where an option names an id that the model does not have. */
function checkIds(settings: Settings, { checkpoint }: PipelineModel): void {
  const { suppressTokens, suppressFirst, forcedFirst, forcedLast, logitBias = [], badWords = [] } = settings
  const named: Readonly<Record<string, readonly (number | undefined)[]>> = {
    suppressTokens: suppressTokens ?? [],
    suppressFirst: suppressFirst ?? [],
    forcedFirst: [forcedFirst],
    forcedLast: [forcedLast ?? []].flat(),
    logitBias: sequenceBiases(logitBias).flatMap(([ids]) => ids),
    badWords: badWords.flatMap((word) => (typeof word === 'string' ? [] : word)),
  }
  for (const [name, ids] of Object.entries(named))
    for (const id of ids) if (id !== undefined) checkId(id, name, checkpoint)
}

/** Chooses among the processed logits. */
type Choose = (logits: Float32Array, draw: () => number, state: SequenceState) => Choice

/** What chooses among the processed logits. */
export const samplerOf = ({ sampler, temperature }: Settings): Choose =>
  sampler ? checked(sampler) : temperature === 0 ? greedy : multinomial

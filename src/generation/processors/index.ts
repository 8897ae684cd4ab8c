/** Every logits processor there is: each makes, from its setting, a function that changes a row of logits. */
export {
  badWords,
  encoderNoRepeatNgram,
  forceTokens,
  minLength,
  minNewTokens,
  noRepeatNgram,
  suppressFirst,
  suppressTokens,
} from './bans.ts'
export { epsilonCutoff, etaCutoff, minP, temperature, topK } from './cut-offs.ts'
export {
  encoderRepetitionPenalty,
  frequencyPenalty,
  lengthDecay,
  logitBias,
  presencePenalty,
  repetitionPenalty,
  type SequenceBias,
} from './penalties.ts'
export type { LogitsProcessor, SequenceState } from './processor.ts'
export { topP, typicalP } from './shares.ts'

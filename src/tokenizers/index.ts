/** Text ↔ ids: tokenizers loaded, learned, and used. */
export type { AddedToken, SpecialHandling } from './added-tokens.ts'
export { type BytelevelBpeParts, bytelevelBpe, byteTokenizer } from './byte-level.ts'
export type { NamedTokens, TokenRole } from './config.ts'
export type { Encoding } from './encoding.ts'
export {
  type ExplainedPiece,
  type ExplainedStretch,
  type ExplainedToken,
  type ExplainOptions,
  type Explanation,
  explainEncoding,
} from './explain.ts'
export { type LearnedPair, type LearningExample, learningExample } from './learning-example.ts'
export type { Padding, Truncation } from './lengths.ts'
export { findTokenizer, loadTokenizer, parseTokenizer } from './load.ts'
export type { MergeRound } from './merge-rounds.ts'
export type { Sampling } from './models/sampling.ts'
export type { ModelSteps } from './models/steps.ts'
export { type Vocabulary, vocabularyOf } from './models/vocabulary.ts'
export { codePointOffsets } from './text/unicode.ts'
export { type DecodeOptions, type DecodeStream, type EncodeOptions, type ScoredTokens, Tokenizer } from './tokenizer.ts'
export { type TrainingKindName, trainingKinds } from './training/kinds.ts'
export {
  type TrainOptions,
  type TrainProgress,
  type TrainText,
  type TrainTokenizerOptions,
  trainBytelevelBpe,
  trainCharacters,
  trainTokenizer,
} from './training/train.ts'

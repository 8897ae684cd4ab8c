/** Pellucid: transformers you can read, train, generate with and look inside. */
export { PellucidError } from './base/errors.ts'
export { type DescribeOptions, describeModel, type ModelDescription, type WeightBytes } from './describe.ts'
export { type EvaluateOptions, type EvaluateSource, type Evaluation, evaluate } from './evaluate.ts'
export type {
  Alternative,
  Choice,
  Completion,
  ConstraintOptions,
  EarlyStopping,
  Finish,
  GeneratedSequence,
  GenerateOptions,
  LogitsProcessor,
  Piece,
  ProcessorOptions,
  Prompt,
  Sampler,
  SequenceState,
  TokenLogprobs,
} from './generation/index.ts'
export { processors, samplers } from './generation/index.ts'
export { type Downloaded, type DownloadOptions, type DownloadProgress, downloadModel } from './hub/download.ts'
export type { InputValue } from './inputs.ts'
export {
  type ArraySummary,
  type AttentionMap,
  attentionMaps,
  type Candidate,
  type Head,
  type Inspectable,
  type LensOptions,
  type LogitLens,
  logitLens,
  type Norms,
  type ParameterTree,
  type Perplexity,
  type Reading,
  type ResidualNorms,
  residualNorms,
  type SurpriseReport,
  summarize,
  surprises,
  type TokenSurprise,
  tellingHead,
} from './inspection/index.ts'
export { type LoadOptions, loadModel, Model, type RunOptions, type RunResult } from './model.ts'
export { definitions } from './models/index.ts'
export type { RuntimeName } from './runtime/choose.ts'
export type { NdArray } from './tensor/array.ts'
export {
  applyChatTemplate,
  type ChatMessage,
  type ChatTemplateOptions,
  chatTemplateOf,
  type TemplateMessage,
} from './tokenizers/chat-template.ts'
export {
  type AddedToken,
  codePointOffsets,
  type DecodeOptions,
  type DecodeStream,
  type EncodeOptions,
  type Encoding,
  type Explanation,
  explainEncoding,
  type LearningExample,
  learningExample,
  loadTokenizer,
  type Padding,
  parseTokenizer,
  type Sampling,
  type ScoredTokens,
  type SpecialHandling,
  type Tokenizer,
  type TrainingKindName,
  type TrainText,
  type TrainTokenizerOptions,
  type Truncation,
  trainTokenizer,
} from './tokenizers/index.ts'
export type { Recipe, RecipeInput } from './training/recipe.ts'
export { type TrainEvent, type TrainOptions, train } from './training/train.ts'
export type { Quantization } from './weights/quantization.ts'

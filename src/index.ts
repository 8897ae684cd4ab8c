/** Pellucid: transformers you can read, train, generate with and look inside. */
export { PellucidError } from './base/errors.ts'
export { type EvaluateOptions, type EvaluateSource, type Evaluation, evaluate } from './evaluate.ts'
export type {
  Completion,
  EarlyStopping,
  Finish,
  GeneratedSequence,
  GenerateOptions,
  LogitsProcessor,
  Piece,
  Prompt,
  SequenceState,
} from './generation/index.ts'
export type { InputValue } from './inputs.ts'
export type { Perplexity } from './inspection/perplexity.ts'
export { type LoadOptions, loadModel, Model, type RunOptions, type RunResult } from './model.ts'
export type { RuntimeName } from './runtime/choose.ts'
export type { NdArray } from './tensor/array.ts'
export {
  type DecodeOptions,
  type EncodeOptions,
  type Encoding,
  loadTokenizer,
  type Tokenizer,
} from './tokenizers/index.ts'
export type { Recipe, RecipeInput } from './training/recipe.ts'
export { type TrainEvent, type TrainOptions, train } from './training/train.ts'
export type { Quantization } from './weights/quantized.ts'

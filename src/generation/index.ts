/** Text from a model: prompts in, new tokens out. */
export type { EarlyStopping } from './beam-search.ts'
export { Decoder } from './decoder.ts'
export { type Completion, Generator, type GeneratorOptions } from './generator.ts'
export type { GenerateOptions, Prompt } from './options.ts'
export * as processors from './processors/index.ts'
export type { LogitsProcessor, SequenceState } from './processors/processor.ts'
export type { Finish, GeneratedSequence, Piece } from './sequence.ts'

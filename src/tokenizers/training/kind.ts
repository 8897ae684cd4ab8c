/** The shape of a kind of model that can be learned from texts. */
import type { NamedTokens } from '../config.ts'
import type { Json } from '../field.ts'
import type { Tokenizer } from '../tokenizer.ts'

/** The words of some texts and how often each occurs: normalized, cut and spelled as the model is to see them. */
export type WordCounts = ReadonlyMap<string, number>

/** Long work is interrupted after so many words, so that others get their turn: some milliseconds at most. */
export const wordsAtOnce = 2048

/** How far learning is: tokens learned, or rounds done, of those wanted. */
export type LearnProgress = { readonly done: number; readonly total: number }

/** What learning may be told. A kind names those of the optional settings that it takes. */
export type LearnSettings = {
  /** The most tokens, special ones included. */
  readonly vocabSize: number
  /** What occurs less often does not become a token. */
  readonly minFrequency: number
  /** They get the first ids, in this order. */
  readonly specialTokens: readonly string[]
  /** Which of the special tokens plays which role. */
  readonly named: NamedTokens
} & { readonly [name in OptionalSetting]?: OptionalSettings[name] }

/** The settings that only some kinds take. */
export type OptionalSettings = {
  /** Characters that become tokens whether they occur or not. */
  readonly initialAlphabet: readonly string[]
  /** The most characters that become tokens: the frequent ones. */
  readonly limitAlphabet: number
  /** The most characters of a token that is learned. */
  readonly maxTokenLength: number
  /** Stands after what ends a word. */
  readonly endOfWord: string
  /** Stands before what goes on with a word. */
  readonly continuingPrefix: string
  /** Unigram: the share of the pieces that a round of dropping leaves, above 0 and below 1. Default 0.75. */
  readonly shrinkingFactor: number
  /** Unigram: estimates before each round of dropping. Default 2. */
  readonly subIterations: number
  /** Unigram: most pieces to begin with. Default 1,000,000. */
  readonly seedSize: number
}
export type OptionalSetting = keyof OptionalSettings

/** The stages around a model, as in tokenizer.json; null for none. */
export type StagesJson = {
  readonly normalizer: Json | null
  readonly pre_tokenizer: Json | null
  readonly post_processor: Json | null
  readonly decoder: Json | null
}

/** The stages that make words of texts. */
export type CuttingJson = Pick<StagesJson, 'normalizer' | 'pre_tokenizer'>

/** A kind of model that is learned. */
export type LearnedKind = {
  /** As in help, a few words. */
  readonly description: string
  readonly takes: readonly OptionalSetting[]
  /** The usual stages that make words of texts. */
  readonly cutting: CuttingJson
  /** Settings where nothing else is said. */
  defaults(cutting: CuttingJson): Partial<LearnSettings> & Pick<LearnSettings, 'vocabSize' | 'specialTokens' | 'named'>
  /** The stages that go with the model. */
  around(settings: LearnSettings, cutting: CuttingJson): Pick<StagesJson, 'post_processor' | 'decoder'>
  /**
   * Words → the `model` of a tokenizer.json, where special token i has the id i. Yields every few milliseconds, so that others get
   * their turn, with what there is to tell. The same words give the same model, in whatever order they come.
   */
  learn(words: WordCounts, settings: LearnSettings, cutting: CuttingJson): Generator<LearnProgress | undefined, Json>
}

/** A kind whose tokens are fixed: nothing is learned. */
export type FixedKind = { readonly description: string; readonly fixed: () => Tokenizer }

export type TrainingKind = LearnedKind | FixedKind

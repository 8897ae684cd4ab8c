/** What can be asked of generation, with defaults; wrong options are usage errors that say what was expected and what was found. */
import type { SpecialHandling } from '../tokenizers/index.ts'
import type { EarlyStopping } from './beam-search.ts'
import type { ConstraintOptions } from './constraints/index.ts'
import type { DraftModel } from './draft.ts'
import { checkValues } from './option-checks.ts'
import { checkTogether } from './option-conflicts.ts'
import type { SequenceBias } from './processors/penalties.ts'
import type { LogitsProcessor } from './processors/processor.ts'
import type { Sampler } from './sampling.ts'

/** Text, or token ids. */
export type Prompt = string | readonly number[]

/**
 * What is done to the logits; see the processors of the same names. At temperature 0 the cut-offs have nothing to do. Where a model's
 * generation_config.json has `do_sample: true`, its temperature, cut-offs and repetition penalty are the defaults of texts that are drawn.
 */
export type ProcessorOptions = {
  /** Logits are divided by it: below 1 bolder choices are rarer. 0 takes the most probable token always. Default 1. */
  readonly temperature?: number
  /** Keep the k most probable tokens. */
  readonly topK?: number
  /** Keep the fewest tokens whose probabilities sum to at least this (Holtzman et al. 2020). */
  readonly topP?: number
  /** Keep tokens at least this many times as probable as the most probable one (Nguyen et al. 2024). */
  readonly minP?: number
  /** Keep the tokens of most typical information, up to this share of the probability (Meister et al. 2022). */
  readonly typicalP?: number
  /** Keep tokens of at least this probability (Hewitt et al. 2022). */
  readonly epsilonCutoff?: number
  /** The same with a threshold that falls with the entropy (Hewitt et al. 2022). */
  readonly etaCutoff?: number
  /** Above 1: tokens of the prompt and the text so far become less likely (Keskar et al. 2019). */
  readonly repetitionPenalty?: number
  /** Above 1: tokens of the prompt become more likely. */
  readonly encoderRepetitionPenalty?: number
  /** Taken from the logits of tokens that have been generated, once (as OpenAI defines it). */
  readonly presencePenalty?: number
  /** Taken from the logits of tokens for each time that they have been generated (as OpenAI defines it). */
  readonly frequencyPenalty?: number
  /** No so many tokens in a row come twice, prompt included. */
  readonly noRepeatNgram?: number
  /** No so many tokens in a row of the prompt come again. */
  readonly encoderNoRepeatNgram?: number
  /** Added to logits: by token id, or [ids, bias] for the last of some ids where it would complete them. */
  readonly logitBias?: Readonly<Record<number, number>> | readonly SequenceBias[]
  /** Texts or sequences of ids that must not occur; a text is banned as it is and after a space. */
  readonly badWords?: readonly (string | readonly number[])[]
  /** Ids that never come. */
  readonly suppressTokens?: readonly number[]
  /** Ids that do not come first; after a `forcedFirst`, not second. */
  readonly suppressFirst?: readonly number[]
  /** The id of the first new token. */
  readonly forcedFirst?: number
  /** The id, or one of the ids, of the last token that `maxNewTokens` allows. */
  readonly forcedLast?: number | readonly number[]
  /** [start, factor]: stop tokens become exponentially more likely after so many new tokens. */
  readonly lengthDecay?: readonly [start: number, factor: number]
  /** New tokens before which no stop token may come. Default 0. */
  readonly minNewTokens?: number
  /** Tokens, prompt included, before which no stop token may come. */
  readonly minLength?: number
  /** Further changes to the logits, made after penalties and bans, before temperature and cut-offs. */
  readonly processors?: readonly LogitsProcessor[]
}

export type GenerateOptions = ProcessorOptions & {
  /** Most new tokens, the end token included. Default 64. */
  readonly maxNewTokens?: number
  /** Chooses the next token in place of drawing it by its probability. */
  readonly sampler?: Sampler
  /** Same seed, same text, whatever else is in the batch. Default 0. */
  readonly seed?: number
  /** Tells of each new token what the model gave it before any processor, and so many likeliest alternatives. */
  readonly logprobs?: number
  /** The same for the tokens of the prompt. */
  readonly promptLogprobs?: number
  /** Texts that end the generation; no part of them is in the result. */
  readonly stop?: string | readonly string[]
  /** Token ids that end the generation; the model's end tokens unless given. They are in the ids, not in the text. */
  readonly stopTokens?: readonly number[]
  /** Sequences for each prompt: differently sampled ones, or the best ones of a beam search. Default 1. */
  readonly returned?: number
  /** Above 1: search for the most probable text, following as many at once, in place of sampling. Default 1. */
  readonly beams?: number
  /** Beam search ranks by the sum of log-probabilities divided by length^lengthPenalty: above 0 favors long texts. Default 1. */
  readonly lengthPenalty?: number
  /** When beam search ends; see `EarlyStopping`. Default false. */
  readonly earlyStopping?: EarlyStopping
  /** Draw a beam search's continuations by their probability, in place of the most probable ones. Default false. */
  readonly beamSampling?: boolean
  /** Divide the beams into groups that keep away from each other's choices (Vijayakumar et al. 2018). Default 1. */
  readonly beamGroups?: number
  /** What a token's log-probability loses for each time that an earlier group has chosen it at the same step. Default 0.5. */
  readonly diversityPenalty?: number
  /**
   * Above 0: contrastive search in place of sampling (Su et al. 2022). Of the `topK` (default 4) most probable tokens it takes the one
   * with the largest (1 − penalty)·probability − penalty·similarity to the text so far, in the states of the last layer.
   */
  readonly contrastivePenalty?: number
  /**
   * Guess up to so many tokens at once from what followed the same words earlier in the text, and verify them together: the same text,
   * sooner where it repeats or quotes itself.
   */
  readonly promptLookup?: number
  /** A smaller model of the same vocabulary that guesses tokens, verified together: the same text, sooner if it guesses well. */
  readonly draft?: DraftModel
  /** A regular expression of JavaScript that must match the whole new text. */
  readonly regex?: ConstraintOptions['regex']
  /** A JSON Schema that the new text must satisfy; true for any JSON. */
  readonly jsonSchema?: ConstraintOptions['jsonSchema']
  /** A grammar that the new text must be of, in the notation of llama.cpp's GBNF. */
  readonly grammar?: ConstraintOptions['grammar']
  /** Special tokens in the text of a prompt: refused ('error', the default), taken as such ('parse'), or as ordinary text ('text'). */
  readonly special?: SpecialHandling
  /** Aborting ends the generation with the signal's reason. */
  readonly signal?: AbortSignal
}

const defaults = {
  maxNewTokens: 64,
  minNewTokens: 0,
  temperature: 1,
  seed: 0,
  returned: 1,
  beams: 1,
  lengthPenalty: 1,
  earlyStopping: false,
  beamSampling: false,
  beamGroups: 1,
  diversityPenalty: 0.5,
  contrastivePenalty: 0,
  processors: [],
  special: 'error',
} as const satisfies GenerateOptions
type Defaulted = keyof typeof defaults

/** Options with their defaults filled in. */
export type Settings = Required<Pick<GenerateOptions, Defaulted>> & {
  readonly stop: readonly string[]
  readonly signal: AbortSignal | undefined
} & {
  readonly [name in Exclude<keyof GenerateOptions, Defaulted | 'stop' | 'signal'>]?: GenerateOptions[name] | undefined
}

/** Fills in defaults. Throws BAD_OPTION for an unknown option, a bad value, or options that contradict each other. */
export function checkOptions(options: GenerateOptions): Settings {
  checkValues(options)
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const filled: Required<Pick<GenerateOptions, Defaulted>> = { ...defaults, ...given }
  const settings: Settings = {
    ...options,
    ...filled,
    stop: [options.stop ?? []].flat(),
    signal: options.signal,
  }
  checkTogether(options, settings)
  const searches = (settings.beams > 1 && !settings.beamSampling) || settings.contrastivePenalty > 0
  return searches ? { ...settings, temperature: 0 } : settings
}

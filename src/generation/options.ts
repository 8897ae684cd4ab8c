/** What can be asked of generation, checked: every wrong option is a usage error that says what was expected and what was found. */
import { usageError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import type { SpecialHandling } from '../tokenizers/index.ts'
import type { EarlyStopping } from './beam-search.ts'
import type { LogitsProcessor } from './processors/processor.ts'

/** Text, or token ids. */
export type Prompt = string | readonly number[]

export type GenerateOptions = {
  /** Most new tokens, the end token included. Default 64. */
  readonly maxNewTokens?: number
  /** New tokens before which no stop token may come. Default 0. */
  readonly minNewTokens?: number
  /** Logits are divided by it: below 1 bolder choices are rarer. 0 takes the most probable token always. Default 1. */
  readonly temperature?: number
  /** Keep the k most probable tokens. */
  readonly topK?: number
  /** Keep the fewest tokens whose probabilities sum to at least this (Holtzman et al. 2020). */
  readonly topP?: number
  /** Same seed, same text, whatever else is in the batch. Default 0. */
  readonly seed?: number
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
  /** Further changes to the logits, made before those above. */
  readonly processors?: readonly LogitsProcessor[]
  /** Special tokens in the text of a prompt: refused ('error', the default), taken as such ('parse'), or as ordinary text ('text'). */
  readonly special?: SpecialHandling
  /** Aborting ends the generation with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Options with their defaults filled in. */
export type Settings = {
  readonly maxNewTokens: number
  readonly minNewTokens: number
  readonly temperature: number
  readonly topK: number | undefined
  readonly topP: number | undefined
  readonly seed: number
  readonly stop: readonly string[]
  readonly stopTokens: readonly number[] | undefined
  readonly returned: number
  readonly beams: number
  readonly lengthPenalty: number
  readonly earlyStopping: EarlyStopping
  readonly beamSampling: boolean
  readonly beamGroups: number
  readonly diversityPenalty: number
  readonly contrastivePenalty: number
  readonly processors: readonly LogitsProcessor[]
  readonly special: SpecialHandling
  readonly signal: AbortSignal | undefined
}

/** Long enough for any text, short enough for every counter. */
const mostTokens = 1e9

type Check = readonly [expected: string, holds: (value: unknown) => boolean]
const whole = (low: number, high: number, expected: string): Check => [
  expected,
  (value) => Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high,
]
const finite = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const listOf = (holds: (item: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(holds)
const isStop = (value: unknown) => typeof value === 'string' && value !== ''

/** Every option that can be given, and what its value must be. */
const checks: { readonly [name in keyof Required<GenerateOptions>]: Check } = {
  maxNewTokens: whole(1, mostTokens, `a whole number from 1 to ${mostTokens}`),
  minNewTokens: whole(0, mostTokens, `a whole number from 0 to ${mostTokens}`),
  temperature: ['a number of 0 or more', (value) => finite(value) && value >= 0],
  topK: whole(1, Number.MAX_SAFE_INTEGER, 'a whole number of 1 or more'),
  topP: ['a number above 0 and at most 1', (value) => finite(value) && value > 0 && value <= 1],
  seed: whole(0, Number.MAX_SAFE_INTEGER, 'a whole number from 0 to 2^53 - 1'),
  stop: ['a text or texts, none empty', (value) => isStop(value) || listOf(isStop)(value)],
  stopTokens: ['a list of token ids', listOf((id) => Number.isSafeInteger(id) && (id as number) >= 0)],
  returned: whole(1, 4096, 'a whole number from 1 to 4096'),
  beams: whole(1, 1024, 'a whole number from 1 to 1024'),
  lengthPenalty: ['a number', finite],
  earlyStopping: ["true, false or 'never'", (value) => typeof value === 'boolean' || value === 'never'],
  beamSampling: ['true or false', (value) => typeof value === 'boolean'],
  beamGroups: whole(1, 1024, 'a whole number from 1 to 1024'),
  diversityPenalty: ['a number of 0 or more', (value) => finite(value) && value >= 0],
  contrastivePenalty: ['a number from 0 to 1', (value) => finite(value) && value >= 0 && value <= 1],
  processors: ['a list of functions', listOf((item) => typeof item === 'function')],
  special: ["'error', 'parse' or 'text'", (value) => ['error', 'parse', 'text'].includes(value as string)],
  signal: ['an AbortSignal', (value) => typeof (value as AbortSignal | null)?.aborted === 'boolean'],
}

/** Fills in defaults. Throws BAD_OPTION for an unknown option, a bad value, or options that contradict each other. */
export function checkOptions(options: GenerateOptions): Settings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    const check = Object.hasOwn(checks, name) ? checks[name as keyof GenerateOptions] : undefined
    if (!check)
      throw usageError('BAD_OPTION', `There is no option ${name}; there are ${Object.keys(checks).join(', ')}.`)
    const [expected, holds] = check
    if (!holds(value)) throw usageError('BAD_OPTION', `${name} must be ${expected}, found ${describe(value)}.`)
  }
  const { maxNewTokens = 64, minNewTokens = 0, temperature = 1, returned = 1, stop = [] } = options
  if (minNewTokens > maxNewTokens)
    throw usageError(
      'BAD_OPTION',
      `minNewTokens must be at most maxNewTokens (${maxNewTokens}), found ${minNewTokens}.`,
    )
  const { topK, topP, seed = 0, stopTokens, processors = [], special = 'error', signal } = options
  const { beams = 1, lengthPenalty = 1, earlyStopping = false, beamSampling = false, beamGroups = 1 } = options
  const { diversityPenalty = 0.5, contrastivePenalty = 0 } = options
  checkTogether(options, { returned, beams })
  checkSearch(options, { beams, beamSampling, beamGroups, contrastivePenalty })
  return {
    maxNewTokens,
    minNewTokens,
    temperature: (beams > 1 && !beamSampling) || contrastivePenalty > 0 ? 0 : temperature,
    topK,
    topP,
    seed,
    stop: typeof stop === 'string' ? [stop] : stop,
    stopTokens,
    returned,
    beams,
    lengthPenalty,
    earlyStopping,
    beamSampling,
    beamGroups,
    diversityPenalty,
    contrastivePenalty,
    processors,
    special,
    signal,
  }
}

/** Options that would silently do nothing beside others. */
function checkTogether(options: GenerateOptions, { returned, beams }: Pick<Settings, 'returned' | 'beams'>): void {
  const { temperature } = options
  if (beams === 1) {
    if (returned > 1 && temperature === 0)
      throw usageError(
        'BAD_OPTION',
        `returned must be 1 with temperature 0, which gives one text only, found ${returned}.`,
      )
    for (const name of ['lengthPenalty', 'earlyStopping', 'beamSampling', 'beamGroups', 'diversityPenalty'] as const)
      if (options[name] !== undefined)
        throw usageError('BAD_OPTION', `${name} belongs to beam search: give beams above 1.`)
    return
  }
  if (returned > beams) throw usageError('BAD_OPTION', `returned must be at most beams (${beams}), found ${returned}.`)
  if (options.beamSampling) return
  const sampling = temperature !== undefined && temperature !== 0 ? 'temperature' : undefined
  const unused = sampling ?? (['topK', 'topP', 'seed'] as const).find((name) => options[name] !== undefined)
  if (unused) throw usageError('BAD_OPTION', `Beam search does not sample: leave out ${unused}, or beams.`)
}

/** What searches ask of options beside each other. */
function checkSearch(
  options: GenerateOptions,
  { beams, ...search }: Pick<Settings, 'beams' | 'beamSampling' | 'beamGroups' | 'contrastivePenalty'>,
): void {
  const { temperature, topK, diversityPenalty } = options
  const { beamSampling, beamGroups, contrastivePenalty } = search
  if (beams % beamGroups !== 0)
    throw usageError('BAD_OPTION', `beams must be a multiple of beamGroups (${beamGroups}), found ${beams}.`)
  if (diversityPenalty !== undefined && beamGroups === 1)
    throw usageError('BAD_OPTION', 'diversityPenalty belongs to groups of beams: give beamGroups above 1.')
  if (beamSampling && beamGroups > 1)
    throw usageError('BAD_OPTION', 'Groups of beams do not sample: leave out beamSampling, or beamGroups.')
  if (beamSampling && temperature === 0)
    throw usageError('BAD_OPTION', 'beamSampling needs a temperature above 0; without it, beam search takes the best.')
  if (contrastivePenalty === 0) return
  if (topK === 1)
    throw usageError('BAD_OPTION', 'Contrastive search chooses among several tokens: topK must be 2 or more, found 1.')
  const sampling = temperature !== undefined && temperature !== 0 ? 'temperature' : undefined
  const unused =
    sampling ?? (['beams', 'returned'] as const).find((name) => options[name] !== undefined && options[name] !== 1)
  const unheard = unused ?? (['topP', 'seed'] as const).find((name) => options[name] !== undefined)
  if (unheard)
    throw usageError('BAD_OPTION', `Contrastive search makes one text: leave out ${unheard}, or contrastivePenalty.`)
}

/** A value as short text; JSON has none for NaN and infinity. */
const describe = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'bigint' ? String(value) : show(value)

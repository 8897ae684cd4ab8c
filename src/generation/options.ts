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
  const { beams = 1, lengthPenalty = 1, earlyStopping = false } = options
  checkTogether(options, { returned, beams })
  return {
    maxNewTokens,
    minNewTokens,
    temperature: beams > 1 ? 0 : temperature,
    topK,
    topP,
    seed,
    stop: typeof stop === 'string' ? [stop] : stop,
    stopTokens,
    returned,
    beams,
    lengthPenalty,
    earlyStopping,
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
    for (const name of ['lengthPenalty', 'earlyStopping'] as const)
      if (options[name] !== undefined)
        throw usageError('BAD_OPTION', `${name} belongs to beam search: give beams above 1.`)
    return
  }
  if (returned > beams) throw usageError('BAD_OPTION', `returned must be at most beams (${beams}), found ${returned}.`)
  const sampling = temperature !== undefined && temperature !== 0 ? 'temperature' : undefined
  const unused = sampling ?? (['topK', 'topP', 'seed'] as const).find((name) => options[name] !== undefined)
  if (unused) throw usageError('BAD_OPTION', `Beam search does not sample: leave out ${unused}, or beams.`)
}

/** A value as short text; JSON has none for NaN and infinity. */
const describe = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'bigint' ? String(value) : show(value)

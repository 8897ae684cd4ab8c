/** What the value of each option of generation must be. */
import { usageError } from '../base/errors.ts'
import { show } from '../base/json.ts'
import type { GenerateOptions } from './options.ts'

/** Long enough for any text, short enough for every counter. */
const mostTokens = 1e9
/** More alternatives than anybody reads. */
const mostAlternatives = 1000

type Check = readonly [expected: string, holds: (value: unknown) => boolean]
const whole = (low: number, high: number, expected: string): Check => [
  expected,
  (value) => Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high,
]
const finite = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const listOf = (holds: (item: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(holds)
const filledList = (holds: (item: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.every(holds)
const isText = (value: unknown) => typeof value === 'string' && value !== ''
const isId = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
const isIds = filledList(isId)
const isBias = (value: unknown) => finite(value) || value === Number.NEGATIVE_INFINITY
const isPair = (holds: (first: unknown) => boolean, second: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.length === 2 && holds(value[0]) && second(value[1])
const isBiases = (value: unknown) =>
  listOf(isPair(isIds, isBias))(value) ||
  (typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).every(([id, bias]) => isId(Number(id)) && isBias(bias)))

const isSchema = (value: unknown) =>
  typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value))

const share: Check = ['a number above 0 and at most 1', (value) => finite(value) && value > 0 && value <= 1]
const cutOff: Check = ['a number above 0 and below 1', (value) => finite(value) && value > 0 && value < 1]
const factor: Check = ['a number above 0', (value) => finite(value) && value > 0]
const anyNumber: Check = ['a number', finite]
const ids: Check = ['a list of token ids', listOf(isId)]
const ngram = whole(1, mostTokens, 'a whole number of 1 or more')
const count = whole(0, mostTokens, `a whole number from 0 to ${mostTokens}`)
const alternatives = whole(0, mostAlternatives, `a whole number from 0 to ${mostAlternatives}`)

/** Every option that can be given, and what its value must be. */
const checks: { readonly [name in keyof Required<GenerateOptions>]: Check } = {
  maxNewTokens: whole(1, mostTokens, `a whole number from 1 to ${mostTokens}`),
  minNewTokens: count,
  minLength: count,
  temperature: ['a number of 0 or more', (value) => finite(value) && value >= 0],
  topK: whole(1, Number.MAX_SAFE_INTEGER, 'a whole number of 1 or more'),
  topP: share,
  minP: ['a number from 0 to 1', (value) => finite(value) && value >= 0 && value <= 1],
  typicalP: share,
  epsilonCutoff: cutOff,
  etaCutoff: cutOff,
  repetitionPenalty: factor,
  encoderRepetitionPenalty: factor,
  presencePenalty: anyNumber,
  frequencyPenalty: anyNumber,
  noRepeatNgram: ngram,
  encoderNoRepeatNgram: ngram,
  logitBias: ['biases by token id, or a list of [ids, bias]', isBiases],
  badWords: ['a list of texts or lists of token ids, none empty', listOf((item) => isText(item) || isIds(item))],
  suppressTokens: ids,
  suppressFirst: ids,
  forcedFirst: ['a token id', isId],
  forcedLast: ['a token id or a list of them', (value) => isId(value) || isIds(value)],
  lengthDecay: ['[new tokens from which, factor above 0]', isPair(isId, (value) => finite(value) && value > 0)],
  sampler: ['a function', (value) => typeof value === 'function'],
  logprobs: alternatives,
  promptLogprobs: alternatives,
  seed: whole(0, Number.MAX_SAFE_INTEGER, 'a whole number from 0 to 2^53 - 1'),
  stop: ['a text or texts, none empty', (value) => isText(value) || listOf(isText)(value)],
  stopTokens: ids,
  returned: whole(1, 4096, 'a whole number from 1 to 4096'),
  beams: whole(1, 1024, 'a whole number from 1 to 1024'),
  lengthPenalty: anyNumber,
  earlyStopping: ["true, false or 'never'", (value) => typeof value === 'boolean' || value === 'never'],
  beamSampling: ['true or false', (value) => typeof value === 'boolean'],
  beamGroups: whole(1, 1024, 'a whole number from 1 to 1024'),
  diversityPenalty: ['a number of 0 or more', (value) => finite(value) && value >= 0],
  contrastivePenalty: ['a number from 0 to 1', (value) => finite(value) && value >= 0 && value <= 1],
  promptLookup: whole(1, 32, 'a whole number from 1 to 32'),
  draft: ['a loaded model', (value) => typeof (value as { generator?: unknown } | null)?.generator === 'function'],
  regex: ['a regular expression, as text or RegExp', (value) => typeof value === 'string' || value instanceof RegExp],
  jsonSchema: ['a JSON Schema: an object, true or false', isSchema],
  grammar: ['the text of a grammar', isText],
  processors: ['a list of functions', listOf((item) => typeof item === 'function')],
  special: ["'error', 'parse' or 'text'", (value) => ['error', 'parse', 'text'].includes(value as string)],
  signal: ['an AbortSignal', (value) => typeof (value as AbortSignal | null)?.aborted === 'boolean'],
}

/** What the value of an option should have been, if it is wrong. */
export function expectedOf(name: keyof GenerateOptions, value: unknown): string | undefined {
  const [expected, holds] = checks[name]
  return holds(value) ? undefined : expected
}

/** Throws BAD_OPTION for an unknown option or a bad value. */
export function checkValues(options: GenerateOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    if (!Object.hasOwn(checks, name))
      throw usageError('BAD_OPTION', `There is no option ${name}; there are ${Object.keys(checks).join(', ')}.`)
    const expected = expectedOf(name as keyof GenerateOptions, value)
    if (expected !== undefined) throw usageError('BAD_OPTION', `${name} must be ${expected}, found ${describe(value)}.`)
  }
}

/** A value as short text; JSON has none for NaN and infinity. */
const describe = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'bigint' ? String(value) : show(value)

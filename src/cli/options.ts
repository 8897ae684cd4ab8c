/** Options that several commands take, and how their values are read. */
import { availableParallelism } from 'node:os'
import { usageError } from '../base/errors.ts'
import type { Quantization } from '../weights/quantization.ts'
import type { ArgumentSpec, OptionSpec } from './command.ts'
import { quoted } from './quote.ts'

/** The name that a value goes by: `max-new-tokens` → `maxNewTokens`. */
export const camel = (name: string): string =>
  name.toLowerCase().replace(/[-.](\w)/g, (_, letter: string) => letter.toUpperCase())

/** The long flag of an option: `--out <dir>` → `--out`. */
export const flagOf = ({ flags }: OptionSpec): string => /--[\w-]+/.exec(flags)![0]

type Range = { min?: number; above?: number; max?: number }

const rangeText = (kind: string, { min, above, max }: Range): string =>
  [
    kind,
    above !== undefined
      ? `above ${above}`
      : min !== undefined && max !== undefined
        ? `from ${min} to ${max}`
        : min !== undefined
          ? `of ${min} or more`
          : '',
    above !== undefined && max !== undefined ? `and at most ${max}` : '',
  ]
    .filter(Boolean)
    .join(' ')

/** Decimal, as people write numbers; `0x10` and the like are more likely mistakes. */
const decimal = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i

const reader =
  (flag: string, kind: string, range: Range, valid: (value: number) => boolean) =>
  (text: string): number => {
    const value = decimal.test(text) ? Number(text) : Number.NaN
    const { min = -Infinity, above = -Infinity, max = Infinity } = range
    if (!Number.isFinite(value) || !valid(value) || value < min || value <= above || value > max)
      throw usageError('BAD_VALUE', `${flag} is ${quoted(text)}, expected ${rangeText(kind, range)}.`)
    return value
  }

/** A whole number within a range. */
export const whole = (flag: string, range: Range = { min: 1 }) =>
  reader(flag, 'a whole number', { max: Number.MAX_SAFE_INTEGER, ...range }, Number.isInteger)
/** Any finite number within a range. */
export const number = (flag: string, range: Range = {}) => reader(flag, 'a number', range, () => true)

/** One of some words. */
export const oneOf =
  <T extends string>(flag: string, words: readonly T[]) =>
  (text: string): T => {
    if (!(words as readonly string[]).includes(text))
      throw usageError('BAD_VALUE', `${flag} is ${quoted(text)}, expected ${words.join(', ')}.`)
    return text as T
  }

/** A path, or any other text that cannot be empty. */
export const filled =
  (name: string, what = 'a path') =>
  (text: string): string => {
    if (text === '') throw usageError('BAD_VALUE', `${name} is empty, expected ${what}.`)
    return text
  }

/** Flags that say what to do with bytes of a text that are no text. */
export const lossy: OptionSpec = {
  flags: '--lossy',
  description: 'read bytes that are not UTF-8 as U+FFFD and say how many; an error unless given',
}

/** The argument of every command that works on a model. */
export const modelArgument: ArgumentSpec = {
  name: 'model',
  description: 'a model directory, or the name of a downloaded model',
  parse: filled('model'),
}

/** Changes to a recipe. */
export const setOption: OptionSpec = {
  flags: '--set <path=value>',
  description: 'change a field of the recipe: --set optimizer.learningRate=3e-4',
  repeat: true,
}

export const json: OptionSpec = { flags: '--json', description: 'print JSON' }

/** For every command that opens a model directory; the values are options of `loadModel`. */
export const loadingOptions: readonly OptionSpec[] = [
  { flags: '--strict', description: 'refuse weights that hold NaN or infinity (all of them are read for that)' },
  { flags: '--allow-missing', description: 'draw tensors that the files lack at random, with a warning' },
  {
    flags: '--quantize <kind>',
    description: 'multiply with weights in few bits: int8 or int4 (faster, a little less exact)',
    parse: oneOf<Quantization>('--quantize', ['int8', 'int4']),
  },
]

/** Threads wait for each other by spinning: many more than there are processors would bring everything to a halt. */
const mostThreads = Math.max(64, 4 * availableParallelism())

/** For every command that runs a model. */
export const runtimeOptions: readonly OptionSpec[] = [
  {
    flags: '--runtime <name>',
    description: 'native, web or reference (default: native where it loads, else web)',
    parse: oneOf('--runtime', ['native', 'web', 'reference']),
  },
  {
    flags: '--threads <n>',
    description: 'threads to compute with (default: all cores)',
    parse: whole('--threads', { min: 1, max: mostThreads }),
  },
]

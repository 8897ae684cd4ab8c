/** Flags that say how text is written: each is the option of generation of the same name. */
import { usageError } from '../base/errors.ts'
import type { EarlyStopping } from '../generation/index.ts'
import type { OptionSpec } from './command.ts'
import { filled, number, oneOf, whole } from './options.ts'
import { quoted } from './quote.ts'

/** `5,17,3` → ids; `partsOf` is for other ways to write them. */
export const idList =
  (flag: string, partsOf = (text: string) => text.split(',')) =>
  (text: string): number[] => {
    const ids = partsOf(text).map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN))
    if (ids.some((id) => !Number.isSafeInteger(id)))
      throw usageError('BAD_VALUE', `${flag} is ${quoted(text)}, expected token ids such as 5,17,3.`)
    return ids
  }

/** Two values with a sign between; the message shows an example. */
function pair<A, B>(
  flag: string,
  sign: string,
  example: string,
  first: (text: string) => A,
  second: (text: string) => B,
) {
  return (text: string): readonly [A, B] => {
    const at = text.indexOf(sign)
    if (at < 0) throw usageError('BAD_VALUE', `${flag} is ${quoted(text)}, expected ${example}.`)
    return [first(text.slice(0, at)), second(text.slice(at + 1))]
  }
}

/** When beam search ends, by the words of the flag. */
const early: Readonly<Record<string, EarlyStopping>> = { true: true, false: false, never: 'never' }

const count = (flag: string, min = 1) => whole(flag, { min, max: 1e9 })
const share = (flag: string) => number(flag, { above: 0, max: 1 })
const cutOff = (flag: string) => number(flag, { above: 0, max: 1 - Number.EPSILON })
const alternatives = (flag: string) => whole(flag, { min: 0, max: 1000 })

const grouped = (group: string, options: readonly OptionSpec[]): OptionSpec[] =>
  options.map((option) => ({ ...option, group }))

export const lengthOptions = grouped('Length:', [
  {
    flags: '--max-new-tokens <n>',
    description: 'most tokens to write',
    parse: count('--max-new-tokens'),
    default: 200,
  },
  {
    flags: '--min-new-tokens <n>',
    description: 'tokens before which the text cannot end',
    parse: count('--min-new-tokens', 0),
  },
  { flags: '--min-length <n>', description: 'the same, prompt included', parse: count('--min-length', 0) },
  {
    flags: '--stop <text>',
    description: 'a text that ends the writing; it is not written',
    parse: filled('--stop', 'a text'),
    repeat: true,
  },
  {
    flags: '--length-decay <start,factor>',
    description: 'after so many tokens the end becomes ever likelier: 50,1.1',
    parse: pair(
      '--length-decay',
      ',',
      'new tokens and a factor such as 50,1.1',
      count('--length-decay', 0),
      number('--length-decay', { above: 0 }),
    ),
  },
])

export const samplingOptions = grouped('Drawing a token:', [
  {
    flags: '--temperature <t>',
    description: '0 always takes the likeliest token; below 1 bolder choices are rarer',
    parse: number('--temperature', { min: 0 }),
  },
  { flags: '--top-k <k>', description: 'choose among the k likeliest tokens', parse: whole('--top-k') },
  {
    flags: '--top-p <p>',
    description: 'choose among the likeliest tokens that make up this share',
    parse: share('--top-p'),
  },
  {
    flags: '--min-p <p>',
    description: 'choose among tokens this many times as likely as the likeliest',
    parse: number('--min-p', { min: 0, max: 1 }),
  },
  {
    flags: '--typical-p <p>',
    description: 'choose among tokens of typical information that make up this share',
    parse: share('--typical-p'),
  },
  {
    flags: '--epsilon-cutoff <p>',
    description: 'choose among tokens of at least this probability',
    parse: cutOff('--epsilon-cutoff'),
  },
  {
    flags: '--eta-cutoff <p>',
    description: 'the same, with a bound that falls where the model is unsure',
    parse: cutOff('--eta-cutoff'),
  },
  { flags: '--seed <n>', description: 'same seed, same text', parse: whole('--seed', { min: 0 }) },
])

export const penaltyOptions = grouped('Penalties and bans:', [
  {
    flags: '--repetition-penalty <f>',
    description: 'above 1: what has occurred is less likely',
    parse: number('--repetition-penalty', { above: 0 }),
  },
  {
    flags: '--encoder-repetition-penalty <f>',
    description: 'above 1: what the prompt holds is more likely',
    parse: number('--encoder-repetition-penalty', { above: 0 }),
  },
  {
    flags: '--presence-penalty <x>',
    description: 'taken from the logits of tokens that were written',
    parse: number('--presence-penalty'),
  },
  {
    flags: '--frequency-penalty <x>',
    description: 'the same for each time they were written',
    parse: number('--frequency-penalty'),
  },
  {
    flags: '--no-repeat-ngram <n>',
    description: 'no n tokens in a row come twice',
    parse: count('--no-repeat-ngram'),
  },
  {
    flags: '--encoder-no-repeat-ngram <n>',
    description: 'no n tokens in a row of the prompt come again',
    parse: count('--encoder-no-repeat-ngram'),
  },
  {
    flags: '--logit-bias <ids=x>',
    description: 'added to the logit of a token, or of the last of 5,17 after the others: 5=-2.5',
    parse: pair('--logit-bias', '=', 'ids and a number such as 5=-2.5', idList('--logit-bias'), number('--logit-bias')),
    repeat: true,
  },
  {
    flags: '--bad-words <text>',
    description: 'a text that must not be written',
    parse: filled('--bad-words', 'a text'),
    repeat: true,
  },
  { flags: '--suppress-tokens <ids>', description: 'tokens that never come', parse: idList('--suppress-tokens') },
  { flags: '--suppress-first <ids>', description: 'tokens that do not come first', parse: idList('--suppress-first') },
  { flags: '--forced-first <id>', description: 'the first token', parse: count('--forced-first', 0) },
  {
    flags: '--forced-last <ids>',
    description: 'the token, or tokens to choose from, at the greatest length',
    parse: idList('--forced-last'),
  },
])

export const searchOptions = grouped('Searching for a text:', [
  {
    flags: '--beams <n>',
    description: 'search for the likeliest text, following n at once, in place of drawing one',
    parse: whole('--beams', { min: 1, max: 1024 }),
  },
  {
    flags: '--length-penalty <p>',
    description: 'with --beams: above 0 favors long texts (default: 1)',
    parse: number('--length-penalty'),
  },
  {
    flags: '--early-stopping <when>',
    description: 'with --beams: true, false or never (default: false)',
    parse: (text) => early[oneOf('--early-stopping', Object.keys(early))(text)],
  },
  { flags: '--beam-sampling', description: 'with --beams: draw the continuations' },
  {
    flags: '--beam-groups <n>',
    description: 'with --beams: groups that keep away from each other',
    parse: whole('--beam-groups', { min: 1, max: 1024 }),
  },
  {
    flags: '--diversity-penalty <x>',
    description: 'with --beam-groups: how far they keep away (default: 0.5)',
    parse: number('--diversity-penalty', { min: 0 }),
  },
  {
    flags: '--contrastive-penalty <x>',
    description: 'contrastive search: 0 to 1, how unlike the text so far a token should be',
    parse: number('--contrastive-penalty', { min: 0, max: 1 }),
  },
  {
    flags: '--returned <n>',
    description: 'texts for each prompt',
    parse: whole('--returned', { min: 1, max: 1024 }),
  },
])

export const reportOptions = grouped('Telling about tokens:', [
  {
    flags: '--logprobs <n>',
    description: 'what the model gave each new token, and its n likeliest alternatives',
    parse: alternatives('--logprobs'),
  },
  { flags: '--prompt-logprobs <n>', description: 'the same for the prompt', parse: alternatives('--prompt-logprobs') },
])

export const speedOptions = grouped('Writing the same text sooner:', [
  {
    flags: '--prompt-lookup <n>',
    description: 'guess up to n tokens from what followed the same words before',
    parse: whole('--prompt-lookup', { min: 1, max: 32 }),
  },
  {
    flags: '--draft <model>',
    description: 'a smaller model of the same vocabulary that guesses tokens',
    parse: filled('--draft', 'a directory'),
  },
])

/** All of them. */
export const writingOptions: readonly OptionSpec[] = [
  ...lengthOptions,
  ...samplingOptions,
  ...penaltyOptions,
  ...searchOptions,
  ...speedOptions,
  ...reportOptions,
]

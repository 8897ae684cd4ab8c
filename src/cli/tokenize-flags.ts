/** Which flags of `pellucid tokenize` go together, and how ids may be listed. */
import { usageError } from '../base/errors.ts'
import type { Values } from './command.ts'

/** Where the text comes from, by the name of its value. */
const sources = ['text', 'file', 'jsonl', 'chat', 'decode'] as const
export type Source = (typeof sources)[number]

/** What is for some sources only: the value that is set when the flag is given, and where it has a meaning. */
const uses: readonly { flag: string; given: (values: Values) => boolean; of: readonly Source[]; where: string }[] = [
  { flag: '--lossy', given: (v) => v.lossy, of: ['file', 'jsonl', 'chat'], where: 'a text in --file or --jsonl' },
  {
    flag: '--pair',
    given: (v) => v.pair !== undefined,
    of: ['text', 'file'],
    where: 'one text, as an argument or in --file',
  },
  { flag: '--explain', given: (v) => v.explain, of: ['text', 'file'], where: 'one text, as an argument or in --file' },
  { flag: '--offsets', given: (v) => v.offsets, of: ['text', 'file', 'chat'], where: 'a text that is drawn' },
  { flag: '--ids', given: (v) => v.ids, of: ['text', 'file'], where: 'one text, as an argument or in --file' },
  { flag: '--counts', given: (v) => v.counts, of: ['text', 'file'], where: 'one text, as an argument or in --file' },
  {
    flag: '--max-length',
    given: (v) => v.maxLength !== undefined,
    of: ['text', 'file', 'jsonl', 'chat'],
    where: 'a text that becomes tokens',
  },
  {
    flag: '--special',
    given: (v) => v.special !== 'parse',
    of: ['text', 'file', 'jsonl'],
    where: 'a text as it was written; ids and chat templates have special tokens of their own',
  },
  { flag: '--sample', given: (v) => v.sample, of: ['text', 'file', 'jsonl'], where: 'texts that become tokens' },
  {
    flag: '--n-best',
    given: (v) => v.nBest !== undefined && !v.sample,
    of: ['text', 'file'],
    where: 'one text, as an argument or in --file (or for --sample)',
  },
]

/** Flags that another one leaves no room for, with what it says of itself. */
const alone: readonly {
  given: (values: Values) => boolean
  says: string
  not: readonly [flag: string, name: string][]
}[] = [
  {
    given: (v) => v.explain,
    says: '--explain shows one text as a whole',
    not: [
      ['--pair', 'pair'],
      ['--max-length', 'maxLength'],
      ['--offsets', 'offsets'],
      ['--ids', 'ids'],
      ['--counts', 'counts'],
      ['--sample', 'sample'],
      ['--n-best', 'nBest'],
    ],
  },
  {
    given: (v) => v.nBest !== undefined && !v.sample,
    says: '--n-best shows ways to write one text',
    not: [
      ['--pair', 'pair'],
      ['--max-length', 'maxLength'],
      ['--offsets', 'offsets'],
      ['--ids', 'ids'],
      ['--counts', 'counts'],
    ],
  },
  {
    given: (v) => v.counts,
    says: '--counts prints nothing else',
    not: [
      ['--offsets', 'offsets'],
      ['--ids', 'ids'],
    ],
  },
  {
    given: (v) => v.ids,
    says: '--ids prints nothing else',
    not: [['--offsets', 'offsets']],
  },
  {
    given: (v) => v.json,
    says: '--json prints ids and offsets with everything else',
    not: [
      ['--offsets', 'offsets'],
      ['--ids', 'ids'],
    ],
  },
  {
    given: (v) => !v.sample,
    says: 'Only --sample draws at random',
    not: [
      ['--seed', 'seed'],
      ['--alpha', 'alpha'],
      ['--dropout', 'dropout'],
    ],
  },
]

/** The source that is given, or undefined where none is. Throws BAD_USAGE for several, and for flags that do not go together. */
export function checkUse(values: Values): Source | undefined {
  const given = sources.filter((source) => values[source] !== undefined)
  const refuse = (what: string) => usageError('BAD_USAGE', what)
  if (given.length > 1) {
    const names = given.map((source) => (source === 'text' ? 'a text as an argument' : `--${source}`))
    throw refuse(
      `tokenize takes one text: as an argument, --file or --jsonl, or else --chat or --decode; found ${names.join(' and ')}.`,
    )
  }
  for (const { flag, given: isGiven, of, where } of uses)
    if (given.length === 1 && isGiven(values) && !of.includes(given[0]!)) throw refuse(`${flag} is for ${where}.`)
  for (const { given: isGiven, says, not } of alone)
    for (const [flag, name] of not)
      if (isGiven(values) && values[name] !== undefined) throw refuse(`${says}; leave out ${flag}.`)
  return given[0]
}

/** The ids of a list as `tokenize` prints it: `5,17,3`, `5 17 3` or `[5,17,3]`. */
export function idParts(text: string): string[] {
  const list = text.trim()
  return (/^\[(.*)\]$/s.exec(list)?.[1] ?? list).trim().split(/\s*,\s*|\s+/)
}

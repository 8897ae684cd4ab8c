/** A command line that must be refused, and values that are no whole numbers. */

export type FlagCase = { readonly argv: readonly string[]; readonly code: 1 | 2 | 3 | 4; readonly says: RegExp }

/** `words` is split at spaces; `'%1'` and so on stand for the words of `rest`. */
export const refuse = (code: FlagCase['code'], says: RegExp, words: string, ...rest: string[]): FlagCase => ({
  argv: words.split(' ').map((word) => word.replace(/%(\d)/g, (_, i: string) => rest[Number(i) - 1]!)),
  code,
  says,
})

export const notWhole = [
  '',
  ' ',
  'abc',
  '-1',
  '1.5',
  'NaN',
  'Infinity',
  '1e400',
  '0x10',
  '1_000',
  '1,5',
  '9007199254740993',
  '٣',
  '--',
]

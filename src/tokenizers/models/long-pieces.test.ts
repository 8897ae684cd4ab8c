/** Pieces of any length are encoded in time that grows with their length, by every model. */
import { describe, expect, it } from 'vitest'
import { bpe } from './bpe.ts'
import type { Model } from './index.ts'
import { unigram } from './unigram.ts'
import { vocabularyOf } from './vocabulary.ts'
import { wordLevel } from './word-level.ts'
import { wordPiece } from './word-piece.ts'

const runs = Array.from({ length: 16 }, (_, i) => 'x'.repeat(i + 1))
const doubling = [1, 2, 4, 8].map((length) => ['x'.repeat(length), 'x'.repeat(length)] as const)
const models: [string, Model][] = [
  ['byte pair encoding', bpe({ vocabulary: vocabularyOf(['<unk>', ...runs]), merges: doubling, unknown: '<unk>' })],
  [
    'byte pair encoding with an end of word',
    bpe({ vocabulary: vocabularyOf([...runs, 'x</w>']), merges: doubling, endOfWordSuffix: '</w>' }),
  ],
  [
    'WordPiece',
    wordPiece({ vocabulary: vocabularyOf(['[UNK]', ...runs, ...runs.map((run) => `##${run}`)]), mostCharacters: 1e9 }),
  ],
  [
    'Unigram',
    unigram({ pieces: [['<unk>', 0], ...runs.map((run, i): [string, number] => [run, -2 - 0.9 * i])], unknownId: 0 }),
  ],
  ['WordLevel', wordLevel(vocabularyOf(['[UNK]']), '[UNK]')],
]

/** Ten times what they may take: this is to find quadratic time, not slow machines. */
const mostMilliseconds = 20_000

describe.each(models)('%s', (_, model) => {
  it.each(['x', 'q', '😀', 'xq'])('takes a million units of %s', { timeout: 2 * mostMilliseconds }, (unit) => {
    const length = 1_000_000
    const begun = performance.now()
    const tokens = model.tokenize(unit.repeat(length / unit.length))
    expect(performance.now() - begun).toBeLessThan(mostMilliseconds)
    // Whatever was made of it, the tokens follow each other to the end.
    if (tokens.length > 0) expect([tokens[1], tokens.at(-1)]).toEqual([0, expect.any(Number)])
    for (let i = 3; i < tokens.length; i += 3)
      if (tokens[i + 1] !== tokens[i - 1]) expect([i, tokens[i + 1]]).toEqual([i, tokens[i - 1]])
  })
})

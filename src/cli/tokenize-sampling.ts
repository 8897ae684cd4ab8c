/** The many ways to write a text in tokens: one drawn at random, or the best with their scores. */
import type { EncodeOptions, ScoredTokens, Tokenizer } from '../tokenizers/index.ts'
import type { OptionSpec, Values } from './command.ts'
import { number, whole } from './options.ts'
import type { Pen } from './pen.ts'
import { drawPieces, shownTokens } from './tokenize-view.ts'

const group = 'Other ways to write the text:'

export const waysOptions: readonly OptionSpec[] = [
  { flags: '--sample', description: 'one of them, drawn at random: with Unigram, or with --dropout', group },
  {
    flags: '--seed <n>',
    description: 'same seed, same tokens (default: 0)',
    parse: whole('--seed', { min: 0 }),
    group,
  },
  {
    flags: '--alpha <a>',
    description: 'of Unigram: 0 draws evenly from all ways, 1 by their probability, more prefers the best',
    parse: number('--alpha', { min: 0 }),
    group,
  },
  {
    flags: '--dropout <p>',
    description: 'of byte pair encoding: how probable it is that a merge is passed over',
    parse: number('--dropout', { min: 0, max: 1 }),
    group,
  },
  {
    flags: '--n-best <n>',
    description: 'the best ways with their scores; with --sample, draw from those only',
    parse: whole('--n-best', { min: 1, max: 1e6 }),
    group,
  },
]

/** What `encode` is to draw from, if it is to draw. */
export const samplingOf = ({ sample, seed = 0, alpha, dropout, nBest }: Values): Pick<EncodeOptions, 'sampling'> =>
  sample ? { sampling: { seed, alpha, dropout, nBest } } : {}

/** A line for each way: its score, its pieces, its ids. */
export function drawWays(tokenizer: Tokenizer, text: string, ways: readonly ScoredTokens[], pen: Pen): string {
  return ways
    .map((way) => {
      const columns = { ...way, sequenceIds: way.ids.map(() => 0), overflowing: [] }
      const pieces = drawPieces(shownTokens(tokenizer, [text], columns).shown, pen.color)
      return `${way.score.toFixed(3).replace('-', '−').padStart(9)}  ${pieces}  ${pen.paint.dim(way.ids.join(' '))}`
    })
    .join('\n')
}

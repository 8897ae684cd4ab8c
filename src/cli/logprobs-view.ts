/** Tokens with their log-probabilities, as lines of a table. */
import type { TokenLogprobs } from '../generation/index.ts'
import { fitted } from './layout.ts'
import { inQuotes, percent } from './token-text.ts'

const widest = 24

/** A line for each token: its text, log-probability, probability, and the alternatives with theirs. */
export function logprobsTable(tokens: readonly TokenLogprobs[]): string {
  const lines = tokens.map(({ id, text, logprob, alternatives }) => {
    const token = fitted(`${id}`.padStart(6) + (text && ` ${inQuotes(text)}`), widest)
    const own =
      logprob === undefined ? ''.padStart(17) : `${logprob.toFixed(4).padStart(9)} ${percent(Math.exp(logprob))} `
    const others = alternatives.map(
      (other) => `${other.text ? inQuotes(other.text) : other.id} ${percent(Math.exp(other.logprob)).trim()}`,
    )
    return `${token} ${own} ${others.join('  ')}`.trimEnd()
  })
  return `${lines.join('\n')}\n`
}

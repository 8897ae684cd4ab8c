/** Scores of Unigram as Hugging Face's library has them after reading them from a file. */

/**
 * Its JSON reader makes a number of digits and exponent as digits · 10^exponent in one float64 operation, which may be a unit in
 * the last place off. Paths that differ in the order of equal tokens differ by as little, so equal tokens need equal scores.
 */
export function scoreAsRead(score: number): number {
  const [mantissa, power] = score.toExponential().split('e') as [string, string]
  const point = mantissa.indexOf('.')
  const decimals = point < 0 ? 0 : mantissa.length - point - 1
  const digits = Number(mantissa.replace('.', ''))
  const exponent = Number(power) - decimals
  return exponent < 0 ? digits / Number(`1e${-exponent}`) : digits * Number(`1e${exponent}`)
}

/** Merges for vocabularies that have none: every way to put a token together from two others, those of earlier tokens first. */

/**
 * Tokens in the order in which they were learned → merges. Of the two halves of one token, the shorter left one comes first, or with
 * `byRank` the one that was learned earlier. Splits never part a character. `has` says which texts may be halves.
 */
export function generateMerges(
  tokens: readonly string[],
  rankOf: (token: string) => number | undefined,
  { byRank = false }: { byRank?: boolean } = {},
): [string, string][] {
  const merges: [string, string][] = []
  for (const token of tokens) {
    const first = merges.length
    for (let i = 1; i < token.length; i++) {
      const unit = token.charCodeAt(i)
      if (unit >= 0xdc00 && unit <= 0xdfff) continue
      const left = token.slice(0, i)
      if (rankOf(left) === undefined) continue
      const right = token.slice(i)
      if (rankOf(right) !== undefined) merges.push([left, right])
    }
    if (byRank && merges.length > first + 1)
      merges.push(...merges.splice(first).sort((a, b) => rankOf(a[0])! - rankOf(b[0])!))
  }
  return merges
}

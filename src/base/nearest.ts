/** What somebody may have meant by a name that is unknown. */

/** The fewest insertions, deletions, replacements and swaps of neighbors that turn one word into another (Damerau 1964). */
export function editDistance(a: string, b: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const other = a[i - 1] === b[j - 1] ? 0 : 1
      row[j] = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + other)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, before[j - 2]! + 1)
    }
    ;[before, last] = [last, row]
  }
  return last[b.length]!
}

/** Names are compared without case and separators: `learning-rate` is `learningRate`. */
const plain = (name: string): string => name.replace(/[-_.\s]/g, '').toLowerCase()

/** The known name that is nearest, if it is near: at most a third of the letters are wrong. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name)
  // Nobody means a short name by a long one, and comparing those would take time.
  const near = known.filter((each) => Math.abs(plain(each).length - wanted.length) <= wanted.length / 3)
  const ranked = near
    .map((each) => ({ each, distance: editDistance(wanted, plain(each)) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best && best.distance <= Math.max(1, wanted.length / 3) ? best.each : undefined
}

/** Lists in messages. */

/** The first few of what may be many: `a, b, c`, or `a, b, c, d, … (7 in all)`. */
export const someOf = (items: readonly string[], most = 4): string =>
  items.length > most ? `${items.slice(0, most).join(', ')}, … (${items.length} in all)` : items.join(', ')

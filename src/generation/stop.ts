/** Stop strings: text passes through until one of them is complete; what may become one is held back. */

export type StopFilter = {
  /** The text that may be shown now; nothing any more once `stopped`. */
  push(text: string): string
  /** What was held back, when no more text comes. */
  flush(): string
  /** Whether a stop string has been seen. */
  readonly stopped: boolean
}

/** A filter that ends before the first stop string; where several begin at one place, before that place. */
export function stopFilter(stops: readonly string[]): StopFilter {
  let held = ''
  let stopped = false
  return {
    get stopped() {
      return stopped
    },
    push(text) {
      if (stopped) return ''
      held += text
      const found = stops.map((stop) => held.indexOf(stop)).filter((at) => at >= 0)
      stopped = found.length > 0
      const end = stopped ? Math.min(...found) : held.length - unfinished(held, stops)
      const ready = held.slice(0, end)
      held = stopped ? '' : held.slice(end)
      return ready
    },
    flush() {
      const rest = held
      held = ''
      return rest
    },
  }
}

/** Length of the longest end of a text with which a stop string begins. */
function unfinished(text: string, stops: readonly string[]): number {
  const longest = Math.max(0, ...stops.map((stop) => stop.length - 1))
  for (let length = Math.min(longest, text.length); length > 0; length--)
    if (stops.some((stop) => stop.length > length && stop.startsWith(text.slice(-length)))) return length
  return 0
}

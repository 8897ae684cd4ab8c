/** A character taken off the beginning and the end of each token, so many times at most. */
import { type Field, largestId } from '../field.ts'
import type { Decoder } from './decoder.ts'
import type { TextStream } from './text-stream.ts'
import { tokenByToken } from './token-by-token.ts'

function stripping(content: string, start: number, stop: number): TextStream {
  let leading = start
  /** How often the character stands at the end of what was pushed, up to `stop`: it goes if nothing follows. */
  let held = 0
  return {
    push(part) {
      let from = 0
      for (; leading > 0 && part.startsWith(content, from); leading--) from += content.length
      if (from === part.length) return ''
      leading = 0
      let to = part.length
      let trailing = 0
      for (; trailing < stop && to > from && part.endsWith(content, to); trailing++) to -= content.length
      // Where the part holds nothing else, those held before may still be at the end.
      const before = to > from ? held : Math.max(0, held + trailing - stop)
      held += trailing - before
      return content.repeat(before) + part.slice(from, to)
    },
    flush() {
      leading = start
      held = 0
      return ''
    },
  }
}

export function readStrip(field: Field): Decoder {
  const content = field.get('content').character()
  const start = field.get('start').integer(0, largestId)
  const stop = field.get('stop').integer(0, largestId)
  return tokenByToken({
    json: field.object(),
    rewriting: () => stripping(content, start, stop),
    // The ends of the one token are those of the whole text.
    adds: (token, inside) => {
      if (inside) return token
      const stream = stripping(content, start, stop)
      return stream.push(token) + stream.flush()
    },
  })
}

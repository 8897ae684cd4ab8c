/** Words from pieces of which the last bears a suffix: it becomes a space, and in the last token of all nothing. */
import type { Field } from '../field.ts'
import type { Decoder } from './decoder.ts'
import { replacing, through, unfinished } from './text-stream.ts'

export function readBpeDecoder(field: Field): Decoder {
  const suffix = field.get('suffix').string()
  const spaced = replacing(suffix, ' ')
  const bare = replacing(suffix, '')
  return {
    json: field.object(),
    adds: (token, inside) => through(inside ? bare : spaced, token),
    start(next) {
      /** The end of the token: from its first suffix on, or else what may become one. */
      let tail = ''
      let found = false
      /** Whether the token waits only for another one, or the end, to say what becomes of its tail. */
      let waiting = false
      const finish = (stream: typeof spaced) => {
        if (!waiting) return
        const text = through(stream, tail)
        if (text !== '') next.text(text)
        next.close()
        tail = ''
        found = false
        waiting = false
      }
      const push = (part: string) => {
        finish(spaced)
        tail += part
        if (found) return
        const at = tail.indexOf(suffix)
        found = at >= 0
        const sure = found ? at : tail.length - unfinished(tail, suffix)
        if (sure > 0) next.text(tail.slice(0, sure))
        tail = tail.slice(sure)
      }
      const close = () => {
        finish(spaced)
        waiting = found || suffix === ''
        if (waiting) return
        if (tail !== '') next.text(tail)
        next.close()
        tail = ''
      }
      return {
        token(text) {
          push(text)
          close()
        },
        text: push,
        close,
        end() {
          finish(bare)
          next.end()
        },
      }
    },
  }
}

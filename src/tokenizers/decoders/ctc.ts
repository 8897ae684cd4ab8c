/**
 * What a model of connectionist temporal classification (Graves et al. 2006) wrote: a token that is repeated counts once, the blank is
 * left out, and the word delimiter is a space.
 */
import type { Field } from '../field.ts'
import type { Decoder } from './decoder.ts'
import { chained, cleaningUp, replacing, through } from './text-stream.ts'

export function readCtc(field: Field): Decoder {
  const blank = field.get('pad_token').string()
  const delimiter = field.get('word_delimiter_token').string()
  const cleanup = field.get('cleanup').boolean()
  // The delimiter is replaced only where the text is cleaned up.
  const rewriting = () => chained([replacing(blank, ''), ...(cleanup ? [cleaningUp(), replacing(delimiter, ' ')] : [])])
  const whole = rewriting()
  return {
    json: field.object(),
    adds: (token) => through(whole, token),
    start(next) {
      const stream = rewriting()
      let first = true
      let before = ''
      /** Whether the open token has given anything: one that gives nothing is no token for what comes next. */
      let opened = false
      const hand = (text: string) => {
        if (text === '') return
        opened = true
        next.text(text)
      }
      let open = ''
      const token = (text: string) => {
        if (!first && text === before) return
        first = false
        before = text
        const rewritten = through(whole, text)
        if (rewritten !== '') next.token(rewritten)
      }
      return {
        token,
        text(part) {
          open += part
          // A later token may yet turn out to be a repetition.
          if (first) hand(stream.push(part))
        },
        close() {
          if (first) {
            hand(stream.flush())
            if (opened) next.close()
            first = false
            before = open
          } else token(open)
          open = ''
        },
        end: () => next.end(),
      }
    },
  }
}

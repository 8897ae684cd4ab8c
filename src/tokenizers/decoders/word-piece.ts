/** Words from their pieces, as BERT cuts them: a space before every token that does not say, by its prefix, that it goes on. */
import type { Field } from '../field.ts'
import type { Decoder } from './decoder.ts'
import { chained, cleaningUp, type TextStream, unchanged } from './text-stream.ts'
import { tokenByToken } from './token-by-token.ts'

/** Takes a prefix off, or else puts a space before. */
function joining(prefix: string): TextStream {
  let held: string | undefined = ''
  return {
    push(part) {
      if (held === undefined) return part
      held += part
      if (held.length < prefix.length && prefix.startsWith(held)) return ''
      const text = held.startsWith(prefix) ? held.slice(prefix.length) : ` ${held}`
      held = undefined
      return text
    },
    flush() {
      const text = held === undefined || (prefix === '' && held === '') ? '' : ` ${held}`
      held = ''
      return text
    },
  }
}

export function readWordPiece(field: Field): Decoder {
  const prefix = field.get('prefix').string()
  const cleanup = field.get('cleanup').boolean()
  return tokenByToken({
    json: field.object(),
    rewriting: (first) => chained([first ? unchanged : joining(prefix), cleanup ? cleaningUp() : unchanged]),
  })
}

/** Decoders that rewrite each token for itself, the first one maybe in another way. */
import type { Json } from '../field.ts'
import type { Decoder, Piece } from './decoder.ts'
import { type TextStream, through } from './text-stream.ts'

type TokenRules = {
  readonly json: Json
  /** Makes the stream that rewrites tokens: the first of a list, or those after it. */
  readonly rewriting: (first: boolean) => TextStream
  /** See `Decoder.adds`; without it, what a later token becomes, or the first where all are one. */
  readonly adds?: (token: string, inside: boolean) => Piece
}

/** Results are remembered up to this length, and so many of them: tokens of a vocabulary come again and again. */
const longestKept = 64
const mostKept = 1 << 17

export function tokenByToken({ json, rewriting, adds }: TokenRules): Decoder {
  const known = new Map<string, string>()
  /** What a later token becomes. Streams keep nothing between tokens, so one serves all. */
  const alone = rewriting(false)
  const rewritten = (token: string): string => {
    const found = known.get(token)
    if (found !== undefined) return found
    const text = through(alone, token)
    if (known.size === mostKept) known.clear()
    if (token.length <= longestKept) known.set(token, text)
    return text
  }
  return {
    json,
    adds: adds ?? ((token, inside) => (inside ? through(rewriting(true), token) : rewritten(token))),
    start(next) {
      let stream = rewriting(true)
      let first = true
      const begun = () => {
        if (!first) return
        first = false
        stream = rewriting(false)
      }
      return {
        token(token) {
          next.token(first ? through(stream, token) : rewritten(token))
          begun()
        },
        text(part) {
          const text = stream.push(part)
          if (text !== '') next.text(text)
        },
        close() {
          const text = stream.flush()
          if (text !== '') next.text(text)
          next.close()
          begun()
        },
        end: () => next.end(),
      }
    },
  }
}

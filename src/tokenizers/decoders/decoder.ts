/** The last stage, tokens → text: what a decoder is. Every one works on a stream, so that text can be shown as tokens arrive. */
import type { Json } from '../field.ts'

/**
 * A list of tokens as it comes. A token comes whole, or in parts that are then closed: where all tokens are fused into one, the
 * text flows on without waiting for its end. Every token is closed before the list ends.
 */
type TokenSink = {
  /** A whole token: the same as its text, then `close`. */
  token(text: string): void
  /** A part of the token that is open; opens one if none is. */
  text(part: string): void
  /** Ends the token that is open; where none is, the token is empty. */
  close(): void
  /** No token follows. */
  end(): void
}

/** What a token becomes: text, or bytes that are only a part of characters. */
export type Piece = string | Uint8Array

export type Decoder = {
  /** As in tokenizer.json; null where it has none. */
  readonly json: Json | null
  /** Begins a decoding: what is pushed comes out of it at `next`. Nothing that has come out is ever taken back. */
  start(next: TokenSink): TokenSink
  /**
   * What a token adds to a text that has begun, as far as the token alone tells. `inside`: the stages before have made one token
   * of all, so this is a part of it.
   */
  adds(token: string, inside: boolean): Piece
  /** Whether it makes one token of all. */
  readonly fuses?: boolean
}

/** The bytes that a token adds to a text that has begun, maybe a part of a character. */
export function bytesAdded(decoder: Decoder, token: string): Uint8Array {
  const piece = decoder.adds(token, false)
  return typeof piece === 'string' ? encoder.encode(piece) : piece
}

const encoder = new TextEncoder()

/** Without a decoder tokens are separated by spaces. */
export const spacedDecoder: Decoder = {
  json: null,
  adds: (token) => ` ${token}`,
  start(next) {
    let before: 'nothing' | 'open' | 'closed' = 'nothing'
    const push = (text: string) => {
      next.text(before === 'closed' ? ` ${text}` : text)
      before = 'open'
    }
    const close = () => {
      if (before !== 'open') push('')
      next.close()
      before = 'closed'
    }
    return {
      token(text) {
        next.token(before === 'closed' ? ` ${text}` : text)
        before = 'closed'
      },
      text: push,
      close,
      end: () => next.end(),
    }
  },
}

/** The last stage: tokens → text. Every decoder works on a stream, so text can be shown as tokens arrive. */
import { decodeUtf8 } from '../../base/utf8.ts'
import { type Field, type Json, readStage, type StageReader } from '../field.ts'
import { type IllFormed, tokenBytes, utf8Stream } from '../text/bytes.ts'

/** Takes text; `fresh` says that it begins a new token, else it goes on with the one before. */
export type Receiver = (text: string, fresh: boolean) => void

/** One decoding under way. `end` hands on what was held back. */
export type Decoding = { push: Receiver; end(): void }

export type Decoder = {
  /** As in tokenizer.json; null where it has none. */
  readonly json: Json | null
  /** The bytes that a token adds to a text that has begun. */
  bytesOf(token: string): Uint8Array
  /** Begins a decoding whose text goes to `receiver`. */
  start(receiver: Receiver): Decoding
}

const encoder = new TextEncoder()

/** Without a decoder tokens are separated by spaces. */
export const spacedDecoder: Decoder = {
  json: null,
  bytesOf: (token) => encoder.encode(` ${token}`),
  start(receiver) {
    let first = true
    return {
      push(text, fresh) {
        receiver(fresh && !first ? ` ${text}` : text, fresh)
        first = false
      },
      end() {},
    }
  },
}

/** Visible characters → bytes → text, as one token; a character is handed on when its last byte is there. */
export function byteLevelDecoder(illFormed: IllFormed, json: Json): Decoder {
  /** Of each token seen: its bytes, and its text if it is whole characters, as almost all are. */
  const known = new Map<string, { bytes: Uint8Array; text?: string }>()
  return {
    json,
    bytesOf: tokenBytes,
    start(receiver) {
      const stream = utf8Stream(illFormed)
      let fresh = true
      const hand = (text: string) => {
        if (text === '') return
        receiver(text, fresh)
        fresh = false
      }
      return {
        push(token) {
          let found = known.get(token)
          if (!found) {
            const bytes = tokenBytes(token)
            const decoded = decodeUtf8(bytes)
            known.set(token, (found = { bytes, text: 'text' in decoded ? decoded.text : undefined }))
          }
          hand(found.text !== undefined && stream.idle ? found.text : stream.push(found.bytes))
        },
        end: () => hand(stream.flush()),
      }
    },
  }
}

/** All tokens as one, without anything between them. */
const readFuse = (field: Field): Decoder => ({
  json: field.object(),
  bytesOf: (token) => encoder.encode(token),
  start(receiver) {
    let fresh = true
    return {
      push(text) {
        receiver(text, fresh)
        fresh = false
      },
      end() {},
    }
  },
})

/** Each decoder feeds the next. */
function readSequence(field: Field): Decoder {
  const decoders = field.get('decoders').list().map(readDecoder)
  // Only fusing leaves tokens as they are; of several others the first decides what the rest are given.
  const decisive = decoders.find(({ json }) => json?.type !== 'Fuse')
  return {
    json: field.object(),
    bytesOf: (token) => decisive?.bytesOf(token) ?? encoder.encode(token),
    start(receiver) {
      const decodings: Decoding[] = []
      let next = receiver
      for (const decoder of decoders.toReversed()) {
        const decoding = decoder.start(next)
        decodings.unshift(decoding)
        next = decoding.push
      }
      return {
        push: next,
        end() {
          for (const decoding of decodings) decoding.end()
        },
      }
    },
  }
}

const readers: Record<string, StageReader<Decoder>> = {
  ByteLevel: (field) => byteLevelDecoder('replace', field.object()),
  Fuse: readFuse,
  Sequence: readSequence,
}

/** The `decoder` of a tokenizer.json. */
export const readDecoder = (field: Field): Decoder => readStage(field, readers)

/** Visible characters → bytes → text, as one token: GPT-2's. A character is handed on when its last byte is there. */
import { decodeUtf8 } from '../../base/utf8.ts'
import type { Field, Json } from '../field.ts'
import { type IllFormed, tokenBytes, utf8Stream } from '../text/bytes.ts'
import type { Decoder } from './decoder.ts'

export function byteLevelDecoder(illFormed: IllFormed, json: Json): Decoder {
  /** Of each token seen: its bytes, and its text if it is whole characters, as almost all are. */
  const known = new Map<string, { bytes: Uint8Array; text?: string }>()
  const look = (token: string) => {
    let found = known.get(token)
    if (!found) {
      const bytes = tokenBytes(token)
      const decoded = decodeUtf8(bytes)
      known.set(token, (found = { bytes, text: 'text' in decoded ? decoded.text : undefined }))
    }
    return found
  }
  return {
    json,
    fuses: true,
    adds(token) {
      const bytes = tokenBytes(token)
      const decoded = decodeUtf8(bytes)
      return 'text' in decoded ? decoded.text : bytes
    },
    start(next) {
      const stream = utf8Stream(illFormed)
      const hand = (text: string) => {
        if (text !== '') next.text(text)
      }
      const take = (token: string) => {
        const { bytes, text } = look(token)
        hand(text !== undefined && stream.idle ? text : stream.push(bytes))
      }
      // A token is spelled in bytes only if all of it is, which its end decides.
      let open = ''
      return {
        token: take,
        text(part) {
          open += part
        },
        close() {
          hand(stream.push(tokenBytes(open)))
          open = ''
        },
        end() {
          hand(stream.flush())
          next.close()
          next.end()
        },
      }
    },
  }
}

export function readByteLevel(field: Field): Decoder {
  for (const name of ['add_prefix_space', 'trim_offsets', 'use_regex']) field.get(name).boolean(true)
  return byteLevelDecoder('replace', field.object())
}

/**
 * Tokens that name a byte, `<0xE2>`, as text. A run of them is one token if it is UTF-8; if it is not, each of its bytes is U+FFFD,
 * so that a run's text is known when it ends or goes wrong, not before.
 */

import type { Field } from '../field.ts'
import { utf8Stream } from '../text/bytes.ts'
import type { Decoder } from './decoder.ts'

const length = '<0x00>'.length

/** The byte that a token names. A sign before one digit counts too, as in Rust's numbers. */
function byteOf(token: string): number | undefined {
  if (token.length !== length || !/^<0x(?:[\da-f]|\+)[\da-f]>$/i.test(token)) return undefined
  return Number.parseInt(token.slice(3, 5), 16)
}

/** Whether a text can still become a token that names a byte. */
const mayName = (text: string): boolean =>
  text.length < length && byteOf(text + '<0x00>'.slice(text.length)) !== undefined

export const readByteFallback = (field: Field): Decoder => ({
  json: field.object(),
  adds(token) {
    const byte = byteOf(token)
    return byte === undefined ? token : byte < 0x80 ? String.fromCharCode(byte) : Uint8Array.of(byte)
  },
  start(next) {
    const stream = utf8Stream('replace')
    /** The run of bytes under way: its text so far, how many they are, and whether they are none that UTF-8 could go on from. */
    let run = ''
    let count = 0
    let broken = false
    const pushByte = (byte: number) => {
      if (broken) return next.token('\ufffd')
      run += stream.push(Uint8Array.of(byte))
      count++
      if (stream.sound) return
      breakRun()
    }
    const breakRun = () => {
      for (let i = 0; i < count; i++) next.token('\ufffd')
      broken = true
      count = 0
    }
    const endRun = () => {
      if (count > 0 && stream.idle) next.token(run)
      else if (count > 0) breakRun()
      stream.flush()
      run = ''
      count = 0
      broken = false
    }
    const token = (text: string) => {
      const byte = byteOf(text)
      if (byte !== undefined) return pushByte(byte)
      if (count > 0 || broken) endRun()
      next.token(text)
    }
    /** What is held of the open token; undefined once it is known to be text. */
    let held: string | undefined = ''
    return {
      token,
      text(part) {
        if (held === undefined) return next.text(part)
        held += part
        if (mayName(held) || byteOf(held) !== undefined) return
        endRun()
        next.text(held)
        held = undefined
      },
      close() {
        if (held === undefined) next.close()
        else token(held)
        held = ''
      },
      end() {
        endRun()
        next.end()
      },
    }
  },
})

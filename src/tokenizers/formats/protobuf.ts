/** The wire format of Protocol Buffers, as far as a reader needs it. */
import { fileError } from '../../base/errors.ts'

/** A field of a message as it was sent: a number for varints, bytes for everything else. */
export type WireField = { readonly number: number; readonly value: number | Uint8Array }

const lengths: Record<number, number> = { 1: 8, 5: 4 }

/** The fields of a message in their order. Errors: `TOKENIZER_FIELD` for bytes that are no message; `file` is named. */
export function* wireFields(bytes: Uint8Array, file: string): Generator<WireField> {
  let at = 0
  const fail = (): never => {
    throw fileError(
      'TOKENIZER_FIELD',
      `${file}: byte ${at} of a message of ${bytes.length} is not what Protocol Buffers would write.\nExpected a SentencePiece model.`,
    )
  }
  /** Numbers beyond 2⁵³ lose their last bits: here those are negative ones, which no field that is read has. */
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      if (at >= bytes.length || scale > 2 ** 63) fail()
      const byte = bytes[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const key = varint()
    const wire = key % 8
    const number = Math.floor(key / 8)
    if (number === 0) fail()
    if (wire === 0) {
      yield { number, value: varint() }
      continue
    }
    const length = wire === 2 ? varint() : (lengths[wire] ?? fail())
    if (length > bytes.length - at) fail()
    yield { number, value: bytes.subarray(at, at + length) }
    at += length
  }
}

/** A field of four bytes as a 32-bit float. */
export const float32 = (value: WireField['value']): number =>
  typeof value !== 'number' && value.length === 4
    ? new DataView(value.buffer, value.byteOffset).getFloat32(0, true)
    : Number.NaN

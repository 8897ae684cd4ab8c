/** Decoders one after the other. */
import type { Json } from '../field.ts'
import type { Decoder, Piece } from './decoder.ts'

export const decoderSequence = (decoders: readonly Decoder[], json: Json): Decoder => ({
  json,
  fuses: decoders.some(({ fuses }) => fuses),
  start: (next) => decoders.reduceRight((sink, decoder) => decoder.start(sink), next),
  adds(token, inside) {
    let piece: Piece = token
    let within = inside
    for (const decoder of decoders) {
      // Parts of characters mean nothing to the stages that read text.
      if (typeof piece !== 'string') return piece
      piece = decoder.adds(piece, within)
      within ||= decoder.fuses === true
    }
    return piece
  },
})

/** The last stage: tokens → text. */
import { type Field, readStage, type StageReader } from '../field.ts'
import { readBpeDecoder } from './bpe.ts'
import { readByteFallback } from './byte-fallback.ts'
import { readByteLevel } from './byte-level.ts'
import { readCtc } from './ctc.ts'
import type { Decoder } from './decoder.ts'
import { readFuse } from './fuse.ts'
import { readMetaspace } from './metaspace.ts'
import { readReplace } from './replace.ts'
import { decoderSequence } from './sequence.ts'
import { readStrip } from './strip.ts'
import { readWordPiece } from './word-piece.ts'

export { byteLevelDecoder } from './byte-level.ts'
export { bytesAdded, type Decoder, spacedDecoder } from './decoder.ts'

/** Each decoder feeds the next. */
const readSequence = (field: Field): Decoder =>
  decoderSequence(field.get('decoders').list().map(readDecoder), field.object())

const readers: Record<string, StageReader<Decoder>> = {
  ByteLevel: readByteLevel,
  WordPiece: readWordPiece,
  Metaspace: readMetaspace,
  BPEDecoder: readBpeDecoder,
  ByteFallback: readByteFallback,
  Fuse: readFuse,
  Strip: readStrip,
  Replace: readReplace,
  CTC: readCtc,
  Sequence: readSequence,
}

/** The `decoder` of a tokenizer.json. */
export const readDecoder = (field: Field): Decoder => readStage(field, readers)

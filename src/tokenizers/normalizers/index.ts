/** The first stage: rewrites text before it is cut, keeping the way back to the original. */

import { type Field, type Json, readStage, type StageReader } from '../field.ts'
import type { Aligned } from '../text/aligned.ts'
import { readBert } from './bert.ts'
import { readByteLevel } from './byte-level.ts'
import { readLowercase } from './lowercase.ts'
import { readNmt } from './nmt.ts'
import { readPrecompiled } from './precompiled.ts'
import { readPrepend } from './prepend.ts'
import { readReplace } from './replace.ts'
import { readStrip, readStripAccents } from './strip.ts'
import { readNfc, readNfd, readNfkc, readNfkd } from './unicode-forms.ts'

export type Normalizer = {
  /** As in tokenizer.json. */
  readonly json: Json
  normalize(text: Aligned): Aligned
}

/** One after the other. */
function readSequence(field: Field): Normalizer {
  const stages = field.get('normalizers').list().map(readNormalizer)
  return {
    json: field.object(),
    normalize: (text) => stages.reduce((soFar, stage) => stage.normalize(soFar), text),
  }
}

const readers: Record<string, StageReader<Normalizer>> = {
  BertNormalizer: readBert,
  ByteLevel: readByteLevel,
  Lowercase: readLowercase,
  NFC: readNfc,
  NFD: readNfd,
  NFKC: readNfkc,
  NFKD: readNfkd,
  Nmt: readNmt,
  Precompiled: readPrecompiled,
  Prepend: readPrepend,
  Replace: readReplace,
  Sequence: readSequence,
  Strip: readStrip,
  StripAccents: readStripAccents,
}

/** The `normalizer` of a tokenizer.json. */
export const readNormalizer = (field: Field): Normalizer => readStage(field, readers)

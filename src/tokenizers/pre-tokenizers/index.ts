/** The second stage: cuts text into the pieces that the model sees one at a time. */

import { type Field, readStage, type StageReader } from '../field.ts'
import { readByteLevel } from './byte-level.ts'
import { readBert, readDigits, readPunctuation, readWhitespace, readWhitespaceSplit } from './characters.ts'
import { readMetaspace } from './metaspace.ts'
import { type PreTokenizer, respell } from './pieces.ts'
import { readCharDelimiterSplit, readFixedLength, readSplit } from './split.ts'
import { readUnicodeScripts } from './unicode-scripts.ts'

export { type Pieces, type PreTokenizer, piecesOf } from './pieces.ts'

/** One after the other. */
function readSequence(field: Field): PreTokenizer {
  const stages = field.get('pretokenizers').list().map(readPreTokenizer)
  const last = stages.at(-1)
  return {
    json: field.object(),
    split(pieces) {
      for (const stage of stages) {
        pieces = stage.split(pieces)
        if (stage.spelling && stage !== last) pieces = respell(pieces, stage.spelling)
      }
      return pieces
    },
    spelling: last?.spelling,
  }
}

const readers: Record<string, StageReader<PreTokenizer>> = {
  BertPreTokenizer: readBert,
  ByteLevel: readByteLevel,
  CharDelimiterSplit: readCharDelimiterSplit,
  Digits: readDigits,
  FixedLength: readFixedLength,
  Metaspace: readMetaspace,
  Punctuation: readPunctuation,
  Sequence: readSequence,
  Split: readSplit,
  UnicodeScripts: readUnicodeScripts,
  Whitespace: readWhitespace,
  WhitespaceSplit: readWhitespaceSplit,
}

/** The `pre_tokenizer` of a tokenizer.json. */
export const readPreTokenizer = (field: Field): PreTokenizer => readStage(field, readers)
